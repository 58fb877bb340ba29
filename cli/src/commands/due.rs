//! `techo due`: what is overdue, due, closing or soon for everybody, and the visits that follow.

use std::collections::BTreeSet;

use serde::Serialize;
use techo_health::calendar::Gestation;
use techo_health::checkup::{Basis, CheckupDue, Checkups};
use techo_health::history::{Uncounted, WhyUncounted};
use techo_health::plan::{Item, Plan, Standing, WhyOpen, Wishes, plan, standings};
use techo_health::schedule::{Because, Case, Rules};
use techo_health::{Date, checkup};

use super::date_or_today;
use crate::args::DueArgs;
use crate::desk::Desk;
use crate::error::Failure;
use crate::handbook::{Handbook, handbooks};

mod page;

/// What is due, as programs get it (docs/json.md).
#[derive(Serialize)]
struct Due {
    on: String,
    days: u16,
    schedule: String,
    checkups: String,
    outdated: bool,
    confirm: &'static str,
    members: Vec<MemberDue>,
}

/// One member.
#[derive(Serialize)]
struct MemberDue {
    member: String,
    name: String,
    #[serde(skip)]
    born: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gestation: Option<String>,
    items: Vec<ItemDue>,
    visits: Vec<VisitDue>,
    open: Vec<OpenDue>,
    uncounted: Vec<UncountedDose>,
}

/// One vaccination or checkup.
#[derive(Serialize)]
struct ItemDue {
    kind: &'static str,
    id: String,
    standing: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    dose: Option<String>,
    voluntary: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    basis: Option<Basis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    best_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    best_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<String>,
    because: Vec<String>,
    because_ja: Vec<String>,
    because_codes: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    appointment: Option<String>,
}

/// One visit of the plan.
#[derive(Serialize)]
struct VisitDue {
    date: String,
    earliest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest: Option<String>,
    doses: Vec<DoseDue>,
    /// Members who go on the same day.
    together: Vec<String>,
}

/// One dose of a visit.
#[derive(Serialize)]
struct DoseDue {
    series: String,
    vaccine: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recommended_to: Option<String>,
}

/// A series that no visit completes.
#[derive(Serialize)]
struct OpenDue {
    series: String,
    why: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest: Option<String>,
}

/// A recorded dose that could not be counted.
#[derive(Serialize)]
struct UncountedDose {
    id: String,
    vaccine: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    why: &'static str,
}

pub(super) fn run(desk: &Desk, args: &DueArgs) -> Result<(), Failure> {
    let on = date_or_today(args.on.as_deref())?;
    let on = on.day().ok_or(Failure::NotUnderstood { what: "--on" })?;
    let rules = Rules::built_in()?;
    let checkups = Checkups::built_in().map_err(anyhow::Error::from)?;
    let vault = desk.open()?;
    let books = handbooks(&vault, args.member.as_deref())?;
    let reader = Reader {
        rules: &rules,
        checkups: &checkups,
        args,
        on,
    };
    let due = Due {
        on: on.to_string(),
        days: args.days,
        schedule: rules.data_version().to_owned(),
        checkups: checkups.data_version().to_owned(),
        outdated: on > rules.review_by(),
        confirm: "confirm with your clinic and your city",
        members: reader.members(books)?,
    };
    let lang = desk.lang();
    desk.out.show("due/1", &due, |paper| {
        page::Printer {
            lang,
            rules: &rules,
            checkups: &checkups,
            args,
            on,
        }
        .due(paper, &due);
    })?;
    Ok(())
}

/// Asks the engines for every member.
struct Reader<'a> {
    rules: &'a Rules,
    checkups: &'a Checkups,
    args: &'a DueArgs,
    on: Date,
}

impl Reader<'_> {
    /// The members one after the other: whoever comes later joins the visits of those before.
    fn members(&self, books: Vec<Handbook>) -> Result<Vec<MemberDue>, Failure> {
        let mut together = BTreeSet::new();
        let mut all = Vec::new();
        // The youngest have the tightest plans: the others join them.
        for book in books.into_iter().rev() {
            all.push(self.member(&book, &mut together)?);
        }
        all.reverse();
        let dates: Vec<(String, BTreeSet<String>)> = all
            .iter()
            .map(|member| {
                let days = member.visits.iter().map(|visit| visit.date.clone());
                (member.name.clone(), days.collect())
            })
            .collect();
        for member in &mut all {
            for visit in &mut member.visits {
                let others = dates
                    .iter()
                    .filter(|(name, days)| *name != member.name && days.contains(&visit.date));
                visit.together = others.map(|(name, _)| name.clone()).collect();
            }
        }
        Ok(all)
    }

    fn member(&self, book: &Handbook, together: &mut BTreeSet<Date>) -> Result<MemberDue, Failure> {
        let history = &book.history;
        let mut member = MemberDue {
            member: book.member.id.to_string(),
            name: book.member.name().to_owned(),
            born: history.birth.map(|birth| birth.0),
            gestation: None,
            items: Vec::new(),
            visits: Vec::new(),
            open: Vec::new(),
            uncounted: history.uncounted.iter().map(uncounted).collect(),
        };
        if history.is_over(self.on) {
            return Ok(member);
        }
        let far = history.expected_on(self.on);
        let gestation = far.and_then(|expected| expected.gestation_on(self.on));
        member.gestation = gestation.map(|weeks: Gestation| weeks.to_string());
        let case = Case::of_history(history, self.on);
        let vaccinations = standings(self.rules, &case, self.args.days);
        let vaccinations = vaccinations.map_err(anyhow::Error::from)?;
        let dates = checkup::due(self.checkups, history, self.on, self.args.days);
        member
            .items
            .extend(vaccinations.into_iter().map(ItemDue::from));
        member
            .items
            .extend(dates.into_iter().map(|due| self.checkup(due)));
        // The most urgent first; what has no last day, and what nobody has to do, behind.
        member.items.sort_by_cached_key(|item| {
            let ahead = matches!(item.standing, Standing::Soon | Standing::Later);
            let day = if ahead { &item.from } else { &item.until };
            (item.standing, item.voluntary, day.is_none(), day.clone())
        });
        let wishes = Wishes {
            voluntary: self.args.voluntary,
            together: together.clone(),
        };
        let planned = plan(self.rules, &case, &wishes).map_err(anyhow::Error::from)?;
        together.extend(planned.visits.iter().map(|visit| visit.date));
        member.take(planned);
        Ok(member)
    }

    fn checkup(&self, due: CheckupDue) -> ItemDue {
        let rule = self.checkups.rule(&due.id);
        let (mut english, mut japanese) = (Vec::new(), Vec::new());
        if let Some(rule) = rule {
            let (id, name) = (&rule.id, &rule.japanese);
            let (confidence, sources) = (&rule.confidence, rule.sources.join(", "));
            english.push(rule.en.clone());
            english.push(format!(
                "rule {id} ({name}; confidence {confidence}): {sources}"
            ));
            japanese.push(rule.ja.clone());
            let sure = match confidence.as_str() {
                "high" => "高",
                "medium" => "中",
                _ => "低",
            };
            japanese.push(format!("規則 {id}({name}、確かさ: {sure}): {sources}"));
        }
        let (best_from, best_to) = due.occasion.usual;
        ItemDue {
            kind: "checkup",
            id: due.id,
            standing: due.standing,
            dose: None,
            voluntary: false,
            basis: Some(due.basis),
            from: Some(due.occasion.from.to_string()),
            until: Some(due.occasion.until.to_string()),
            best_from: Some(best_from.to_string()),
            best_to: Some(best_to.to_string()),
            number: due.occasion.number,
            done: due.done.map(|day| day.to_string()),
            flags: Vec::new(),
            because: english,
            because_ja: japanese,
            because_codes: vec!["note", "rule"],
            appointment: due.appointment.map(|day| day.to_string()),
        }
    }
}

impl MemberDue {
    fn take(&mut self, plan: Plan) {
        let day = |date: Option<Date>| date.map(|date| date.to_string());
        self.visits = plan
            .visits
            .into_iter()
            .map(|visit| VisitDue {
                date: visit.date.to_string(),
                earliest: visit.earliest.to_string(),
                latest: day(visit.latest),
                doses: visit
                    .doses
                    .into_iter()
                    .map(|dose| DoseDue {
                        series: dose.series,
                        vaccine: dose.vaccine,
                        dose: dose.dose,
                        latest: day(dose.latest),
                        recommended_to: day(dose.recommended_to),
                    })
                    .collect(),
                together: Vec::new(),
            })
            .collect();
        self.open = plan
            .open
            .into_iter()
            .map(|open| OpenDue {
                series: open.series,
                why: match open.why {
                    WhyOpen::Over => "over",
                    WhyOpen::NoTime => "no_time",
                    WhyOpen::NoRoom => "no_room",
                    WhyOpen::AdvisedAgainst => "advised_against",
                    WhyOpen::Ask => "ask",
                },
                latest: day(open.latest),
            })
            .collect();
    }
}

impl From<Item> for ItemDue {
    fn from(item: Item) -> Self {
        let day = |date: Option<Date>| date.map(|date| date.to_string());
        let complete = item.standing == Standing::Complete;
        let reasons = item.proposal.because.iter();
        Self {
            kind: "vaccination",
            id: item.proposal.series,
            standing: item.standing,
            dose: item.proposal.next_dose.filter(|_| !complete),
            voluntary: item.voluntary,
            basis: None,
            from: day(item.from),
            until: day(item.until),
            best_from: day(item.proposal.recommended_from),
            best_to: day(item.proposal.recommended_to),
            number: None,
            done: None,
            flags: item.proposal.flags,
            because: item
                .proposal
                .because
                .iter()
                .map(ToString::to_string)
                .collect(),
            because_ja: reasons
                .map(|reason| reason.japanese().to_string())
                .collect(),
            because_codes: item.proposal.because.iter().map(Because::code).collect(),
            appointment: None,
        }
    }
}

fn uncounted(dose: &Uncounted) -> UncountedDose {
    UncountedDose {
        id: dose.source.id.clone(),
        vaccine: dose.vaccine.as_str().to_owned(),
        date: dose.when.as_ref().map(ToString::to_string),
        why: match dose.reason {
            WhyUncounted::NoDay => "no_day",
            WhyUncounted::BeforeBirth => "before_birth",
        },
    }
}
