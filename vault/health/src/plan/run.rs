//! One way of planning, played through: look which doses come next, choose a day, give them, ask the
//! schedule again. The schedule alone decides what may be given when.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    calendar::{Age, Months, add_days},
    date::Date,
    plan::{Open, PlannedDose, Visit, WhyOpen, attempt::Attempt},
    schedule::{Case, CaseError, Forecast, Proposal, Rules, Status, forecast},
};

/// How doses are placed.
#[derive(Debug, Clone, Default)]
pub(super) struct Manner {
    /// Series given as soon as may be instead of in their standard period.
    pub(super) hurried: BTreeSet<String>,
    /// A series before which no other live vaccine is given.
    pub(super) first: Option<String>,
    /// Days on which somebody of the family goes anyway.
    pub(super) together: BTreeSet<Date>,
}

/// A plan that is being made.
pub(super) struct Run<'a> {
    rules: &'a Rules,
    case: Case,
    manner: Manner,
    targets: Vec<String>,
    /// Not before these days: tried earlier, and another dose stood in the way.
    held: BTreeMap<String, Date>,
    /// Kept apart although the rules name no interval.
    apart: BTreeSet<String>,
    visits: Vec<Visit>,
    failed: Vec<Open>,
}

/// A dose that comes next in its series.
struct Pending {
    dose: PlannedDose,
    /// When it would best be given.
    want: Date,
    /// Until when it may wait for others.
    limit: Date,
}

impl<'a> Run<'a> {
    pub(super) fn new(rules: &'a Rules, case: &Case, targets: &[String], manner: Manner) -> Self {
        Self {
            rules,
            case: case.clone(),
            manner,
            targets: targets.to_vec(),
            held: BTreeMap::new(),
            apart: BTreeSet::new(),
            visits: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// Plays to the end.
    pub(super) fn finish(mut self) -> Result<Attempt, CaseError> {
        for _ in 0..MOST_TURNS {
            let pending = self.pending()?;
            let Some(date) = self.day_of_visit(&pending) else {
                break;
            };
            // Products, plans and intervals are those of the day: the schedule is asked again.
            self.case.ask_on(date);
            let due = self.pending()?.into_iter();
            let due = due.filter(|next| next.want <= date);
            self.visit(date, due.map(|next| next.dose).collect())?;
            self.case.ask_on(add_days(date, 1));
        }
        for series in std::mem::take(&mut self.targets) {
            self.fail(series, WhyOpen::NoTime, None);
        }
        Ok(Attempt {
            visits: self.visits,
            failed: self.failed,
        })
    }

    /// The latest day that some dose wants and that no dose minds waiting for; a little later if
    /// somebody else goes then.
    fn day_of_visit(&self, pending: &[Pending]) -> Option<Date> {
        let limit = pending.iter().map(|next| next.limit).min()?;
        let wants = pending.iter().map(|next| next.want);
        let day = wants.filter(|want| *want <= limit).max()?;
        let mut others = self.manner.together.range(day..=limit);
        Some(others.next().copied().unwrap_or(day))
    }

    /// What comes next in every series that is not complete.
    fn pending(&mut self) -> Result<Vec<Pending>, CaseError> {
        let now = forecast(self.rules, &self.case)?;
        let mut all = Vec::new();
        for series in self.targets.clone() {
            let proposal = now.series.iter().find(|proposal| proposal.series == series);
            let Some(proposal) = proposal else {
                self.fail(series, WhyOpen::NoTime, None);
                continue;
            };
            let late = is_too_late(proposal);
            let why = match proposal.status {
                Status::Complete => {
                    self.targets.retain(|other| *other != series);
                    continue;
                }
                Status::Upcoming | Status::Eligible => match self.next(&now, proposal)? {
                    Some(next) => {
                        all.push(next);
                        continue;
                    }
                    None => WhyOpen::NoTime,
                },
                Status::Review => WhyOpen::Ask,
                Status::EligibleNotRecommended if !late => WhyOpen::AdvisedAgainst,
                Status::NotApplicable
                | Status::AgedOut
                | Status::Unreachable
                | Status::EligibleNotRecommended => WhyOpen::NoTime,
            };
            self.fail(series, why, proposal.latest);
        }
        if let Some(first) = &self.manner.first
            && self.targets.contains(first)
        {
            let live = |next: &Pending| self.rules.is_live_injectable(&next.dose.vaccine);
            all.retain(|next| next.dose.series == *first || !live(next));
        }
        Ok(all)
    }

    fn fail(&mut self, series: String, why: WhyOpen, latest: Option<Date>) {
        let why = match why {
            WhyOpen::NoTime if self.apart.contains(&series) => WhyOpen::Ask,
            why => why,
        };
        self.targets.retain(|other| *other != series);
        self.failed.push(Open {
            series,
            why,
            latest,
        });
    }

    fn next(&self, now: &Forecast, proposal: &Proposal) -> Result<Option<Pending>, CaseError> {
        let late = is_too_late(proposal);
        let vaccine = if late {
            self.other_vaccine(now, proposal)?
        } else {
            vaccine(self.rules, &now.series, proposal)
        };
        let (Some(vaccine), Some(earliest)) = (vaccine, proposal.earliest) else {
            return Ok(None);
        };
        let on = self.case.on();
        let held = self.held.get(&proposal.series).copied().unwrap_or(on);
        let hurried = late || self.manner.hurried.contains(&proposal.series);
        let standard = proposal.recommended_from.filter(|_| !hurried);
        let ready = standard.map_or(earliest, |from| from.max(earliest));
        let ready = if hurried {
            ready
        } else {
            self.birthday(ready, proposal.latest)
        };
        let want = ready.max(on).max(held);
        // What is behind its standard period, or in haste, waits for nothing.
        let until = proposal.recommended_to.or(proposal.latest);
        let patience = match until {
            Some(until) if !hurried && want <= until => self.patience(want),
            None if !hurried => self.patience(want),
            Some(_) | None => 0,
        };
        let ends = [Some(add_days(ready, patience)), until, proposal.latest];
        let limit = ends.into_iter().flatten().min().unwrap_or(want);
        let dose = PlannedDose {
            series: proposal.series.clone(),
            vaccine,
            dose: proposal.next_dose.clone(),
            earliest,
            latest: proposal.latest,
            recommended_to: proposal.recommended_to,
        };
        Ok(Some(Pending {
            dose,
            want,
            limit: limit.max(want),
        }))
    }

    /// A vaccine of which one dose today completes a series that the usual one no longer can.
    fn other_vaccine(
        &self,
        now: &Forecast,
        proposal: &Proposal,
    ) -> Result<Option<String>, CaseError> {
        let before = faults(now);
        for vaccine in self.rules.vaccines_of(&proposal.series) {
            let mut tried = self.case.clone();
            tried.give(vaccine, tried.on());
            let after = forecast(self.rules, &tried)?;
            let complete = after
                .series
                .iter()
                .any(|other| other.series == proposal.series && other.status == Status::Complete);
            if complete && faults(&after).is_subset(&before) {
                return Ok(Some(vaccine.to_owned()));
            }
        }
        Ok(None)
    }

    /// The birthday instead of its eve: the law counts the eve, families and clinics the birthday.
    fn birthday(&self, ready: Date, latest: Option<Date>) -> Date {
        let next = add_days(ready, 1);
        let counts = self.case.birth().is_some_and(|birth| {
            birth.0.day() == next.day() && latest.is_none_or(|latest| next <= latest)
        });
        if counts { next } else { ready }
    }

    /// How many days a dose may wait for others: few for infants.
    fn patience(&self, day: Date) -> i64 {
        let one = Age::Months(Months(12));
        let infant = self
            .case
            .birth()
            .is_some_and(|birth| day < birth.attains(one));
        if infant { 14 } else { 45 }
    }

    /// Gives what counts on `date`; holds back what does not.
    fn visit(&mut self, date: Date, doses: Vec<PlannedDose>) -> Result<(), CaseError> {
        let mut given: Vec<PlannedDose> = Vec::new();
        let mut faults = faults(&forecast(self.rules, &self.case)?);
        for dose in doses {
            if given.iter().any(|other| other.vaccine == dose.vaccine) {
                // One dose of a combined vaccine fills both series.
                continue;
            }
            self.case.give(&dose.vaccine, date);
            let after = self::faults(&forecast(self.rules, &self.case)?);
            if after.is_subset(&faults) {
                faults = after;
                given.push(dose);
            } else {
                self.case.take_back(&dose.vaccine, date);
                self.held.insert(dose.series, add_days(date, 1));
            }
        }
        self.keep_apart(date, &given)?;
        if !given.is_empty() {
            self.visits.push(Visit::of(date, given));
        }
        Ok(())
    }

    /// Keeps four weeks between doses where the rules name no interval: whether less will do is no
    /// question for a plan.
    fn keep_apart(&mut self, date: Date, given: &[PlannedDose]) -> Result<(), CaseError> {
        let mut tomorrow = self.case.clone();
        tomorrow.ask_on(add_days(date, 1));
        let now = forecast(self.rules, &tomorrow)?;
        for dose in given {
            let next = now.series.iter().find(|next| next.series == dose.series);
            let at_once = next.is_some_and(|next| {
                next.status == Status::Eligible && next.earliest.is_some_and(|from| from <= date)
            });
            if at_once {
                self.held.insert(dose.series.clone(), add_days(date, 28));
                self.apart.insert(dose.series.clone());
            }
        }
        Ok(())
    }
}

impl Visit {
    fn of(date: Date, doses: Vec<PlannedDose>) -> Self {
        let earliest = doses.iter().map(|dose| dose.earliest).max();
        Self {
            date,
            earliest: earliest.map_or(date, |earliest| earliest.min(date)),
            latest: doses.iter().filter_map(|dose| dose.latest).min(),
            doses,
        }
    }
}

/// More turns than any life has visits: nothing can make planning go on for ever.
const MOST_TURNS: usize = 600;

fn is_too_late(proposal: &Proposal) -> bool {
    let mut flags = proposal.flags.iter();
    flags.any(|flag| flag == "cannot_complete_in_window")
}

/// What the schedule objects to: doses in doubt, and doses that fill no series.
fn faults(now: &Forecast) -> BTreeSet<String> {
    let doubted = now.series.iter().flat_map(|proposal| {
        let doubts = proposal.flags.iter().filter(|flag| is_doubt(flag));
        doubts.map(|flag| format!("{} {flag}", proposal.series))
    });
    let lost = now
        .unassigned
        .iter()
        .map(|dose| format!("{} {} {}", dose.vaccine, dose.date, dose.reason.code()));
    doubted.chain(lost).collect()
}

/// `doseN:…`.
fn is_doubt(flag: &str) -> bool {
    let number = flag
        .strip_prefix("dose")
        .and_then(|rest| rest.split_once(':'));
    number.is_some_and(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What would be given: the product the schedule tells, the combined vaccine in the place of its
/// parts, or the usual one.
fn vaccine(rules: &Rules, all: &[Proposal], proposal: &Proposal) -> Option<String> {
    let told = proposal
        .flags
        .iter()
        .find_map(|flag| flag.strip_prefix("product="));
    if let Some(told) = told {
        return Some(told.to_owned());
    }
    let usual = |series: &str| rules.vaccines_of(series).next().map(str::to_owned);
    let open = |id: &str| {
        all.iter().any(|other| {
            other.series == id && !matches!(other.status, Status::Complete | Status::NotApplicable)
        })
    };
    match rules.combined() {
        Some((combined, [first, second]))
            if [first, second].contains(&proposal.series.as_str())
                && open(combined)
                && open(first) =>
        {
            usual(combined)
        }
        _ => usual(&proposal.series),
    }
}

/// Whether another series stands for this one: of a group the first that can still be completed, and
/// the parts of a combined vaccine where they were begun.
pub(super) fn is_doubled(rules: &Rules, all: &[Proposal], proposal: &Proposal) -> bool {
    let id = proposal.series.as_str();
    if let Some((combined, parts)) = rules.combined()
        && combined == id
    {
        return all
            .iter()
            .any(|other| parts.contains(&other.series.as_str()));
    }
    let Some(group) = rules.view(id).and_then(|view| view.group) else {
        return false;
    };
    let same = |other: &&Proposal| {
        let view = rules.view(&other.series);
        view.and_then(|view| view.group) == Some(group)
    };
    let chosen = all.iter().filter(same).min_by_key(|other| {
        (
            !can_go_on(other),
            other.status != Status::EligibleNotRecommended,
        )
    });
    chosen.is_some_and(|chosen| chosen.series != id)
}

fn can_go_on(proposal: &Proposal) -> bool {
    let open = matches!(
        proposal.status,
        Status::Upcoming | Status::Eligible | Status::Complete
    );
    open && !is_too_late(proposal)
}
