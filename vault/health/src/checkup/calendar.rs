//! When one person is called to which checkup. The dates follow the file; what was done is read from
//! the records, never judged.

use crate::{
    calendar::{Birth, FiscalYear, add_days, add_months, days_between},
    checkup::rules::{Basis, CheckupRule, Checkups, MonthDay, Months, Step, Window},
    date::Date,
    history::{History, Outcome},
    plan::Standing,
    record::CheckupType,
    value::redact,
};

/// One occasion of a checkup; of those that come once, the only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occasion {
    /// Which visit of a pregnancy, or which year of school.
    pub number: Option<u16>,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
    /// When most are called: first and last day.
    pub usual: (Date, Date),
}

/// A checkup as it stands for one person.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckupDue {
    /// The checkup's id.
    pub id: String,
    /// Why it is offered.
    pub basis: Basis,
    /// How it stands.
    pub standing: Standing,
    /// When.
    pub occasion: Occasion,
    /// When it was done.
    pub done: Option<Date>,
    /// The day agreed upon, if the family wrote one down.
    pub appointment: Option<Date>,
}

redact!(CheckupDue);

/// How every checkup stands on `on`, the most urgent first. `days` is how far ahead "soon" looks.
///
/// Told are those done, open, or still to come within twenty years; of those missed only the ones
/// that the law orders, for a year.
pub fn due(checkups: &Checkups, history: &History, on: Date, days: u16) -> Vec<CheckupDue> {
    if history.is_over(on) {
        return Vec::new();
    }
    let look = Look { history, on, days };
    let mut all: Vec<CheckupDue> = checkups
        .rules()
        .filter(|rule| rule.sex.is_none() || rule.sex == history.sex)
        .filter_map(|rule| look.at(rule))
        .collect();
    all.sort_by_key(|due| (due.standing, due.occasion.until, due.occasion.from));
    all
}

struct Look<'a> {
    history: &'a History,
    on: Date,
    days: u16,
}

impl Look<'_> {
    fn at(&self, rule: &CheckupRule) -> Option<CheckupDue> {
        let mut occasion = self.occasion(rule)?;
        let appointment = self.called(&rule.id, &mut occasion);
        let done = self.done(rule, &occasion);
        let standing = self.standing(rule, &occasion, done)?;
        Some(CheckupDue {
            id: rule.id.clone(),
            basis: rule.basis,
            standing,
            occasion,
            done,
            appointment,
        })
    }

    fn standing(
        &self,
        rule: &CheckupRule,
        occasion: &Occasion,
        done: Option<Date>,
    ) -> Option<Standing> {
        let on = self.on;
        if done.is_some() {
            return Some(Standing::Complete);
        }
        if occasion.until < on {
            let recent = add_months(occasion.until, crate::calendar::Months(12)) >= on;
            return (rule.basis == Basis::Statutory && recent).then_some(Standing::Missed);
        }
        if occasion.from <= on {
            let (_, best) = occasion.usual;
            let short = days_between(occasion.from, occasion.until) <= SHORT;
            return Some(if short {
                Standing::Due
            } else {
                Standing::of_open(on, self.days, Some(best), Some(occasion.until))
            });
        }
        let (from, _) = occasion.usual;
        if from > add_days(on, FAR) {
            return None;
        }
        let soon = from <= add_days(on, i64::from(self.days));
        Some(if soon {
            Standing::Soon
        } else {
            Standing::Later
        })
    }

    /// The day agreed upon; and when the city calls this family is what it told this family.
    fn called(&self, id: &str, occasion: &mut Occasion) -> Option<Date> {
        let mut all = self.history.appointments.iter();
        let legal = occasion.from..=occasion.until;
        let own = all.find(|appointment| {
            let first = appointment.planned.or(appointment.due_from);
            let known = appointment.checkup.as_deref().map(CheckupType::new);
            appointment.is_open
                && known.is_some_and(|known| known.as_str() == id)
                && first.is_some_and(|first| legal.contains(&first))
        })?;
        let from = own.due_from.or(own.planned)?;
        let until = own.due_to.or(own.planned).unwrap_or(occasion.until);
        if from <= until && legal.contains(&until) {
            occasion.usual = (from, until);
        }
        own.planned.filter(|day| *day >= self.on)
    }

    /// The day on which this occasion was used.
    fn done(&self, rule: &CheckupRule, occasion: &Occasion) -> Option<Date> {
        let mut days = self.days_of(&rule.id);
        match &rule.window {
            // Once in a life: whenever it was, it was this one.
            Window::Ages { .. } | Window::Days { .. } | Window::BeforePrimary { .. } => {
                days.next_back()
            }
            Window::SchoolYears { .. } | Window::Yearly { .. } | Window::Milestones { .. } => {
                let year = FiscalYear::of(occasion.from);
                days.find(|day| FiscalYear::of(*day) == year)
            }
            Window::AfterBirth { .. } | Window::Antenatal { .. } => {
                days.find(|day| (occasion.from..=occasion.until).contains(day))
            }
        }
    }

    /// The days on which records tell of this checkup, in order of time.
    fn days_of<'s>(&'s self, id: &'s str) -> impl DoubleEndedIterator<Item = Date> + 's {
        let all = self.history.checkups.iter();
        let own = all.filter(move |done| done.checkup.as_str() == id);
        own.filter_map(|done| done.date)
            .filter(|day| *day <= self.on)
    }

    fn occasion(&self, rule: &CheckupRule) -> Option<Occasion> {
        let birth = || self.history.birth;
        match &rule.window {
            Window::Ages {
                from,
                until,
                usual_from,
                usual_until,
            } => {
                let usual = (usual_from.unwrap_or(*from), usual_until.unwrap_or(*until));
                Some(Occasion::of_ages(birth()?, (*from, *until), usual))
            }
            Window::Days { from, until } => {
                let day = |days: u16| Some(add_days(birth()?.0, i64::from(days)));
                Some(Occasion::whole(day(*from)?, day(*until)?))
            }
            Window::AfterBirth {
                from,
                until,
                usual_from,
                usual_until,
            } => {
                let born = self.last_birth()?;
                let day = |days: &u16| add_days(born, i64::from(*days));
                Some(Occasion {
                    usual: (day(usual_from), day(usual_until)),
                    ..Occasion::whole(day(from), day(until))
                })
            }
            Window::Antenatal { steps } => self.antenatal(&rule.id, steps),
            Window::BeforePrimary { usual_from, until } => {
                let year = birth()?.enters_primary_school().previous();
                let until = until.in_year(year.0);
                Some(Occasion {
                    usual: (usual_from.in_year(year.0), until),
                    ..Occasion::whole(year.first_day(), until)
                })
            }
            Window::SchoolYears { first, last, until } => {
                self.school_year(birth()?, *first..=*last, *until)
            }
            Window::Yearly {
                from_year_of,
                until_age,
                every,
            } => self.yearly(&rule.id, birth()?, *from_year_of, *until_age, *every),
            Window::Milestones { years_of } => {
                let born = birth()?;
                let years = years_of.iter().map(|age| born.fiscal_year_of(*age));
                let mut open = years.filter(|year| year.last_day() >= self.on);
                open.next().map(Occasion::of_year)
            }
        }
    }

    /// The school year whose day is not over, with its number from primary school on.
    fn school_year(
        &self,
        birth: Birth,
        numbers: std::ops::RangeInclusive<u16>,
        until: MonthDay,
    ) -> Option<Occasion> {
        let enters = birth.enters_primary_school();
        let mut all = numbers.map(|number| {
            let year = later(enters, number - 1);
            Occasion {
                number: Some(number),
                ..Occasion::whole(year.first_day(), until.in_year(year.0))
            }
        });
        all.find(|year| year.until >= self.on)
    }

    /// This fiscal year, or the one in which the interval since the last time is over.
    fn yearly(
        &self,
        id: &str,
        birth: Birth,
        from_year_of: u16,
        until_age: Option<crate::calendar::Age>,
        every: u16,
    ) -> Option<Occasion> {
        let now = FiscalYear::of(self.on);
        let first = birth.fiscal_year_of(from_year_of);
        let last = self.days_of(id).next_back().map(FiscalYear::of);
        let year = match last {
            // Done this year: that is what is told.
            Some(last) if last >= now => last,
            Some(last) => later(last, every).max(now),
            None => now,
        };
        let occasion = Occasion::of_year(year.max(first));
        let Some(end) = until_age.map(|age| birth.attains(age)) else {
            return Some(occasion);
        };
        let until = occasion.until.min(end);
        (occasion.from <= until).then_some(Occasion {
            until,
            usual: (occasion.from, until),
            ..occasion
        })
    }

    /// The next visit of the pregnancy that goes on: the first that is neither over nor done.
    fn antenatal(&self, id: &str, steps: &[Step]) -> Option<Occasion> {
        let expected = self.history.expected_on(self.on)?;
        let mut starts = Vec::new();
        for step in steps {
            let (mut day, last) = (expected.reaches(step.from), expected.reaches(step.until));
            while day <= last {
                starts.push(day);
                day = add_days(day, 7 * i64::from(step.weeks));
            }
        }
        let end = steps.last().map(|step| expected.reaches(step.until))?;
        let ends = starts.iter().skip(1).map(|next| add_days(*next, -1));
        let visits = (1_u16..).zip(starts.iter().zip(ends.chain([end])));
        let mut visits = visits.map(|(number, (from, until))| Occasion {
            number: Some(number),
            ..Occasion::whole(*from, until)
        });
        visits.find(|visit| {
            let used = self
                .days_of(id)
                .any(|day| (visit.from..=visit.until).contains(&day));
            visit.until >= self.on && !used
        })
    }

    /// The last birth given in the year before.
    fn last_birth(&self) -> Option<Date> {
        let births = self.history.pregnancies.iter();
        let births = births.filter(|pregnancy| pregnancy.outcome == Some(Outcome::Birth));
        let days = births.filter_map(|pregnancy| pregnancy.ended);
        days.filter(|day| *day <= self.on && days_between(*day, self.on) <= 366)
            .max()
    }
}

impl Occasion {
    /// From a monthly birthday to the eve of another.
    fn of_ages(birth: Birth, legal: (Months, Months), usual: (Months, Months)) -> Self {
        let day = |months: Months| add_months(birth.0, months.0);
        let eve = |months: Months| add_days(day(months), -1);
        Self {
            usual: (day(usual.0), eve(usual.1)),
            ..Self::whole(day(legal.0), eve(legal.1))
        }
    }

    fn whole(from: Date, until: Date) -> Self {
        Self {
            number: None,
            from,
            until,
            usual: (from, until),
        }
    }

    fn of_year(year: FiscalYear) -> Self {
        Self::whole(year.first_day(), year.last_day())
    }
}

fn later(year: FiscalYear, years: u16) -> FiscalYear {
    FiscalYear(
        year.0
            .saturating_add(i16::try_from(years).unwrap_or(i16::MAX)),
    )
}

/// A window of so many days is never "closing": it only just opened.
const SHORT: i64 = 60;
/// Twenty years.
const FAR: i64 = 20 * 366;
