//! The card side of every command: a JPKI application in this process, with counters and access
//! rules. Own work after the published behaviour of `OpenSC`, `jpki/myna` and `myna-card`; a real card
//! may differ.

use std::cell::RefCell;

use openssl::pkey::{PKey, Private};
use openssl::rsa::Padding;
use zeroize::Zeroizing;

use crate::card::{AID, CardError, DIGEST_INFO, File, Transport};

/// A certificate and its key.
pub(crate) struct Pair {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: PKey<Private>,
}

/// A card in a reader that is only a variable. It may be pulled, blocked, or not a card at all.
pub struct CardModel {
    label: String,
    signature: Option<Pair>,
    authentication: Option<Pair>,
    password: Zeroizing<Vec<u8>>,
    has_application: bool,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// Answers still to come before the card is pulled.
    until_pulled: Option<usize>,
    /// Every application that somebody tried to select.
    selected: Vec<Vec<u8>>,
    application: bool,
    file: Option<[u8; 2]>,
    verified: bool,
    password_tries: u8,
    pin_tries: u8,
    presented: usize,
}

impl std::fmt::Debug for CardModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CardModel(redacted)")
    }
}

impl CardModel {
    pub(crate) fn new(signature: Option<Pair>, authentication: Option<Pair>) -> Self {
        Self {
            label: "JPKIAPICCTOKEN2".to_owned(),
            signature,
            authentication,
            password: Zeroizing::new(PASSWORD.as_bytes().to_vec()),
            has_application: true,
            state: RefCell::new(State {
                password_tries: PASSWORD_TRIES,
                pin_tries: 3,
                ..State::default()
            }),
        }
    }

    /// The certificates are in a phone: `JPKIAPGPSETOKEN` or `JPKIAPIOSTOKEN`.
    #[must_use]
    pub fn labelled(mut self, label: &str) -> Self {
        label.clone_into(&mut self.label);
        self
    }

    /// A child's card: without a signature certificate.
    #[must_use]
    pub fn without_signature(mut self) -> Self {
        self.signature = None;
        self
    }

    /// Some other card: it has no such application.
    #[must_use]
    pub fn of_another_kind(mut self) -> Self {
        self.has_application = false;
        self
    }

    /// Leaves so many tries of the signature password.
    #[must_use]
    pub fn with_tries(self, left: u8) -> Self {
        self.state.borrow_mut().password_tries = left;
        self
    }

    /// Pulls the card after so many further answers.
    pub fn pull_after(&self, answers: usize) {
        self.state.borrow_mut().until_pulled = Some(answers);
    }

    /// Returns how many tries of the signature password are left.
    pub fn tries(&self) -> u8 {
        self.state.borrow().password_tries
    }

    /// Returns how often a password came, right or wrong.
    pub fn presented(&self) -> usize {
        self.state.borrow().presented
    }

    /// Tells whether a password is in force.
    pub fn is_unlocked(&self) -> bool {
        self.state.borrow().verified
    }

    /// Tells whether only the application of JPKI was ever asked for.
    pub fn met_jpki_only(&self) -> bool {
        self.state.borrow().selected.iter().all(|name| *name == AID)
    }

    fn answer(&self, state: &mut State, command: &[u8]) -> Vec<u8> {
        let [class, instruction, p1, p2, rest @ ..] = command else {
            return status(0x6700);
        };
        match (class, instruction, p1, p2) {
            (0x00, 0xa4, 0x04, 0x0c) => self.select_application(state, rest),
            _ if !state.application => status(0x6985),
            (0x00, 0xa4, 0x02, 0x0c) => self.select_file(state, rest),
            (0x00, 0xb0, high, low) if high & 0x80 == 0 => {
                self.read(state, u16::from_be_bytes([*high, *low]), rest)
            }
            (0x00, 0x20, 0x00, 0x80) => self.verify(state, rest),
            (0x80, 0x2a, 0x00, 0x80) => self.sign(state, rest),
            _ => status(0x6d00),
        }
    }

    fn select_application(&self, state: &mut State, rest: &[u8]) -> Vec<u8> {
        let Some(name) = contents(rest) else {
            return status(0x6700);
        };
        state.selected.push(name.to_vec());
        if name != AID || !self.has_application {
            return status(0x6a82);
        }
        state.application = true;
        state.file = None;
        state.verified = false;
        status(0x9000)
    }

    fn select_file(&self, state: &mut State, rest: &[u8]) -> Vec<u8> {
        let Some(&[high, low]) = contents(rest) else {
            return status(0x6700);
        };
        let id = [high, low];
        let exists = self.bytes_of(id).is_some()
            || [File::SignaturePassword, File::AuthenticationPin]
                .iter()
                .any(|file| file.id() == id)
            || (id == File::SignatureKey.id() && self.signature.is_some());
        if !exists {
            return status(0x6a82);
        }
        state.file = Some(id);
        status(0x9000)
    }

    fn bytes_of(&self, id: [u8; 2]) -> Option<Vec<u8>> {
        let certificate = |pair: &Option<Pair>| pair.as_ref().map(|p| p.certificate.clone());
        let there = |pair: &Option<Pair>| if pair.is_some() { 0x8f } else { 0 };
        match id {
            id if id == File::SignatureCertificate.id() => certificate(&self.signature),
            id if id == File::AuthenticationCertificate.id() => certificate(&self.authentication),
            id if id == File::Availability.id() => {
                Some(vec![there(&self.signature), there(&self.authentication), 0])
            }
            id if id == File::TokenInformation.id() => {
                Some(format!("{:<32}{:<128}", self.label, "SIMULATED").into_bytes())
            }
            _ => None,
        }
    }

    fn read(&self, state: &State, offset: u16, rest: &[u8]) -> Vec<u8> {
        let (Some(id), &[length]) = (state.file, rest) else {
            return status(0x6986);
        };
        let Some(bytes) = self.bytes_of(id) else {
            return status(0x6981);
        };
        if id == File::SignatureCertificate.id() && !state.verified {
            return status(0x6982);
        }
        let length = if length == 0 {
            256
        } else {
            usize::from(length)
        };
        let mut part: Vec<u8> = bytes
            .into_iter()
            .skip(usize::from(offset))
            .take(length)
            .collect();
        if part.is_empty() {
            return status(0x6b00);
        }
        part.extend([0x90, 0x00]);
        part
    }

    fn verify(&self, state: &mut State, rest: &[u8]) -> Vec<u8> {
        let signature = match state.file {
            Some(id) if id == File::SignaturePassword.id() => true,
            Some(id) if id == File::AuthenticationPin.id() => false,
            _ => return status(0x6986),
        };
        let left = if signature {
            state.password_tries
        } else {
            state.pin_tries
        };
        if rest.is_empty() {
            return status(0x63c0 | u16::from(left));
        }
        let Some(secret) = contents(rest) else {
            return status(0x6700);
        };
        if !signature {
            // Nothing of ours ever presents it.
            return status(0x6985);
        }
        state.presented = state.presented.saturating_add(1);
        if left == 0 {
            return status(0x6984);
        }
        state.verified = secret == self.password.as_slice();
        if state.verified {
            state.password_tries = PASSWORD_TRIES;
            return status(0x9000);
        }
        state.password_tries = left.saturating_sub(1);
        status(0x63c0 | u16::from(state.password_tries))
    }

    fn sign(&self, state: &State, rest: &[u8]) -> Vec<u8> {
        let pair = match (&self.signature, state.file) {
            (Some(pair), Some(id)) if id == File::SignatureKey.id() => pair,
            _ => return status(0x6986),
        };
        if !state.verified {
            return status(0x6982);
        }
        let Some((data, [0])) = rest.split_last_chunk::<1>().map(|(d, le)| (d, *le)) else {
            return status(0x6700);
        };
        let Some(info) = contents(data).filter(|i| i.len() == 51 && i.starts_with(&DIGEST_INFO))
        else {
            return status(0x6a80);
        };
        pair.sign_verbatim(info).map_or_else(
            || status(0x6f00),
            |mut signature| {
                signature.extend([0x90, 0x00]);
                signature
            },
        )
    }
}

impl Pair {
    /// PKCS#1 v1.5 over exactly these bytes.
    fn sign_verbatim(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let key = self.key.rsa().ok()?;
        let mut signature = vec![0; usize::try_from(key.size()).ok()?];
        let written = key.private_encrypt(bytes, &mut signature, Padding::PKCS1);
        signature.truncate(written.ok()?);
        Some(signature)
    }
}

impl Transport for CardModel {
    fn transmit(&self, command: &[u8]) -> Result<Vec<u8>, CardError> {
        let mut state = self.state.borrow_mut();
        match &mut state.until_pulled {
            Some(0) => {
                state.application = false;
                state.verified = false;
                return Err(CardError::CardRemoved);
            }
            Some(left) => *left = left.saturating_sub(1),
            None => {}
        }
        Ok(self.answer(&mut state, command))
    }
}

fn status(status: u16) -> Vec<u8> {
    status.to_be_bytes().to_vec()
}

/// The data of a command: one length byte and so many bytes.
fn contents(rest: &[u8]) -> Option<&[u8]> {
    let (&length, data) = rest.split_first()?;
    (data.len() == usize::from(length)).then_some(data)
}

/// The signature password of every simulated card. It protects nothing: its card identifies nobody.
pub const PASSWORD: &str = "TEST1234";
const PASSWORD_TRIES: u8 = 5;
