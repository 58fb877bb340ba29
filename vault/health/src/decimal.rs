//! Decimal numbers as people write them: kept digit by digit, never a binary float.

use std::{fmt, str::FromStr};

use crate::value::redact;

/// A decimal number with at most nine digits before the point and six after it.
///
/// What was written is kept: `3.20` stays `3.20`. Equality is by what was written;
/// [`Decimal::micros`] compares by amount.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Decimal {
    text: String,
    micros: i64,
}

impl Decimal {
    /// The amount in millionths.
    pub fn micros(&self) -> i64 {
        self.micros
    }

    /// What was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The amount divided by `10^places`, or multiplied for negative `places`; `None` if digits
    /// would be lost or it grows too large.
    pub fn shifted(&self, places: i32) -> Option<Self> {
        let factor = 10_i64.checked_pow(places.unsigned_abs())?;
        let micros = if places >= 0 {
            (self.micros % factor == 0).then_some(self.micros / factor)?
        } else {
            self.micros.checked_mul(factor)?
        };
        Self::from_micros(micros)
    }

    fn from_micros(micros: i64) -> Option<Self> {
        let sign = if micros < 0 { "-" } else { "" };
        let (whole, rest) = (
            micros.unsigned_abs() / MICRO.unsigned_abs(),
            micros.unsigned_abs() % MICRO.unsigned_abs(),
        );
        let fraction = format!("{rest:06}");
        let text = match fraction.trim_end_matches('0') {
            "" => format!("{sign}{whole}"),
            digits => format!("{sign}{whole}.{digits}"),
        };
        text.parse().ok()
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(input: &str) -> Result<Self, DecimalError> {
        let text: String = input.trim().chars().map(narrow).collect();
        let text = ungrouped(&text).ok_or(DecimalError)?;
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.as_str()),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(DecimalError),
            None => (digits, ""),
        };
        let all_digits = whole
            .bytes()
            .chain(fraction.bytes())
            .all(|b| b.is_ascii_digit());
        if !all_digits || !(1..=9).contains(&whole.len()) || fraction.len() > 6 {
            return Err(DecimalError);
        }
        let amount: i64 = format!("{whole}{fraction:0<6}")
            .parse()
            .map_err(|_| DecimalError)?;
        Ok(Self {
            micros: if negative { -amount } else { amount },
            text,
        })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

redact!(Decimal);

/// Text that is not a plain decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number")]
pub struct DecimalError;

/// Takes the commas out of `3,200` and `12,345.6`; `None` where they do not stand between thousands.
fn ungrouped(text: &str) -> Option<String> {
    let Some((first, rest)) = text.split_once(',') else {
        return Some(text.to_owned());
    };
    let (whole, fraction) = match rest.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (rest, None),
    };
    let digits = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    let grouped = digits(first.trim_start_matches('-'), 1..=3)
        && whole.split(',').all(|part| digits(part, 3..=3));
    let fraction = fraction.map_or_else(String::new, |fraction| format!(".{fraction}"));
    grouped.then(|| format!("{first}{}{fraction}", whole.replace(',', "")))
}

/// Full-width digits, point and minus as their ASCII counterparts.
pub(crate) fn narrow(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '　' => ' ',
        '−' | '‐' | '‑' | '–' => '-',
        _ => c,
    }
}

const MICRO: i64 = 1_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_written_is_kept() {
        assert_eq!("3.20".parse::<Decimal>().unwrap().as_str(), "3.20");
        assert_eq!("３．２".parse::<Decimal>().unwrap().as_str(), "3.2");
        assert_eq!("-0.5".parse::<Decimal>().unwrap().micros(), -500_000);
        assert_eq!("3,200".parse::<Decimal>().unwrap().as_str(), "3200");
        assert_eq!("12,345.60".parse::<Decimal>().unwrap().as_str(), "12345.60");
    }

    #[test]
    fn anything_but_a_plain_number_is_refused() {
        for bad in [
            "",
            ".",
            "1.",
            ".5",
            "1,5",
            ",500",
            "3,20,000",
            "1234,567",
            "3,200,",
            "1e3",
            "+1",
            "--1",
            "NaN",
            "1.0000001",
            "1234567890",
            "1 2",
        ] {
            assert_eq!(bad.parse::<Decimal>(), Err(DecimalError), "{bad}");
        }
    }

    #[test]
    fn shifting_never_loses_digits() {
        let grams: Decimal = "3215".parse().unwrap();
        assert_eq!(grams.shifted(3).unwrap().as_str(), "3.215");
        assert_eq!(grams.shifted(3).unwrap().shifted(-3).unwrap(), grams);
        assert_eq!("0.000001".parse::<Decimal>().unwrap().shifted(3), None);
        assert_eq!("999999999".parse::<Decimal>().unwrap().shifted(-3), None);
    }

    proptest! {
        #[test]
        fn a_shift_and_back_is_the_same_amount(n in -999_999_i64..999_999, places in 0_i32..4) {
            let d: Decimal = n.to_string().parse().unwrap();
            prop_assert_eq!(d.shifted(places).unwrap().shifted(-places).unwrap().micros(), d.micros());
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,24}") {
            if let Ok(d) = text.parse::<Decimal>() {
                prop_assert_eq!(d.as_str().parse::<Decimal>().unwrap(), d);
            }
        }
    }
}
