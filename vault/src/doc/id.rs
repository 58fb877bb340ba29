//! Names of documents and records, and of the Automerge actor that a feed is in a document.

use std::{fmt, str::FromStr};

use rand_core::CryptoRng;
use techo_wire::{FeedId, Label, label};
use uuid::Uuid;

/// Names a family document of a book (docs/format.md §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocId {
    /// The member's profile.
    Profile,
    /// Records without a date.
    Undated,
    /// Records of one year, 0–9999.
    Year(Year),
}

/// A year that has four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Year(u16);

impl Year {
    /// The number.
    pub fn number(self) -> u16 {
        self.0
    }
}

impl DocId {
    /// The document for records of `year`, or `undated` for none.
    pub fn of_year(year: Option<i16>) -> Self {
        let number = year
            .and_then(|year| u16::try_from(year).ok())
            .filter(|year| *year <= 9_999);
        number.map_or(Self::Undated, |year| Self::Year(Year(year)))
    }

    /// Whether the document holds one record, whose fields are the root's, as the profile does.
    pub fn is_profile(self) -> bool {
        self == Self::Profile
    }
}

impl fmt::Display for DocId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile => f.write_str("profile"),
            Self::Undated => f.write_str("undated"),
            Self::Year(Year(year)) => write!(f, "y{year:04}"),
        }
    }
}

impl FromStr for DocId {
    type Err = DocIdError;

    fn from_str(text: &str) -> Result<Self, DocIdError> {
        match text {
            "profile" => Ok(Self::Profile),
            "undated" => Ok(Self::Undated),
            _ => {
                let digits = text.strip_prefix('y').filter(|digits| {
                    digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit())
                });
                let year = digits.and_then(|digits| digits.parse().ok());
                year.map(|year| Self::Year(Year(year)))
                    .ok_or(DocIdError::Document)
            }
        }
    }
}

/// Names a record: its document, chosen once at creation, and a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId {
    /// The document.
    pub doc: DocId,
    /// The UUID, version 7.
    pub uuid: Uuid,
}

impl RecordId {
    /// A new record in `doc`, made at `now` (milliseconds since 1970).
    pub fn generate(doc: DocId, now: u64, rng: &mut impl CryptoRng) -> Self {
        let mut random = [0; 10];
        rng.fill_bytes(&mut random);
        Self {
            doc,
            uuid: uuid::Builder::from_unix_timestamp_millis(now, &random).into_uuid(),
        }
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.doc, self.uuid.simple())
    }
}

impl FromStr for RecordId {
    type Err = DocIdError;

    fn from_str(text: &str) -> Result<Self, DocIdError> {
        let (doc, uuid) = text.split_once('/').ok_or(DocIdError::Record)?;
        let uuid = uuid_of_key(uuid).ok_or(DocIdError::Record)?;
        Ok(Self {
            doc: doc.parse()?,
            uuid,
        })
    }
}

/// Why a text names no document or record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocIdError {
    /// Neither `profile`, `undated` nor `y` and four digits.
    #[error("not a document")]
    Document,
    /// Not a document, a slash and 32 lower-case hex digits.
    #[error("not a record")]
    Record,
}

/// The root key under which a record's map stands.
pub(crate) fn key_of_uuid(uuid: Uuid) -> String {
    uuid.simple().to_string()
}

/// The record of a root key; `None` unless it is exactly 32 lower-case hex digits.
pub(crate) fn uuid_of_key(key: &str) -> Option<Uuid> {
    let exact = key.len() == 32 && key.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    exact.then(|| Uuid::try_parse(key).ok()).flatten()
}

techo_wire::id_type! {
    /// The Automerge actor that one feed is in one document.
    pub(crate) struct Actor(16);
}

impl Actor {
    /// H(`techo/actor/v1`, feed, document)[..16].
    pub(crate) fn of(feed: FeedId, doc: DocId) -> Self {
        Self::first_half(label::hash(
            Label::Actor,
            &[feed.as_bytes(), doc.to_string().as_bytes()],
        ))
    }

    /// H(`techo/issued-actor/v1`, issuer, binding)[..16].
    pub(crate) fn of_issuer(issuer: &[u8; 32], binding: &[u8; 32]) -> Self {
        Self::first_half(label::hash(Label::IssuedActor, &[issuer, binding]))
    }

    fn first_half(hash: [u8; 32]) -> Self {
        let mut half = [0; 16];
        half.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        Self::from_bytes(half)
    }
}

#[cfg(test)]
mod tests {
    use getrandom::SysRng;
    use rand_core::UnwrapErr;

    use super::*;

    #[test]
    fn a_document_has_one_text() {
        for text in ["profile", "undated", "y2026", "y0001"] {
            assert_eq!(text.parse::<DocId>().unwrap().to_string(), text);
        }
        for text in ["", "y26", "y20261", "2026", "Profile", "y+202", "issuer"] {
            assert_eq!(text.parse::<DocId>(), Err(DocIdError::Document), "{text}");
        }
        assert_eq!(DocId::of_year(Some(2026)).to_string(), "y2026");
        assert_eq!(DocId::of_year(Some(-1)), DocId::Undated);
        assert_eq!(DocId::of_year(None), DocId::Undated);
    }

    #[test]
    fn a_record_has_one_text() {
        let text = "y2026/0198c0ffee007aaa8bbbccccdddddddd";
        assert_eq!(text.parse::<RecordId>().unwrap().to_string(), text);
        for bad in [
            "0198c0ffee007aaa8bbbccccdddddddd",
            "y2026/0198C0FFEE007aaa8bbbccccdddddddd",
            "y2026/0198c0ff-ee00-7aaa-8bbb-ccccdddddddd",
            "2026/0198c0ffee007aaa8bbbccccdddddddd",
        ] {
            assert!(bad.parse::<RecordId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_generated_record_carries_its_time_and_the_rest_by_chance() {
        let mut rng = UnwrapErr(SysRng);
        let year = DocId::of_year(Some(2026));
        let now = 1_795_000_000_123;
        let ids = [(); 2].map(|()| RecordId::generate(year, now, &mut rng));
        assert_ne!(ids[0], ids[1]);
        assert_eq!(ids[0].uuid.get_version_num(), 7);
        assert_eq!(ids[0].uuid.as_u128() >> 80, u128::from(now));
        assert!(RecordId::generate(year, now + 1, &mut rng) > ids[0]);
        assert_eq!(ids[0].to_string().parse(), Ok(ids[0]));
    }

    #[test]
    fn a_feed_is_another_actor_in_every_document() {
        let feed = FeedId::from_bytes([7; 32]);
        let other = FeedId::from_bytes([8; 32]);
        let year = DocId::of_year(Some(2026));
        assert_ne!(Actor::of(feed, DocId::Profile), Actor::of(feed, year));
        assert_ne!(Actor::of(feed, year), Actor::of(other, year));
        assert_eq!(Actor::of(feed, year), Actor::of(feed, year));
    }
}
