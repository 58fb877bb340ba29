//! What holds of every case.

use std::sync::LazyLock;

use jiff::civil::Date;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ask, by_series, rules};
use crate::calendar::{Birth, Expected, add_days};
use crate::schedule::rules::{Day, Span, WindowRule};
use crate::schedule::{Case, Rules, answer_lines, forecast};

const CHILD: [&str; 9] = [
    "DPTIPVHib",
    "PCV20",
    "HepB",
    "RV1",
    "BCG",
    "MR",
    "VAR",
    "JE",
    "MUMPS",
];
/// A vaccine and the series that it is related to.
const UNRELATED: [(&str, &[&str]); 6] = [
    ("BCG", &["bcg"]),
    ("MR", &["mr_1", "mr_2"]),
    ("VAR", &["varicella"]),
    ("MUMPS", &["mumps"]),
    ("YF", &[]),
    ("IPV", &["ipv_preschool_jps"]),
];
/// The series of injected live vaccines.
const LIVE: [&str; 5] = ["bcg", "mr_1", "mr_2", "varicella", "mumps"];

fn any_doses() -> impl Strategy<Value = Vec<(usize, i64)>> {
    prop::collection::vec((0..CHILD.len(), 1_i64..900), 0..8)
}

fn doses(birth: Date, given: &[(usize, i64)]) -> Vec<Value> {
    let dose = |(vaccine, day): &(usize, i64)| json!({"vaccine": CHILD[*vaccine], "date": add_days(birth, *day).to_string()});
    given.iter().map(dose).collect()
}

fn date(value: &Value) -> Option<Date> {
    value.as_str().map(|text| text.parse().unwrap())
}

/// What of a next dose or of flags belongs to the rule followed, not to the day of the question.
fn rule_period(value: &Value) -> Vec<String> {
    let flags = value.as_array().cloned().unwrap_or(vec![value.clone()]);
    let flags = flags.iter().map(|flag| flag.as_str().unwrap_or("-"));
    let of_status = [
        "before_standard_window",
        "cannot_complete_in_window",
        "first_dose_after_14w6d",
    ];
    let kept = flags
        .filter(|flag| !of_status.contains(flag) && !flag.starts_with("last_start_to_complete"));
    kept.map(str::to_owned).collect()
}

/// The Gregorian calendar repeats after 400 years.
fn shift(day: Date) -> Date {
    Date::new(day.year() + 400, day.month(), day.day()).unwrap()
}

fn shift_day(day: &mut Day) {
    day.0 = shift(day.0);
}

fn shift_span(span: &mut Span) {
    span.from.iter_mut().for_each(shift_day);
    span.until.iter_mut().for_each(shift_day);
}

/// The rules with every date of theirs 400 years later.
fn shifted_rules() -> &'static Rules {
    static RULES: LazyLock<Rules> = LazyLock::new(make_shifted_rules);
    &RULES
}

fn make_shifted_rules() -> Rules {
    let mut rules = rules().clone();
    shift_day(&mut rules.pack.review_by);
    for between in &mut rules.between {
        between.from.iter_mut().for_each(shift_day);
        between.until.iter_mut().for_each(shift_day);
    }
    let switching = rules.switching.iter_mut();
    switching.for_each(|switching| shift_day(&mut switching.free_from));
    for series in &mut rules.series {
        let spans = [&mut series.births, &mut series.in_force];
        for span in spans.into_iter().flatten() {
            shift_span(span);
        }
        match &mut series.window {
            WindowRule::Milestones {
                also_until, beyond, ..
            } => {
                shift_day(also_until);
                if let Some(beyond) = beyond {
                    beyond.year += 400;
                }
            }
            WindowRule::Dates { from, until } => {
                shift_day(from);
                shift_day(until);
            }
            _ => {}
        }
        if let Some(formerly) = &mut series.formerly {
            shift_day(&mut formerly.until);
        }
        series.tested_by.iter_mut().for_each(shift_day);
        if let Some(extension) = &mut series.extension {
            shift_span(&mut extension.births);
            shift_day(&mut extension.from);
            shift_day(&mut extension.until);
        }
        if let Some(transition) = &mut series.transition {
            shift_span(&mut transition.births);
            shift_span(&mut transition.dose_given);
            shift_day(&mut transition.until);
        }
        for product in &mut series.product {
            product.from.iter_mut().for_each(shift_day);
            product.until.iter_mut().for_each(shift_day);
        }
        if let Some(option) = &mut series.option {
            shift_day(&mut option.from);
        }
    }
    rules
}

/// The question with every date of it 400 years later.
fn shifted_case(case: &Case) -> Case {
    let mut case = case.clone();
    case.on = shift(case.on);
    case.birth = case.birth.map(|birth| Birth(shift(birth.0)));
    for dose in &mut case.doses {
        dose.date = shift(dose.date);
    }
    let facts = &mut case.facts;
    facts.expected = facts.expected.map(|expected| Expected(shift(expected.0)));
    facts.last_visit = facts.last_visit.map(shift);
    facts.planned_birth = facts.planned_birth.map(shift);
    let ended = |(from, until): (Date, Option<Date>)| (shift(from), until.map(shift));
    facts.contraindicated = facts.contraindicated.map(ended);
    case
}

/// The text with every date in it 400 years later.
fn shifted_text(text: &str) -> String {
    let mut shifted = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if let Some(Ok(day)) = rest.get(..10).map(str::parse::<Date>)
            && rest.as_bytes()[4] == b'-'
        {
            shifted.push_str(&shift(day).to_string());
            rest = &rest[10..];
        } else {
            shifted.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    shifted
}

/// The answer without the name of the rules, which is no date of theirs.
fn answer(rules: &Rules, case: &Case) -> String {
    let mut forecast = forecast(rules, case).unwrap();
    forecast.data_version.clear();
    serde_json::to_string(&forecast).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_text_is_answered(line in "\\PC{0,80}") {
        if let Some((answer, _)) = answer_lines(rules(), 1, &line) {
            prop_assert!(serde_json::from_str::<Value>(&answer).is_ok());
        }
    }

    #[test]
    fn an_unrelated_dose_moves_a_series_only_later_and_only_by_the_live_interval(
        born in 0_i64..1_500, given in any_doses(), extra in 0..UNRELATED.len(), day in 1_i64..900,
    ) {
        let rules = rules();
        let birth = add_days("2024-04-01".parse().unwrap(), born);
        let mut all = doses(birth, &given);
        let on = add_days(birth, 900).to_string();
        let ask_with = |all: &Vec<Value>| by_series(&ask(rules, &json!({"birth_date": birth.to_string(), "on": on, "doses": all})));
        let before = ask_with(&all);
        let (vaccine, own) = UNRELATED[extra];
        let day = add_days(birth, day);
        all.push(json!({"vaccine": vaccine, "date": day.to_string()}));
        let after = ask_with(&all);
        for (series, then) in after.iter().filter(|(series, _)| !own.contains(&series.as_str())) {
            let now = &before[series];
            let (earlier, later) = (date(&now["earliest"]), date(&then["earliest"]));
            prop_assert_eq!(&now["next_dose"], &then["next_dose"], "{}", series);
            if earlier != later {
                prop_assert!(vaccine != "IPV" && LIVE.contains(&series.as_str()), "{} moved by {}", series, vaccine);
                prop_assert!(later > earlier, "{} {:?} {:?}", series, earlier, later);
                prop_assert_eq!(later, Some(add_days(day, 28)), "{}", series);
            }
        }
    }

    #[test]
    fn the_day_of_the_question_changes_the_status_alone(
        born in 0_i64..1_500, given in any_doses(), on in 900_i64..3_000, later in 0_i64..400,
    ) {
        let rules = rules();
        let birth = add_days("2024-11-01".parse().unwrap(), born);
        let at = |on: i64| {
            let on = add_days(birth, on).to_string();
            by_series(&ask(rules, &json!({"birth_date": birth.to_string(), "on": on, "doses": doses(birth, &given)})))
        };
        let (now, then) = (at(on), at(on + later));
        for (series, then) in &then {
            let Some(now) = now.get(series) else { continue };
            // A season begins anew; a doctor's or the city's exception begins with the end of the window.
            // The dose before school is left out at seven: the next one has another rule.
            let is_other = series.starts_with("flu") || series == "dpt_preschool_jps";
            let same = ["next_dose", "flags"].map(|field| rule_period(&now[field]) == rule_period(&then[field]));
            if !is_other && same == [true, true] && now["status"] != "complete" {
                for field in ["earliest", "latest", "recommended_from", "recommended_to"] {
                    prop_assert_eq!(&now[field], &then[field], "{} {}", series, field);
                }
            }
        }
    }

    #[test]
    fn four_centuries_shift_case_rules_and_answer_alike(born in -8_000_i64..1_500, given in any_doses(), on in 0_i64..9_000, female: bool) {
        let birth = add_days("2024-04-01".parse().unwrap(), born);
        let mut all = doses(birth, &given);
        all.push(json!({"vaccine": "HPV2", "date": add_days(birth, 4_800).to_string()}));
        let question = json!({
            "birth_date": birth.to_string(), "sex": if female { "female" } else { "male" }, "doses": all,
            "on": add_days(birth, on).to_string(),
            "facts": {"gestation": "20w0d", "last_visit": "2026-11-01", "contraindicated": "2025-01-01..2026-03-01"},
        });
        let now = Case::parse(&question.to_string()).unwrap();
        prop_assert_eq!(shifted_text(&answer(rules(), &now)), answer(shifted_rules(), &shifted_case(&now)));
    }

    #[test]
    fn answers_keep_their_own_order(born in 0_i64..1_500, given in any_doses(), on in 0_i64..4_000) {
        let birth = add_days("2022-04-01".parse().unwrap(), born);
        let on = add_days(birth, on);
        let answer = ask(rules(), &json!({"birth_date": birth.to_string(), "on": on.to_string(), "doses": doses(birth, &given)}));
        for one in answer["series"].as_array().unwrap() {
            let (earliest, latest) = (date(&one["earliest"]), date(&one["latest"]));
            let (from, to) = (date(&one["recommended_from"]), date(&one["recommended_to"]));
            let name = &one["series"];
            match one["status"].as_str().unwrap() {
                "eligible" | "eligible_not_recommended" => {
                    prop_assert!(earliest.is_none_or(|day| day <= on), "{}", name);
                    prop_assert!(latest.is_none_or(|day| on <= day), "{}", name);
                }
                "upcoming" => prop_assert!(earliest > Some(on), "{}", name),
                "aged_out" => prop_assert!(latest.is_none_or(|day| day < on), "{}", name),
                "unreachable" => prop_assert!(earliest > latest, "{}", name),
                "complete" => prop_assert!(earliest.is_none(), "{}", name),
                _ => {}
            }
            prop_assert!(from.is_none() || from >= earliest, "{}", name);
            prop_assert!(from.is_none() || to.is_none() || from <= to, "{}", name);
        }
    }
}
