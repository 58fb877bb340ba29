use proptest::prelude::*;

use super::*;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn birth(text: &str) -> Birth {
    Birth(day(text))
}

fn age(text: &str) -> Age {
    text.parse().unwrap()
}

#[test]
fn an_age_is_reached_on_the_eve_of_the_birthday() {
    for (born, years, reached) in [
        ("2026-04-01", "2m", "2026-05-31"),
        ("2025-12-31", "2m", "2026-02-28"),
        ("2026-07-31", "2m", "2026-09-30"),
        ("2025-12-29", "2m", "2026-02-28"),
        ("2025-12-30", "2m", "2026-02-28"),
        ("2024-02-29", "12m", "2025-02-28"),
        ("2025-02-28", "12m", "2026-02-27"),
        ("1961-06-01", "65y", "2026-05-31"),
        ("2026-10-01", "6w0d", "2026-11-12"),
        ("2026-10-01", "24w0d", "2027-03-18"),
        ("2026-10-01", "0m", "2026-10-01"),
    ] {
        assert_eq!(
            birth(born).attains(age(years)),
            day(reached),
            "{born} {years}"
        );
    }
}

#[test]
fn a_missing_day_becomes_the_first_of_the_next_month() {
    for (from, months, to) in [
        ("2026-11-30", 3, "2027-03-01"),
        ("2026-08-31", 6, "2027-03-01"),
        ("2027-08-31", 6, "2028-03-01"),
        ("2027-08-29", 6, "2028-02-29"),
        ("2026-01-31", 1, "2026-03-01"),
        ("2026-03-31", 1, "2026-05-01"),
        ("2026-05-15", 12, "2027-05-15"),
        ("2026-10-31", 2, "2026-12-31"),
    ] {
        assert_eq!(
            add_months(day(from), Months(months)),
            day(to),
            "{from} + {months}"
        );
    }
}

#[test]
fn an_interval_counts_the_days_between() {
    for (from, interval, to) in [
        ("2026-05-04", "27d", "2026-06-01"),
        ("2026-05-04", "20d", "2026-05-25"),
        ("2026-05-04", "6d", "2026-05-11"),
        ("2026-09-25", "139d", "2027-02-12"),
        ("2026-11-30", "3m", "2027-03-01"),
        ("2026-01-10", "1.5m", "2026-02-24"),
        ("2028-01-10", "1.5m", "2028-02-25"),
        ("2026-03-10", "1.5m", "2026-04-25"),
        ("2026-04-10", "1.5m", "2026-05-26"),
    ] {
        let interval: Interval = interval.parse().unwrap();
        assert_eq!(interval.after(day(from)), day(to), "{from} {interval}");
    }
}

#[test]
fn whoever_is_born_on_the_first_of_april_belongs_to_the_earlier_year() {
    assert_eq!(
        birth("2020-04-01").enters_primary_school(),
        FiscalYear(2026)
    );
    assert_eq!(
        birth("2020-04-02").enters_primary_school(),
        FiscalYear(2027)
    );
    assert_eq!(birth("2014-04-01").fiscal_year_of(12), FiscalYear(2025));
    assert_eq!(birth("2014-04-02").fiscal_year_of(12), FiscalYear(2026));
    assert_eq!(FiscalYear::of(day("2027-03-31")), FiscalYear(2026));
    assert_eq!(FiscalYear(2026).last_day(), day("2027-03-31"));
}

#[test]
fn a_pregnancy_is_counted_from_the_expected_date() {
    let expected = Expected(day("2027-02-14"));
    assert_eq!(
        expected.reaches("28w0d".parse().unwrap()),
        day("2026-11-22")
    );
    assert_eq!(
        expected.reaches("36w6d".parse().unwrap()),
        day("2027-01-23")
    );
    let on = day("2026-11-22");
    let gestation = expected.gestation_on(on).unwrap();
    assert_eq!(gestation.to_string(), "28w0d");
    assert_eq!(Expected::from_gestation(gestation, on), expected);
    assert_eq!(expected.gestation_on(day("2026-01-01")), None);
}

#[test]
fn ages_are_printed_in_months_and_from_eight_years_on_in_years() {
    for (read, printed) in [
        ("2y", "24m"),
        ("7y", "84m"),
        ("95m", "95m"),
        ("96m", "8y"),
        ("97m", "97m"),
        ("65y", "65y"),
        ("14w6d", "14w6d"),
        ("28w", "28w0d"),
    ] {
        assert_eq!(age(read).to_string(), printed);
    }
}

#[test]
fn only_whole_weeks_are_counted() {
    for (gestation, weeks) in [("0w6d", 0), ("1w0d", 1), ("23w6d", 23), ("24w0d", 24)] {
        assert_eq!(gestation.parse::<Gestation>().unwrap().weeks(), weeks);
    }
}

#[test]
fn both_ends_of_a_window_belong_to_it_and_an_open_one_never_ends() {
    let (from, until) = (day("2026-04-10"), Some(day("2026-04-12")));
    let window = Window { from, until };
    let open = Window { from, until: None };
    for (on, inside, over, inside_open) in [
        ("2026-04-09", false, false, false),
        ("2026-04-10", true, false, true),
        ("2026-04-11", true, false, true),
        ("2026-04-12", true, false, true),
        ("2026-04-13", false, true, true),
    ] {
        assert_eq!(window.contains(day(on)), inside, "{on}");
        assert_eq!(window.is_over(day(on)), over, "{on}");
        assert_eq!(open.contains(day(on)), inside_open, "{on}");
        assert!(!open.is_over(day(on)), "{on}");
    }
}

#[test]
fn debug_output_holds_no_day() {
    assert_eq!(format!("{:?}", birth("2026-04-01")), "Birth(..)");
    assert_eq!(format!("{:?}", Expected(day("2026-04-01"))), "Expected(..)");
}

#[test]
fn what_is_no_span_is_refused() {
    for text in [
        "", "m", "12", "-1m", "+1m", "99999m", "6w7d", "6w0", "2.5y", "２m",
    ] {
        assert!(text.parse::<Age>().is_err(), "{text}");
    }
    for text in ["", "d", "5w", "2.5d", ".5m"] {
        assert!(text.parse::<Interval>().is_err(), "{text}");
    }
}

/// The Gregorian calendar repeats after 400 years.
const CYCLE: i64 = 146_097;

fn any_day() -> impl Strategy<Value = Date> {
    (0_i64..120_000).prop_map(|days| add_days(day("1868-01-01"), days))
}

proptest! {
    #[test]
    fn four_centuries_change_nothing(from in any_day(), months in 0_u16..1_300, days in 0_u16..400) {
        let later = add_days(from, CYCLE);
        let pairs = [
            (add_months(from, Months(months)), add_months(later, Months(months))),
            (Interval::Days(Days(days)).after(from), Interval::Days(Days(days)).after(later)),
            (Interval::MonthsAndHalf(Months(months)).after(from), Interval::MonthsAndHalf(Months(months)).after(later)),
            (Birth(from).enters_primary_school().first_day(), Birth(later).enters_primary_school().first_day()),
        ];
        for (now, then) in pairs {
            prop_assert_eq!(add_days(now, CYCLE), then);
        }
        prop_assert_eq!(AgeShown::on(Birth(from), add_days(from, i64::from(days))).unwrap().to_string(),
            AgeShown::on(Birth(later), add_days(later, i64::from(days))).unwrap().to_string());
    }

    #[test]
    fn ages_never_run_backwards(born in any_day(), months in 1_u16..1_200) {
        let at = |n| Birth(born).attains(Age::Months(Months(n)));
        prop_assert!(at(months) <= at(months + 1));
        prop_assert!(Birth(add_days(born, 1)).attains(age("2m")) >= Birth(born).attains(age("2m")));
        prop_assert_eq!(add_days(at(months), 1), add_months(born, Months(months)));
    }

    #[test]
    fn what_is_printed_is_read_back(days in 0_u16..1_000, months in 0_u16..1_200) {
        for interval in [Interval::Days(Days(days)), Interval::Months(Months(months)), Interval::MonthsAndHalf(Months(months))] {
            prop_assert_eq!(interval.to_string().parse::<Interval>().unwrap(), interval);
        }
        for age in [Age::Months(Months(months)), Age::Weeks(Gestation { days })] {
            prop_assert_eq!(age.to_string().parse::<Age>().unwrap(), age);
        }
    }
}
