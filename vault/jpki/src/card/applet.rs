//! A selected card, and one whose tries were counted. No password can be sent before the counter was read.

use crate::card::apdu::{Answer, DONE, File, NOT_FOUND, count, select_application, verify};
use crate::card::{CardError, Password, Transport, UnlockedCard, file};

/// A My Number Card whose JPKI application is selected; no secret has been sent to it.
pub struct JpkiCard<T: Transport> {
    transport: T,
}

/// A secret that a card counts wrong tries of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    /// The four digits of user authentication: three tries.
    AuthenticationPin,
    /// The password of the signature key: five tries.
    SignaturePassword,
}

/// Whether somebody agreed to spend the last try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastTry {
    /// Nobody did: with one try left, nothing is sent.
    Keep,
    /// The holder knows that one more mistake blocks the card until a city office resets it.
    Spend,
}

impl<T: Transport> std::fmt::Debug for JpkiCard<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JpkiCard")
    }
}

impl<T: Transport> JpkiCard<T> {
    /// Selects the application and makes sure that it is a card's, not a phone's.
    pub fn select(transport: T) -> Result<Self, CardError> {
        let answer = Answer::to(&transport, &select_application())?;
        match answer.status {
            DONE => {}
            NOT_FOUND | 0x6a81 | 0x6a86 | 0x6999 | 0x6d00 | 0x6e00 | 0x6700 => {
                return Err(CardError::NotJpki);
            }
            status => return Err(CardError::Status { status }),
        }
        if !file::exists(&transport, File::TokenInformation)? {
            return Err(CardError::UnsupportedToken);
        }
        let label = file::beginning(&transport, LABEL)?;
        if label.trim_ascii_end() == CARD_LABEL {
            Ok(Self { transport })
        } else {
            Err(CardError::UnsupportedToken)
        }
    }

    /// Asks how many tries of `secret` are left; it costs none.
    pub fn tries(&self, secret: Secret) -> Result<u8, CardError> {
        let file = match secret {
            Secret::AuthenticationPin => File::AuthenticationPin,
            Secret::SignaturePassword => File::SignaturePassword,
        };
        if !file::exists(&self.transport, file)? {
            return Err(CardError::NoSignCert);
        }
        let answer = Answer::to(&self.transport, &count())?;
        match answer.status {
            // Accepting it would mean that a secret is in force that nobody presented here.
            DONE => Err(CardError::Answer),
            BLOCKED | BLOCKED_TOO => Ok(0),
            status => tries_left(status).ok_or(CardError::Status { status }),
        }
    }

    /// Tells whether the card holds a signature certificate; asks for no secret.
    pub fn can_sign(&self) -> Result<bool, CardError> {
        if file::exists(&self.transport, File::Availability)? {
            let present = file::beginning(&self.transport, 3)?;
            if present.first() == Some(&0) {
                return Ok(false);
            }
        }
        file::exists(&self.transport, File::SignatureCertificate)
    }

    /// Reads the certificate for user authentication, which needs no secret, DER.
    pub fn authentication_certificate(&self) -> Result<Vec<u8>, CardError> {
        if file::exists(&self.transport, File::AuthenticationCertificate)? {
            file::certificate(&self.transport)
        } else {
            Err(CardError::NoAuthCert)
        }
    }

    /// Counts the tries of the signature password. Without this there is no way to unlock.
    pub fn count_tries(self) -> Result<CountedCard<T>, CardError> {
        if !self.can_sign()? {
            return Err(CardError::NoSignCert);
        }
        let left = self.tries(Secret::SignaturePassword)?;
        Ok(CountedCard { card: self, left })
    }
}

/// A card that says how many tries of the signature password are left, and has it selected.
pub struct CountedCard<T: Transport> {
    card: JpkiCard<T>,
    left: u8,
}

impl<T: Transport> std::fmt::Debug for CountedCard<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CountedCard({} left)", self.left)
    }
}

impl<T: Transport> CountedCard<T> {
    /// Returns how many tries are left.
    pub fn left(&self) -> u8 {
        self.left
    }

    /// Says before anybody types a password why it would not be sent.
    pub fn check(&self, last: LastTry) -> Result<(), CardError> {
        match (self.left, last) {
            (0, _) => Err(CardError::PinBlocked),
            (1, LastTry::Keep) => Err(CardError::LastTry),
            _ => Ok(()),
        }
    }

    /// Presents the password, once.
    pub fn unlock(self, password: &Password, last: LastTry) -> Result<UnlockedCard<T>, CardError> {
        self.check(last)?;
        let command = verify(password.bytes())?;
        let answer = Answer::to(&self.card.transport, &command)?;
        drop(command);
        match answer.status {
            DONE => UnlockedCard::read(self.card.transport),
            BLOCKED | BLOCKED_TOO => Err(CardError::PinBlocked),
            status => Err(match tries_left(status) {
                Some(0) => CardError::PinBlocked,
                Some(left) => CardError::PinWrong { left },
                None => CardError::Status { status },
            }),
        }
    }
}

/// The counter in a status `63Cx`.
fn tries_left(status: u16) -> Option<u8> {
    match status.to_be_bytes() {
        [0x63, low] if low & 0xf0 == 0xc0 => Some(low & 0x0f),
        _ => None,
    }
}

/// The label of a card; phones say `JPKIAPGPSETOKEN` (Android) or `JPKIAPIOSTOKEN` (iPhone).
pub(crate) const CARD_LABEL: &[u8] = b"JPKIAPICCTOKEN2";
/// Its place: the beginning of the token information.
const LABEL: u16 = 32;
const BLOCKED: u16 = 0x6984;
const BLOCKED_TOO: u16 = 0x6983;
