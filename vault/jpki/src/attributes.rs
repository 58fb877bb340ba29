//! The four attributes of a person; it never prints them.

use minicbor::{Decode, Encode};

use crate::canonical::{encode, hash};

/// Name, birth date, gender and address, as a certificate or a guardian states them.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Attributes {
    /// The name as registered.
    #[n(0)]
    pub name: String,
    /// The birth date, `YYYY-MM-DD`.
    #[n(1)]
    pub birth_date: String,
    /// 1 male, 2 female, 3 unknown.
    #[n(2)]
    pub gender: u8,
    /// The address as registered.
    #[n(3)]
    pub address: String,
}

impl std::fmt::Debug for Attributes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attributes(redacted)")
    }
}

impl Attributes {
    /// Tells whether the sizes and the shape are those of a person's attributes.
    pub(crate) fn are_plausible(&self) -> bool {
        let text = |text: &str| !text.is_empty() && text.len() <= MAX_TEXT;
        text(&self.name)
            && text(&self.address)
            && is_date(&self.birth_date)
            && (1..=3).contains(&self.gender)
    }
}

/// A child's attributes and the salt that hides them in the statement.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Child {
    /// Fresh for every statement.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub salt: [u8; 32],
    /// Whom the guardian enrols.
    #[n(1)]
    pub attributes: Attributes,
}

impl std::fmt::Debug for Child {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Child(redacted)")
    }
}

impl Child {
    /// Returns what the statement says in place of the attributes.
    pub fn commitment(&self) -> [u8; 32] {
        hash(
            "techo/group/v1",
            &[b"child", &self.salt, &encode(&self.attributes)],
        )
    }
}

/// Tells whether `text` is `YYYY-MM-DD` with a month and a day that can exist.
pub(crate) fn is_date(text: &str) -> bool {
    let number = |range: std::ops::Range<usize>| -> Option<u32> {
        let part = text.get(range)?;
        part.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| part.parse().ok())?
    };
    let separated = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    let (Some(year), Some(month), Some(day)) = (number(0..4), number(5..7), number(8..10)) else {
        return false;
    };
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    separated && (1..=12).contains(&month) && (1..=last).contains(&day)
}

const MAX_TEXT: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::is_date;

    #[test]
    fn only_days_that_exist_are_dates() {
        for good in ["2020-02-29", "2000-02-29", "1980-12-31"] {
            assert!(is_date(good), "{good}");
        }
        for bad in [
            "2021-02-29",
            "1900-02-29",
            "2020-13-01",
            "2020-1-01",
            "2020-04-31",
            "２０２０-04-01",
            "",
        ] {
            assert!(!is_date(bad), "{bad}");
        }
    }
}
