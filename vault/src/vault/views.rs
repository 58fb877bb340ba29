//! What people and machines are shown of a vault; it never holds a secret.

use std::collections::BTreeMap;

use serde::Serialize;
use techo_health::Value;
use techo_health::record::Sensitivity;

use crate::book::{BookId, MemberId};
use crate::sync::Finding;

/// A member of the family.
#[derive(Debug, Clone, Serialize)]
pub struct MemberView {
    /// Names the member in this family.
    pub id: MemberId,
    /// The member's handbook.
    #[serde(skip)]
    pub book: BookId,
    /// The profile's fields; more than one value means that devices differ.
    pub profile: BTreeMap<String, Vec<Value>>,
    /// Which cities verified the member, and when.
    pub verified: Vec<Verified>,
    /// Whether this device still waits for entries that it knows to exist.
    pub loading: bool,
}

impl MemberView {
    /// Returns the first value of a text field of the profile.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.profile
            .get(field)
            .and_then(|values| values.iter().find_map(Value::as_text))
    }

    /// Returns the name in its usual script.
    pub fn name(&self) -> &str {
        self.text("name").unwrap_or_default()
    }
}

/// A city's word that it verified a member at some time.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct Verified {
    /// The city.
    pub issuer_name: String,
    /// The issuer id.
    pub issuer: String,
    /// When it verified, in milliseconds.
    pub at: u64,
    /// Whether the identity was of the simulated PKI: worth nothing outside tests.
    pub simulated: bool,
    /// Whether the city checked revocation.
    pub revocation_checked: bool,
    /// Until when its word serves, in milliseconds: then the card is needed again.
    pub until: u64,
    /// Whether the city said that nothing more will come; it gives no reason.
    pub ended: bool,
}

/// A city's pack of messages as it was signed. Its text has not been read.
#[derive(Clone, PartialEq, Eq)]
pub struct MessagePack {
    /// The issuer id, pinned.
    pub issuer: String,
    /// The name under which the city was pinned.
    pub issuer_name: String,
    /// Tells the city's packs apart.
    pub id: String,
    /// When it was signed, in milliseconds.
    pub issued_at: u64,
    /// The file.
    pub text: String,
}

/// Who lives where stays out of logs.
impl std::fmt::Debug for MessagePack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MessagePack(..)")
    }
}

/// Where a record comes from.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case", tag = "source")]
pub enum Source {
    /// Written by the family.
    Family,
    /// Issued and signed by a city, and verified by this device.
    Issued(Issued),
}

/// What is known of an official record.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct Issued {
    /// The city.
    pub issuer_name: String,
    /// The issuer id.
    pub issuer: String,
    /// Always true: what does not verify never becomes a record.
    pub verified: bool,
    /// Its number under its binding.
    pub index: u64,
    /// When the city issued it, in milliseconds.
    pub issued_at: u64,
    /// How many versions there are; more than one means that the city corrected it.
    pub versions: usize,
    /// Whether the city withdrew it.
    pub withdrawn: bool,
}

/// One line of the timeline.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct TimelineItem {
    /// The record's id.
    pub id: String,
    /// The member.
    pub member: MemberId,
    /// The kind of record.
    pub kind: String,
    /// When it happened, as far as known.
    pub date: Option<String>,
    /// Where it comes from.
    #[serde(flatten)]
    pub source: Source,
    /// The fields; more than one value means that devices wrote different values at the same time.
    pub fields: BTreeMap<String, Vec<Value>>,
}

impl TimelineItem {
    /// Returns the first text value of a field.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields
            .get(field)
            .and_then(|values| values.iter().find_map(Value::as_text))
    }

    /// Returns how far the record may go: where devices differ, the strictest word counts.
    pub fn sensitivity(&self) -> Sensitivity {
        let words = self.fields.get("sensitivity").into_iter().flatten();
        let strictness = |word: &Value| match word {
            Value::Null => Sensitivity::Normal,
            Value::Text(text) => Sensitivity::read(Some(text)),
            Value::Bool(_) | Value::Int(_) => Sensitivity::NeverShare,
        };
        words.map(strictness).max().unwrap_or(Sensitivity::Normal)
    }

    /// Returns the fields in which devices differ.
    pub fn conflicts(&self) -> impl Iterator<Item = (&str, &[Value])> {
        let several = self.fields.iter().filter(|(_, values)| values.len() > 1);
        several.map(|(field, values)| (field.as_str(), values.as_slice()))
    }
}

/// One record with its history.
#[derive(Debug, Clone, Serialize)]
pub struct RecordView {
    /// The record as it stands.
    #[serde(flatten)]
    pub item: TimelineItem,
    /// Earlier official versions, oldest first; empty for the family's own records.
    pub history: Vec<Version>,
}

/// One version of an official record.
#[derive(Debug, Clone, Serialize)]
pub struct Version {
    /// Its number under its binding.
    pub index: u64,
    /// `issue`, `correct` or `withdraw`.
    pub kind: String,
    /// When the city issued it, in milliseconds.
    pub issued_at: u64,
    /// Its fields.
    pub fields: BTreeMap<String, Value>,
}

/// A device of the family.
#[derive(Debug, Clone, Serialize)]
pub struct DeviceView {
    /// Its key in the household book.
    pub key: String,
    /// What its person calls it.
    pub name: String,
    /// `guardian`, `self`, `viewer` or `kit`.
    pub role: String,
    /// Whether it is this device.
    pub this: bool,
    /// Whether it was removed.
    pub removed: bool,
}

/// An issuer that the family trusts.
#[derive(Debug, Clone, Serialize)]
pub struct IssuerView {
    /// The issuer id.
    pub issuer: String,
    /// Its municipality code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The members it is bound to.
    pub members: Vec<MemberId>,
    /// How many entries it has issued to this family.
    pub entries: u64,
    /// SHA-256 of each document derived from its entries, in hex: the same on every device.
    pub documents: Vec<String>,
}

/// How the vault stands.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// How many members there are.
    pub members: usize,
    /// How many entries are held.
    pub entries: u64,
    /// Entries that wait for others which are known to exist.
    pub waiting: usize,
    /// Entries that are known to exist and are not held.
    pub missing: u64,
    /// Entries that were not applied, with the reason of each.
    pub quarantined: Vec<String>,
    /// Damage found when the vault was opened.
    pub damage: Vec<String>,
    /// The relays.
    pub relays: Vec<RelayView>,
}

/// How far a relay is.
#[derive(Debug, Clone, Serialize)]
pub struct RelayView {
    /// `HOST:PORT#KEY`.
    pub address: String,
    /// Entries that the relay has signed for.
    pub acknowledged: u64,
    /// Entries of this device that it has not signed for.
    pub behind: u64,
}

/// Something that a sync found, for people and machines.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case", tag = "finding")]
pub enum FindingView {
    /// The relay shows less than it signed for.
    Rollback {
        /// The sequence it had signed for.
        acknowledged: u64,
        /// The sequence it shows now.
        shown: Option<u64>,
    },
    /// Two entries exist at one place of a feed.
    Fork {
        /// The sequence.
        sequence: u64,
    },
    /// This device had been set back to an old copy; what it wrote since is said again.
    SetBack {
        /// The sequence at which its feed went two ways.
        sequence: u64,
        /// How many entries were said again.
        entries: u64,
    },
    /// The relay names another entry than the one held, and does not show it.
    Contradiction {
        /// The sequence.
        sequence: u64,
    },
    /// The relay withholds an entry that another device has seen.
    Withheld {
        /// The sequence.
        sequence: u64,
    },
}

impl From<&Finding> for FindingView {
    fn from(finding: &Finding) -> Self {
        match *finding {
            Finding::Rollback {
                acknowledged,
                shown,
                ..
            } => Self::Rollback {
                acknowledged,
                shown,
            },
            Finding::Fork { sequence, .. } => Self::Fork { sequence },
            Finding::SetBack {
                sequence, entries, ..
            } => Self::SetBack { sequence, entries },
            Finding::Contradiction { sequence, .. } => Self::Contradiction { sequence },
            Finding::Withheld { sequence, .. } => Self::Withheld { sequence },
        }
    }
}
