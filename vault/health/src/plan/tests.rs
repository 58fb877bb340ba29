use proptest::prelude::*;

use super::*;
use crate::calendar::add_days;
use crate::record::Sex;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn rules() -> Rules {
    Rules::built_in().unwrap()
}

fn child(birth: &str, on: &str, doses: &[(&str, &str)]) -> Case {
    let mut case = Case::of_person(Some(day(birth)), Some(Sex::Female), day(on));
    for (vaccine, date) in doses {
        case.give(vaccine, day(date));
    }
    case
}

fn made(case: &Case) -> Plan {
    plan(&rules(), case, &Wishes::default()).unwrap()
}

fn vaccines(visit: &Visit) -> Vec<&str> {
    visit
        .doses
        .iter()
        .map(|dose| dose.vaccine.as_str())
        .collect()
}

/// Every planned dose counts when it is fed back, and lies in the window that was told for it.
fn counts(rules: &Rules, case: &Case, plan: &Plan) -> Result<(), String> {
    let doubts = |case: &Case| -> Vec<String> {
        let now = forecast(rules, case).unwrap();
        let flags = now.series.iter().flat_map(|proposal| {
            let doubts = proposal.flags.iter().filter(|flag| {
                let number = flag
                    .strip_prefix("dose")
                    .and_then(|rest| rest.split_once(':'));
                number.is_some_and(|(number, _)| number.parse::<u8>().is_ok())
            });
            doubts.map(|flag| format!("{} {flag}", proposal.series))
        });
        let lost = now
            .unassigned
            .iter()
            .map(|dose| format!("{} lost", dose.date));
        flags.chain(lost).collect()
    };
    let mut fed = case.clone();
    let mut last = case.on();
    for visit in &plan.visits {
        if visit.date < last {
            return Err("a visit before the day asked for, or out of order".to_owned());
        }
        last = visit.date;
        for dose in &visit.doses {
            let legal = dose.earliest <= visit.date
                && dose.latest.is_none_or(|latest| visit.date <= latest);
            if !legal {
                return Err(format!(
                    "{} on {} is outside its window",
                    dose.series, visit.date
                ));
            }
            fed.give(&dose.vaccine, visit.date);
        }
    }
    fed.ask_on(last);
    // What is doubted of the doses given before is no fault of the plan.
    let mut unfed = case.clone();
    unfed.ask_on(last);
    let before = doubts(&unfed);
    let new: Vec<String> = doubts(&fed)
        .into_iter()
        .filter(|doubt| !before.contains(doubt))
        .collect();
    if new.is_empty() {
        Ok(())
    } else {
        Err(new.join("; "))
    }
}

#[test]
fn a_newborn_is_planned_to_the_end_and_visits_are_joined() {
    let case = child("2026-10-01", "2026-11-22", &[]);
    let plan = made(&case);
    counts(&rules(), &case, &plan).unwrap();
    assert!(plan.open.is_empty(), "{:?}", whys(&plan));
    let first = &plan.visits[0];
    assert_eq!(
        first.date,
        day("2026-12-01"),
        "two months: the birthday, not its eve"
    );
    assert_eq!(vaccines(first), ["DPTIPVHib", "PCV20", "HepB", "RV1"]);
    let second = &plan.visits[1];
    assert_eq!(second.date, day("2026-12-29"));
    assert_eq!(second.doses.len(), 4, "{:?}", vaccines(second));
    let infant = plan
        .visits
        .iter()
        .filter(|visit| visit.date < day("2027-10-01"));
    let infant: Vec<String> = infant
        .map(|visit| format!("{} {:?}", visit.date, vaccines(visit)))
        .collect();
    assert!(infant.len() <= 7, "{infant:#?}");
    let fed: Vec<&str> = plan.visits.iter().flat_map(vaccines).collect();
    let times = |code: &str| fed.iter().filter(|vaccine| **vaccine == code).count();
    for (code, doses) in [
        ("DPTIPVHib", 4),
        ("PCV20", 4),
        ("HepB", 3),
        ("RV1", 2),
        ("BCG", 1),
    ] {
        assert_eq!(times(code), doses, "{code}");
    }
    for (code, doses) in [("MR", 2), ("VAR", 2), ("JE", 4), ("DT", 1), ("HPV9", 2)] {
        assert_eq!(times(code), doses, "{code}");
    }
}

fn whys(plan: &Plan) -> Vec<(&str, WhyOpen)> {
    plan.open
        .iter()
        .map(|open| (open.series.as_str(), open.why))
        .collect()
}

#[test]
fn live_vaccines_come_on_one_day_or_four_weeks_apart() {
    // BCG was given late: MR and varicella wait until the 28th day after.
    let case = child("2025-10-01", "2026-09-25", &[("BCG", "2026-09-20")]);
    let plan = made(&case);
    counts(&rules(), &case, &plan).unwrap();
    let mr = plan
        .visits
        .iter()
        .find(|visit| vaccines(visit).contains(&"MR"))
        .unwrap();
    assert!(mr.date >= day("2026-10-18"), "{}", mr.date);
    assert!(vaccines(mr).contains(&"VAR"), "{:?}", vaccines(mr));
}

#[test]
fn what_can_no_longer_be_completed_is_said_and_not_planned() {
    // Two doses of hepatitis B are missing a week before the first birthday.
    let doses = [("HepB", "2026-01-10")];
    let case = child("2025-11-29", "2026-11-22", &doses);
    let plan = made(&case);
    counts(&rules(), &case, &plan).unwrap();
    assert!(
        // The rules name no interval before the third dose: the day after is no plan.
        whys(&plan).contains(&("hepb", WhyOpen::Ask)),
        "{:?}",
        whys(&plan)
    );
    assert!(
        whys(&plan)
            .iter()
            .any(|(series, why)| { series.starts_with("rota") && *why == WhyOpen::Over })
    );
    // BCG still fits, and comes first.
    let bcg = plan
        .visits
        .iter()
        .find(|visit| vaccines(visit).contains(&"BCG"))
        .unwrap();
    assert!(bcg.date <= day("2026-11-28"));
}

#[test]
fn a_child_behind_is_caught_up_before_the_windows_close() {
    let case = child("2023-12-20", "2026-11-22", &[]);
    let plan = made(&case);
    counts(&rules(), &case, &plan).unwrap();
    // Varicella ends on 2026-12-19: two doses need three months.
    assert!(
        whys(&plan).contains(&("varicella", WhyOpen::NoTime)),
        "{:?}",
        whys(&plan)
    );
    let first = &plan.visits[0];
    assert_eq!(
        first.date,
        day("2026-11-22"),
        "overdue doses wait for nothing"
    );
    assert!(vaccines(first).contains(&"DPTIPVHib"));
}

#[test]
fn who_began_with_four_in_one_and_hib_goes_on_with_five_in_one() {
    let doses = [
        ("DPTIPV", "2025-05-10"),
        ("Hib", "2025-05-10"),
        ("DPTIPV", "2025-06-10"),
        ("Hib", "2025-06-10"),
    ];
    let case = child("2025-03-01", "2026-01-10", &doses);
    let plan = made(&case);
    counts(&rules(), &case, &plan).unwrap();
    let fed: Vec<&str> = plan.visits.iter().flat_map(vaccines).collect();
    assert!(!fed.contains(&"DPTIPV") && !fed.contains(&"Hib"), "{fed:?}");
    assert!(
        fed.iter()
            .filter(|vaccine| **vaccine == "DPTIPVHib")
            .count()
            >= 2
    );
}

#[test]
fn where_two_recombinant_doses_no_longer_fit_the_one_live_dose_is_planned() {
    let case = child("1961-06-01", "2027-03-01", &[]);
    let plan = made(&case);
    counts(&rules(), &case, &plan).unwrap();
    let zoster = plan.visits.iter().flat_map(|visit| &visit.doses);
    let zoster: Vec<&str> = zoster
        .filter(|dose| dose.series == "zoster")
        .map(|dose| dose.vaccine.as_str())
        .collect();
    assert_eq!(zoster, ["ZVL"], "{:?}", whys(&plan));
}

/// Two live vaccines: A may be given from birth on for a year, B only in the fourth week.
const TIGHT: &str = r#"
between = [{ first = ["injectable"], second = ["injectable"], interval = "27d", flag = "live_interval_short", sources = ["x"], confidence = "high" }]
vaccine = [
  { code = "A", kind = "a", live = "injectable", series = ["a"] },
  { code = "B", kind = "b", live = "injectable", series = ["b"] },
]
[pack]
format = 1
data_version = "test"
review_by = "2030-01-01"
[[series]]
id = "a"
name = "A"
class = "routine"
confidence = "high"
sources = ["x"]
window = { kind = "age", from = "0m", until = "12m" }
  [[series.plan]]
    [[series.plan.dose]]
[[series]]
id = "b"
name = "B"
class = "routine"
confidence = "high"
sources = ["x"]
window = { kind = "age", from = "3w0d", until = "3w6d" }
  [[series.plan]]
    [[series.plan.dose]]
[sources]
x = "x"
"#;

#[test]
fn a_dose_that_would_take_the_last_chance_of_another_waits() {
    let rules = Rules::parse(TIGHT).unwrap();
    let case = child("2026-01-01", "2026-01-01", &[]);
    let plan = plan(&rules, &case, &Wishes::default()).unwrap();
    counts(&rules, &case, &plan).unwrap();
    assert!(plan.open.is_empty(), "{:?}", whys(&plan));
    let given: Vec<(String, Vec<&str>)> = plan
        .visits
        .iter()
        .map(|visit| (visit.date.to_string(), vaccines(visit)))
        .collect();
    assert!(
        given
            .iter()
            .any(|(date, codes)| codes.contains(&"B") && date.as_str() <= "2026-01-28"),
        "{given:?}"
    );
}

#[test]
fn two_live_vaccines_whose_windows_leave_no_four_weeks_are_said_not_to_fit_together() {
    // A only in the first week, B only in the second: alone each would fit.
    let text = TIGHT
        .replace(
            "from = \"0m\", until = \"12m\"",
            "from = \"0w0d\", until = \"1w0d\"",
        )
        .replace(
            "from = \"3w0d\", until = \"3w6d\"",
            "from = \"1w1d\", until = \"2w0d\"",
        );
    assert_ne!(text, TIGHT);
    let rules = Rules::parse(&text).unwrap();
    let case = child("2026-01-01", "2026-01-01", &[]);
    let plan = plan(&rules, &case, &Wishes::default()).unwrap();
    counts(&rules, &case, &plan).unwrap();
    assert_eq!(plan.visits.len(), 1);
    assert_eq!(plan.open.len(), 1);
    assert_eq!(plan.open[0].why, WhyOpen::NoRoom);
}

#[test]
fn a_visit_waits_a_little_for_the_brother_or_sister_who_goes_anyway() {
    let case = child("2026-10-01", "2026-11-22", &[]);
    let goes = |date: &str| Wishes {
        together: [day(date)].into(),
        ..Wishes::default()
    };
    let first = |date: &str| plan(&rules(), &case, &goes(date)).unwrap().visits[0].date;
    assert_eq!(first("2026-12-05"), day("2026-12-05"));
    assert_eq!(first("2026-12-25"), day("2026-12-01"), "not for weeks");
}

#[test]
fn standings_say_what_is_overdue_and_what_closes() {
    let doses = [
        ("DPTIPVHib", "2024-07-08"),
        ("DPTIPVHib", "2024-08-09"),
        ("MR", "2025-05-20"),
    ];
    let case = child("2024-05-06", "2026-11-22", &doses);
    let items = standings(&rules(), &case, 90).unwrap();
    let standing = |series: &str| {
        let item = items.iter().find(|item| item.proposal.series == series);
        item.map(|item| item.standing)
    };
    assert_eq!(standing("dpt_ipv_hib"), Some(Standing::Overdue));
    assert_eq!(standing("mr_1"), Some(Standing::Complete));
    assert_eq!(standing("mr_2"), Some(Standing::Later));
    assert_eq!(standing("hpv_male"), None);
    let soon = child("2024-05-06", "2027-04-01", &doses);
    let items = standings(&rules(), &soon, 90).unwrap();
    let varicella = items
        .iter()
        .find(|item| item.proposal.series == "varicella")
        .unwrap();
    assert_eq!(varicella.standing, Standing::Ask, "two doses no longer fit");
    let first = items.first().unwrap();
    assert!(first.standing <= Standing::Overdue);
}

#[test]
fn adults_are_not_told_of_childhood_and_of_voluntary_vaccinations() {
    let case = child("1990-04-12", "2026-11-22", &[]);
    let items = standings(&rules(), &case, 90).unwrap();
    let told: Vec<&str> = items
        .iter()
        .filter(|item| item.standing <= Standing::Soon || item.standing == Standing::Missed)
        .map(|item| item.proposal.series.as_str())
        .collect();
    assert_eq!(told, ["flu_child_inactivated"]);
}

const CODES: [&str; 12] = [
    "DPTIPVHib",
    "PCV20",
    "HepB",
    "RV1",
    "RV5",
    "BCG",
    "MR",
    "VAR",
    "JE",
    "DPTIPV",
    "Hib",
    "MUMPS",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever was given whenever, what is planned counts and stays inside the law.
    #[test]
    fn every_planned_dose_counts_when_it_is_fed_back(
        born in 0_i64..2_500,
        age in 0_i64..4_800,
        given in proptest::collection::vec((0_usize..12, 0_i64..2_000), 0..7),
        voluntary: bool,
        goes in proptest::collection::vec(0_i64..400, 0..4),
    ) {
        let rules = rules();
        let birth = add_days(day("2019-04-02"), born);
        let on = add_days(birth, age);
        let mut case = Case::of_person(Some(birth), Some(Sex::Female), on);
        for (code, days) in given {
            let date = add_days(birth, days);
            if date <= on {
                case.give(CODES[code], date);
            }
        }
        let together = goes.into_iter().map(|days| add_days(on, days)).collect();
        let plan = plan(&rules, &case, &Wishes { voluntary, together }).unwrap();
        prop_assert_eq!(counts(&rules, &case, &plan), Ok(()));
    }
}
