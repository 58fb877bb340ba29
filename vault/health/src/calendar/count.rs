//! Days of the Gregorian calendar as numbers, without which a forecast would spend its time on spans.
//! Knows no law.

use crate::date::Date;

/// The days since 1970-01-01.
pub(super) fn number_of(day: Date) -> i64 {
    // Years are counted from March, so that the leap day is the last of its year.
    let (year, month) = (i64::from(day.year()), i64::from(day.month()));
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let of_year = (153 * month + 2) / 5 + i64::from(day.day()) - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + of_year - EPOCH
}

/// The day of that number, or the first or last that there is.
pub(super) fn day_at(number: i64) -> Date {
    let days = number.clamp(-4_371_587, 2_932_896) + EPOCH;
    let (cycle, of_cycle) = (days.div_euclid(CYCLE), days.rem_euclid(CYCLE));
    let leap_days = of_cycle / 1_460 - of_cycle / 36_524 + of_cycle / (CYCLE - 1);
    let of_cycle_year = (of_cycle - leap_days) / 365;
    let of_year = of_cycle - (365 * of_cycle_year + of_cycle_year / 4 - of_cycle_year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let year = cycle * 400 + of_cycle_year;
    if month < 10 {
        civil(year, month + 3, day)
    } else {
        civil(year + 1, month - 9, day)
    }
}

/// `days` later, or earlier if negative.
pub(super) fn days_after(day: Date, days: i64) -> Date {
    // Most steps stay within the month.
    match i64::from(day.day()).checked_add(days) {
        Some(of_month @ 1..=28) => civil(day.year().into(), day.month().into(), of_month),
        _ => day_at(number_of(day).saturating_add(days)),
    }
}

/// The first of the month that comes `months` after the month of `day`.
pub(super) fn month_after(day: Date, months: i32) -> Date {
    let all = i32::from(day.year()) * 12 + i32::from(day.month()) - 1 + months;
    civil(
        i64::from(all.div_euclid(12)),
        i64::from(all.rem_euclid(12)) + 1,
        1,
    )
}

fn civil(year: i64, month: i64, day: i64) -> Date {
    let parts = (i16::try_from(year), i8::try_from(month), i8::try_from(day));
    let (Ok(year), Ok(month), Ok(day)) = parts else {
        return Date::MAX;
    };
    Date::new(year, month, day).unwrap_or(Date::MAX)
}

/// The days from 1 March of the year 0 to 1970-01-01.
const EPOCH: i64 = 719_468;
/// The days of 400 years.
const CYCLE: i64 = 146_097;

#[cfg(test)]
mod tests {
    use jiff::Span;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_and_the_last_day_are_kept() {
        assert_eq!(number_of(Date::new(1970, 1, 1).unwrap()), 0);
        for day in [Date::MIN, Date::MAX] {
            assert_eq!(day_at(number_of(day)), day);
        }
        assert_eq!(day_at(i64::MIN / 2), Date::MIN);
        assert_eq!(day_at(i64::MAX / 2), Date::MAX);
        assert_eq!(days_after(Date::MAX, i64::MAX), Date::MAX);
        assert_eq!(month_after(Date::MAX, 1), Date::MAX);
    }

    #[test]
    fn every_day_of_four_centuries_has_the_number_after_the_day_before() {
        // From one leap day of a century to the next: every case of the leap rule, at every edge.
        let (mut day, last) = (
            Date::new(1600, 2, 28).unwrap(),
            Date::new(2000, 3, 2).unwrap(),
        );
        let mut number = number_of(day);
        while day < last {
            day = day.tomorrow().unwrap();
            number += 1;
            assert_eq!(number_of(day), number, "{day}");
            assert_eq!(day_at(number), day);
        }
    }

    proptest! {
        #[test]
        fn the_calendar_library_counts_the_same(days in -60_000_i64..120_000, more in -60_000_i64..60_000, months in 0_i32..2_000) {
            let epoch = Date::new(1970, 1, 1).unwrap();
            let day = epoch.saturating_add(Span::new().days(days));
            prop_assert_eq!(number_of(day), days);
            prop_assert_eq!(day_at(days), day);
            for more in [more, more % 40] {
                prop_assert_eq!(days_after(day, more), day.saturating_add(Span::new().days(more)));
            }
            let month = day.first_of_month().saturating_add(Span::new().months(months));
            prop_assert_eq!(month_after(day, months), month);
        }
    }
}
