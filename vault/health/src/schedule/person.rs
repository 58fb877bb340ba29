//! Questions put by other modules instead of lines of JSON, and what a pack says of its series. Adds
//! no rule.

use jiff::civil::Date;

use crate::calendar::{Birth, Expected};
use crate::history::History;
use crate::record::Sex;
use crate::schedule::case::{Case, Dose, Facts};
use crate::schedule::rules::{Class, Live, Rules, WindowRule};

impl Case {
    /// What is due on `on` for whoever was born on `birth`.
    pub fn of_person(birth: Option<Date>, sex: Option<Sex>, on: Date) -> Self {
        Self {
            id: None,
            birth: birth.map(Birth),
            sex,
            doses: Vec::new(),
            facts: Facts::default(),
            on,
            series: None,
        }
    }

    /// What is due on `on` by what the records tell. A day before birth counts as the day of birth.
    pub fn of_history(history: &History, on: Date) -> Self {
        let birth = history.birth.map(|birth| birth.0);
        let on = birth.map_or(on, |birth| birth.max(on));
        let mut case = Self::of_person(birth, history.sex, on);
        for dose in &history.doses {
            case.give(dose.vaccine.as_str(), dose.date);
        }
        case.facts.expected = history.expected_on(on);
        case
    }

    /// Adds a dose. One before birth is left out: no rule speaks of it.
    pub fn give(&mut self, vaccine: &str, date: Date) {
        if self.birth.is_some_and(|birth| date < birth.0) {
            return;
        }
        let after = self.doses.partition_point(|dose| dose.date <= date);
        let vaccine = vaccine.to_owned();
        self.doses.insert(after, Dose { vaccine, date });
    }

    /// Takes back the last dose of that vaccine on that day.
    pub fn take_back(&mut self, vaccine: &str, date: Date) {
        let same = |dose: &Dose| dose.date == date && dose.vaccine == vaccine;
        if let Some(at) = self.doses.iter().rposition(same) {
            self.doses.remove(at);
        }
    }

    /// Asks for another day.
    pub fn ask_on(&mut self, on: Date) {
        self.on = on;
    }

    /// The day asked for.
    pub fn on(&self) -> Date {
        self.on
    }

    /// The day of birth.
    pub fn birth(&self) -> Option<Birth> {
        self.birth
    }

    /// States a pregnancy.
    pub fn expect(&mut self, expected: Expected) {
        self.facts.expected = Some(expected);
    }
}

/// What a pack says of one series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesView<'a> {
    /// The id.
    pub id: &'a str,
    /// The name in Japanese.
    pub name: &'a str,
    /// What kind of programme it is.
    pub class: Class,
    /// The most doses that a plan of it has.
    pub doses: usize,
    /// Whether it begins anew every season.
    pub seasonal: bool,
    /// Series of one group stand for each other: only one is followed.
    pub group: Option<&'a str>,
}

impl Rules {
    /// What the pack says of a series.
    pub fn view(&self, id: &str) -> Option<SeriesView<'_>> {
        let series = self.series(id)?;
        Some(SeriesView {
            id: &series.id,
            name: &series.name,
            class: series.class,
            doses: series
                .plan
                .iter()
                .map(|plan| plan.dose.len())
                .max()
                .unwrap_or(0),
            seasonal: matches!(series.window, WindowRule::Season { .. }),
            group: series.group.as_deref(),
        })
    }

    /// The vaccines that can fill a series by themselves, the usual one first.
    pub fn vaccines_of(&self, id: &str) -> impl Iterator<Item = &str> {
        let series = self.series(id);
        let fills = self.vaccine.iter().filter(move |rule| {
            series.is_some_and(|series| {
                rule.fills.contains(&series.at) && !series.is_part(&rule.code)
            })
        });
        fills.map(|rule| rule.code.as_str())
    }

    /// Whether a vaccine is live and injected, so that another such one has to wait.
    pub fn is_live_injectable(&self, vaccine: &str) -> bool {
        let rule = self.vaccine(vaccine);
        rule.is_some_and(|rule| rule.live == Live::Injectable)
    }

    /// The series of a combined vaccine and the two whose doses it can go on with.
    pub fn combined(&self) -> Option<(&str, [&str; 2])> {
        let switching = self.switching.as_ref()?;
        let [first, second] = &switching.parts;
        Some((&switching.combined, [first, second]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn newborn() -> Case {
        Case::of_person(
            Some(day("2026-04-01")),
            Some(Sex::Female),
            day("2026-11-22"),
        )
    }

    fn told(case: &Case) -> Vec<String> {
        let doses = case.doses.iter();
        doses
            .map(|dose| format!("{} {}", dose.vaccine, dose.date))
            .collect()
    }

    #[test]
    fn doses_stand_in_order_of_time_and_none_before_birth() {
        let mut case = newborn();
        for (vaccine, date) in [
            ("MR", "2027-04-01"),
            ("BCG", "2026-09-10"),
            ("HepB", "2026-03-31"),
            ("HepB", "2026-04-01"),
            ("JE", "2026-09-10"),
        ] {
            case.give(vaccine, day(date));
        }
        let expected = [
            "HepB 2026-04-01",
            "BCG 2026-09-10",
            "JE 2026-09-10",
            "MR 2027-04-01",
        ];
        assert_eq!(told(&case), expected);
        let mut nobody = Case::of_person(None, None, day("2026-11-22"));
        nobody.give("BCG", day("1926-04-01"));
        assert_eq!(told(&nobody), ["BCG 1926-04-01"]);
    }

    #[test]
    fn what_is_taken_back_is_the_last_dose_of_that_vaccine_on_that_day() {
        let mut case = newborn();
        for (vaccine, date) in [
            ("BCG", "2026-09-10"),
            ("JE", "2026-09-10"),
            ("BCG", "2026-09-10"),
            ("BCG", "2026-09-11"),
        ] {
            case.give(vaccine, day(date));
        }
        case.take_back("BCG", day("2026-09-10"));
        let left = ["BCG 2026-09-10", "JE 2026-09-10", "BCG 2026-09-11"];
        assert_eq!(told(&case), left);
        case.take_back("JE", day("2026-09-11"));
        case.take_back("MR", day("2026-09-10"));
        assert_eq!(told(&case), left);
    }

    #[test]
    fn a_case_says_whom_and_when_it_asks_about() {
        let mut case = newborn();
        assert_eq!(case.birth(), Some(Birth(day("2026-04-01"))));
        assert_eq!(case.on(), day("2026-11-22"));
        case.ask_on(day("2026-11-23"));
        assert_eq!(case.on(), day("2026-11-23"));
        case.expect(Expected(day("2027-02-14")));
        assert_eq!(case.facts.expected, Some(Expected(day("2027-02-14"))));
    }

    #[test]
    fn a_day_before_birth_counts_as_the_day_of_birth() {
        let history = |birth: Option<&str>| History {
            birth: birth.map(|birth| Birth(day(birth))),
            sex: Some(Sex::Male),
            ..History::default()
        };
        let asked = |birth, on| Case::of_history(&history(birth), day(on)).on();
        assert_eq!(asked(Some("2026-04-01"), "2026-03-31"), day("2026-04-01"));
        assert_eq!(asked(Some("2026-04-01"), "2026-04-02"), day("2026-04-02"));
        assert_eq!(asked(None, "2026-03-31"), day("2026-03-31"));
    }

    #[test]
    fn a_pack_says_of_each_series_what_plans_need() {
        let rules = Rules::built_in().unwrap();
        let view = rules.view("hib").unwrap();
        assert_eq!((view.id, view.name, view.doses), ("hib", "ヒブ", 4));
        assert_eq!((view.class, view.seasonal), (Class::Routine, false));
        assert_eq!(view.group, None);
        assert_eq!(rules.view("rota_rv1").unwrap().group, Some("rota"));
        assert!(rules.view("flu_elderly").unwrap().seasonal);
        assert_eq!(rules.view("nope"), None);
        let fills = |id| rules.vaccines_of(id).collect::<Vec<_>>();
        assert_eq!(fills("mr_1"), ["MR"]);
        assert_eq!(fills("rubella_5"), ["R", "MR"]);
        assert_eq!(fills("zoster"), ["RZV", "ZVL"]);
        assert!(fills("nope").is_empty());
        for (vaccine, live) in [
            ("BCG", true),
            ("RV1", false),
            ("FLUMIST", false),
            ("JE", false),
        ] {
            assert_eq!(rules.is_live_injectable(vaccine), live, "{vaccine}");
        }
        assert_eq!(rules.combined(), Some(("dpt_ipv_hib", ["dpt_ipv", "hib"])));
    }
}
