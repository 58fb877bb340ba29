//! The signature password on its way to the card; it is wiped when dropped and never shown.

use zeroize::Zeroizing;

use crate::card::CardError;

/// A signature password in the form a card takes: 6 to 16 of `A-Z0-9`.
pub struct Password(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(redacted)")
    }
}

impl Password {
    /// Takes what was typed; small letters become capitals, as on the terminals in city offices.
    pub fn new(typed: &str) -> Result<Self, CardError> {
        let fits =
            (6..=16).contains(&typed.len()) && typed.bytes().all(|b| b.is_ascii_alphanumeric());
        if !fits {
            return Err(CardError::PinFormat);
        }
        Ok(Self(Zeroizing::new(typed.as_bytes().to_ascii_uppercase())))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_to_sixteen_letters_and_digits_are_folded_to_capitals() {
        assert_eq!(Password::new("test12").unwrap().bytes(), b"TEST12");
        assert_eq!(
            Password::new("ABCDEFGHIJ123456").unwrap().bytes(),
            b"ABCDEFGHIJ123456"
        );
    }

    #[test]
    fn nothing_else_is_ever_sent() {
        for bad in [
            "",
            "1234",
            "TEST1",
            "ABCDEFGHIJ1234567",
            "TEST 12",
            "TEST-12",
            "ＴＥＳＴ１２",
            "tést12",
        ] {
            assert_eq!(
                Password::new(bad).unwrap_err(),
                CardError::PinFormat,
                "{bad}"
            );
        }
        assert!(!format!("{:?}", Password::new("TEST1234").unwrap()).contains("TEST"));
    }
}
