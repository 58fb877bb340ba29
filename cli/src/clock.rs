//! The only clock: instants for what is written, and the civil day in Japan.

use std::time::UNIX_EPOCH;

use jiff::tz::Offset;
use techo_health::Date;
use techo_vault::time::Timestamp;

/// Dates are civil dates in Japan, wherever the device is; Japan has no summer time.
pub(crate) const JAPAN: Offset = Offset::constant(9);

/// Now.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the program that reads the clock"
)]
pub(crate) fn now() -> Timestamp {
    let passed = std::time::SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX))
}

/// Today in Japan.
pub(crate) fn today() -> Date {
    day_of(now())
}

/// The hour in Japan.
pub(crate) fn hour() -> i8 {
    let millis = i64::try_from(now().millis()).unwrap_or(i64::MAX);
    let stamp = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    JAPAN.to_datetime(stamp).hour()
}

/// The civil day in Japan on which an instant lies.
pub(crate) fn day_of(instant: Timestamp) -> Date {
    let millis = i64::try_from(instant.millis()).unwrap_or(i64::MAX);
    let stamp = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    JAPAN.to_datetime(stamp).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_changes_at_midnight_in_japan() {
        // 2026-04-02T14:59:59.999Z and one millisecond later.
        let before = Timestamp::from_millis(1_775_141_999_999);
        assert_eq!(day_of(before).to_string(), "2026-04-02");
        assert_eq!(day_of(before.plus_millis(1)).to_string(), "2026-04-03");
    }

    #[test]
    fn a_clock_beyond_all_years_is_no_panic() {
        assert_eq!(day_of(Timestamp::from_millis(u64::MAX)).year(), 9999);
    }
}
