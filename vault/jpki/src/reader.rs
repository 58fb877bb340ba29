//! Card readers of the operating system (PC/SC): their names, and an exclusive way to the card in
//! one. It knows nothing of what is said to the card.

use std::ffi::{CStr, CString};
use std::time::Duration;

use pcsc::{Card, Context, Error, Protocols, ReaderState, Scope, ShareMode, State};

use crate::card::{CardError, Transport};

/// The operating system's card service.
pub struct Readers {
    context: Context,
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Readers")
    }
}

impl Readers {
    /// Reaches the card service.
    pub fn open() -> Result<Self, CardError> {
        let context = Context::establish(Scope::User).map_err(fault)?;
        Ok(Self { context })
    }

    /// Returns the names of all readers and whether a card lies on each.
    pub fn all(&self) -> Result<Vec<(String, bool)>, CardError> {
        let names = match self.context.list_readers_owned() {
            Ok(names) => names,
            Err(Error::NoReadersAvailable) => Vec::new(),
            Err(error) => return Err(fault(error)),
        };
        let mut states: Vec<ReaderState> = names
            .into_iter()
            .map(|name| ReaderState::new(name, State::UNAWARE))
            .collect();
        if !states.is_empty() {
            let now = Duration::ZERO;
            self.context
                .get_status_change(now, &mut states)
                .map_err(fault)?;
        }
        let told = |state: &ReaderState| {
            (
                text(state.name()),
                state.event_state().contains(State::PRESENT),
            )
        };
        Ok(states.iter().map(told).collect())
    }

    /// Takes the card in the reader of that name; no other program reaches it meanwhile.
    pub fn connect(&self, name: &str) -> Result<CardInReader, CardError> {
        let name = CString::new(name).map_err(|_| CardError::NoReader)?;
        // JPKI speaks T=1, or what contactless readers present as such.
        let card = self
            .context
            .connect(&name, ShareMode::Exclusive, Protocols::ANY);
        Ok(CardInReader {
            card: card.map_err(fault)?,
        })
    }
}

/// A card held exclusively. Letting it go resets it.
pub struct CardInReader {
    card: Card,
}

impl std::fmt::Debug for CardInReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CardInReader")
    }
}

impl Transport for CardInReader {
    fn transmit(&self, command: &[u8]) -> Result<Vec<u8>, CardError> {
        let mut answer = [0; ANSWER];
        let answer = self.card.transmit(command, &mut answer).map_err(fault)?;
        Ok(answer.to_vec())
    }
}

fn text(name: &CStr) -> String {
    name.to_string_lossy().into_owned()
}

fn fault(error: Error) -> CardError {
    match error {
        Error::NoService | Error::ServiceStopped | Error::Shutdown | Error::NoAccess => {
            CardError::NoService
        }
        Error::UnknownReader | Error::NoReadersAvailable | Error::ReaderUnavailable => {
            CardError::NoReader
        }
        Error::NoSmartcard => CardError::NoCard,
        Error::RemovedCard | Error::ResetCard => CardError::CardRemoved,
        Error::SharingViolation => CardError::SharingViolation,
        Error::UnpoweredCard
        | Error::UnresponsiveCard
        | Error::UnsupportedCard
        | Error::ProtoMismatch => CardError::NotJpki,
        _ => CardError::Reader,
    }
}

/// 256 bytes and the status; one more, so that a longer answer is seen.
const ANSWER: usize = 260;
