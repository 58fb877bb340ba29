//! Whom a series is for and between which days; it does not look at intervals.

use jiff::civil::Date;

use crate::calendar::{
    Age, Birth, Expected, FiscalYear, Gestation, Months, Window, add_days, add_months,
};
use crate::schedule::case::Case;
use crate::schedule::excuse::Excuse;
use crate::schedule::rules::{FromIf, MonthDay, Rules, Series, VaccineRule, WindowRule};

/// The rules and the person they are asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) rules: &'a Rules,
    pub(super) case: &'a Case,
    /// What the rules say of the vaccine of each dose of the case.
    pub(super) known: &'a [Option<&'a VaccineRule>],
}

/// The days on which a series is legal.
#[derive(Clone, Copy)]
pub(super) struct Legal {
    pub(super) window: Window,
    /// The age before which a dose is early, as the rule words it.
    pub(super) from_age: Option<(Date, Age)>,
}

impl Asked<'_> {
    /// The window of `series` that counts on `day`, or why there is none.
    pub(super) fn legal(self, series: &Series, day: Date) -> Result<Legal, Excuse> {
        self.fits(series)?;
        let mut legal = self.window(series, day)?;
        let force = series.in_force;
        if let Some(from) = force.and_then(|force| force.from) {
            if legal.window.is_over(from.0) {
                return Err(Excuse::BeganLater);
            }
            legal.window.from = legal.window.from.max(from.0);
        }
        if let Some(until) = force.and_then(|force| force.until) {
            if day > until.0 {
                return Err(Excuse::Ended);
            }
            let last = legal.window.until.map_or(until.0, |last| last.min(until.0));
            legal.window.until = Some(last);
        }
        Ok(legal)
    }

    /// The last day on which a dose still fills `series`, granted extensions included.
    pub(super) fn last_day(self, series: &Series, legal: &Legal) -> Option<Date> {
        let mut last = legal.window.until?;
        if let Some(extended) = self.extended(series) {
            last = last.max(extended);
        }
        if let Some((_, Some(granted), _)) = self.long_term(series, legal) {
            last = last.max(granted);
        }
        Some(last)
    }

    /// The last day of the extension that the municipality may grant.
    pub(super) fn extended(self, series: &Series) -> Option<Date> {
        let extension = series.extension.as_ref()?;
        let stated = self
            .case
            .facts
            .has(&extension.fact, extension.value.as_deref());
        let birth = self.case.birth?;
        (stated && extension.births.contains(birth.0)).then_some(extension.until.0)
    }

    /// From when to when a dose may be made up for after a long illness, and the ceiling by age.
    pub(super) fn long_term(
        self,
        series: &Series,
        legal: &Legal,
    ) -> Option<(Option<Date>, Option<Date>, Option<Date>)> {
        let rule = series.long_term?;
        let (from, end) = self.case.facts.contraindicated?;
        let until = legal.window.until?;
        if until < from || end.is_some_and(|end| end < legal.window.from) {
            return None;
        }
        let ceiling = rule
            .ceiling
            .and_then(|age| Some(self.case.birth?.attains(age)));
        let granted =
            end.map(|end| add_days(add_months(end, Months(rule.years.saturating_mul(12))), -1));
        let last = match (granted, ceiling) {
            (Some(granted), Some(ceiling)) => Some(granted.min(ceiling)),
            (granted, ceiling) => granted.or(ceiling),
        };
        Some((end, last, ceiling))
    }

    fn fits(self, series: &Series) -> Result<(), Excuse> {
        let facts = &self.case.facts;
        if series.no_programme {
            return Err(Excuse::NoProgramme);
        }
        if series.sex.is_some() && self.case.sex.is_some() && series.sex != self.case.sex {
            return Err(Excuse::OtherSex);
        }
        if let (Some(births), Some(birth)) = (series.births, self.case.birth) {
            let transition = series.transition.as_ref();
            let wider = transition.is_some_and(|wider| wider.births.contains(birth.0));
            if !births.contains(birth.0) && !wider {
                return Err(Excuse::OtherBirths);
            }
        }
        if series
            .excluded_by
            .as_ref()
            .is_some_and(|fact| facts.states(fact))
        {
            return Err(Excuse::Excluded);
        }
        if series
            .requires
            .as_ref()
            .is_some_and(|fact| !facts.states(fact))
        {
            return Err(Excuse::NotStated);
        }
        if let Some(by) = series.tested_by {
            let insufficient = facts
                .antibody_test
                .is_some_and(|(day, low)| low && day <= by.0);
            if !insufficient {
                return Err(Excuse::NotTested);
            }
        }
        Ok(())
    }

    fn birth(self) -> Result<Birth, Excuse> {
        self.case.birth.ok_or(Excuse::NoBirthDate)
    }

    fn window(self, series: &Series, day: Date) -> Result<Legal, Excuse> {
        let from_if = series.from_if.as_ref();
        let sooner = from_if.filter(|rule| self.case.facts.states(&rule.fact));
        let plain = |from, until| Legal {
            window: Window {
                from,
                until: Some(until),
            },
            from_age: None,
        };
        match &series.window {
            WindowRule::Age { from, until } => {
                let formerly = series.formerly.filter(|rule| day <= rule.until.0);
                let from = formerly.map_or(*from, |rule| rule.from);
                self.ages(sooner.map_or(from, |rule| rule.from), *until)
            }
            WindowRule::Birthday { from, until } => {
                let birth = self.birth()?;
                let Age::Months(months) = *from else {
                    return Err(Excuse::NoBirthday);
                };
                Ok(plain(add_months(birth.0, months), birth.attains(*until)))
            }
            WindowRule::FiscalYears { from, until } => {
                let birth = self.birth()?;
                let first = birth.fiscal_year_of(*from).first_day();
                Ok(plain(first, birth.fiscal_year_of(*until).last_day()))
            }
            WindowRule::BeforePrimary { until_day } => {
                let year = self.birth()?.enters_primary_school().previous();
                let last = until_day.map_or(year.last_day(), |day| day.in_year(year.0));
                Ok(plain(year.first_day(), last))
            }
            WindowRule::Milestones {
                first,
                also,
                also_until,
                beyond,
            } => {
                let birth = self.birth()?;
                let ages = also
                    .iter()
                    .filter(|age| birth.fiscal_year_of(**age).last_day() <= also_until.0);
                let older = beyond.filter(|rule| birth.fiscal_year_of(rule.age).0 < rule.year);
                let mut years: Vec<FiscalYear> = [first]
                    .into_iter()
                    .chain(ages)
                    .map(|age| birth.fiscal_year_of(*age))
                    .chain(older.map(|rule| FiscalYear(rule.year)))
                    .collect();
                years.retain(|year| {
                    series
                        .in_force
                        .is_none_or(|force| force.contains(year.last_day()))
                });
                milestone(birth, &years, sooner, day)
            }
            WindowRule::Dates { from, until } => {
                let granted = self.transition(series, day);
                let born = self.case.birth.map(|birth| birth.0);
                if let (None, Some(births), Some(born)) = (granted, series.births, born)
                    && !births.contains(born)
                {
                    return Err(Excuse::OtherBirths);
                }
                Ok(plain(from.0, granted.unwrap_or(until.0)))
            }
            WindowRule::Gestation { from, until } => self.pregnancy(*from, *until),
            WindowRule::Season {
                from,
                until,
                from_age,
                until_age,
                set_by_city,
            } => {
                let from_age = sooner.map_or(*from_age, |rule| rule.from);
                let set = self.case.facts.season.filter(|_| *set_by_city);
                self.season(set.unwrap_or((*from, *until)), from_age, *until_age, day)
            }
            WindowRule::Antenatal { .. } => {
                let expected = self.case.facts.expected.ok_or(Excuse::NoPregnancy)?;
                Ok(plain(add_days(expected.0, -280), add_days(expected.0, 14)))
            }
        }
    }

    fn ages(self, from: Age, until: Option<Age>) -> Result<Legal, Excuse> {
        let birth = self.birth()?;
        let first = birth.attains(from);
        Ok(Legal {
            window: Window {
                from: first,
                until: until.map(|until| birth.attains(until)),
            },
            from_age: Some((first, from)),
        })
    }

    fn pregnancy(self, from: Gestation, until: Gestation) -> Result<Legal, Excuse> {
        let expected: Expected = self.case.facts.expected.ok_or(Excuse::NoPregnancy)?;
        let first = expected.reaches(from);
        Ok(Legal {
            window: Window {
                from: first,
                until: Some(expected.reaches(until)),
            },
            from_age: Some((first, Age::Weeks(from))),
        })
    }

    fn transition(self, series: &Series, day: Date) -> Option<Date> {
        let rule = series.transition.as_ref()?;
        let mut given = self.case.doses.iter().zip(self.known);
        let began = given.any(|(dose, vaccine)| {
            dose.date <= day
                && rule.dose_given.contains(dose.date)
                && vaccine.is_some_and(|vaccine| vaccine.fills.contains(&series.at))
        });
        (began && rule.births.contains(self.case.birth?.0)).then_some(rule.until.0)
    }

    /// The season of `day`, or the next one in which the age has been reached.
    fn season(
        self,
        (from, until): (MonthDay, MonthDay),
        from_age: Age,
        until_age: Option<Age>,
        day: Date,
    ) -> Result<Legal, Excuse> {
        let birth = self.birth()?;
        let reached = birth.attains(from_age);
        let outgrown = until_age.map(|age| birth.attains(age));
        let after = day.max(reached);
        let last_of = |year: i16| until.in_year(if until < from { year + 1 } else { year });
        let (first, last) = (after.year() - 1..=after.year() + 1)
            .map(|year| (from.in_year(year), last_of(year)))
            .find(|(_, last)| *last >= after)
            .ok_or(Excuse::NoSeason)?;
        let window = Window {
            from: first.max(reached),
            until: Some(last),
        };
        match outgrown {
            Some(outgrown) if outgrown < window.from => Ok(Legal {
                window: Window {
                    from: reached,
                    until: Some(outgrown.min(last_of(first.year() - 1))),
                },
                from_age: None,
            }),
            Some(outgrown) => Ok(Legal {
                window: Window {
                    until: Some(last.min(outgrown)),
                    ..window
                },
                from_age: None,
            }),
            None => Ok(Legal {
                window,
                from_age: None,
            }),
        }
    }
}

/// The fiscal year of `day` if it is one of `years`, else the next, else the last.
fn milestone(
    birth: Birth,
    years: &[FiscalYear],
    sooner: Option<&FromIf>,
    day: Date,
) -> Result<Legal, Excuse> {
    let open = years.iter().find(|year| year.last_day() >= day);
    let year = open.or(years.last()).ok_or(Excuse::OtherBirths)?;
    let mut window = Window {
        from: year.first_day(),
        until: Some(year.last_day()),
    };
    if let Some(rule) = sooner
        && birth.attains_years(65) >= day
    {
        window.from = birth.attains(rule.from);
    }
    Ok(Legal {
        window,
        from_age: None,
    })
}
