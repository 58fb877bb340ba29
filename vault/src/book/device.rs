//! A device as a book describes it, and what it may do there.

use std::fmt;

use minicbor::{Decode, Encode};
use techo_wire::InboxId;

use crate::crypto::{DeviceKey, SealPublic};

/// The longest name of a device, in bytes.
pub const MAX_NAME: usize = 256;

/// What a device may do in a book. A greater number is a lesser right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Role {
    /// Reads, writes and manages.
    #[n(0)]
    Guardian,
    /// Reads and writes: the member whom the book is about.
    #[n(1)]
    SelfMember,
    /// Reads.
    #[n(2)]
    Viewer,
    /// Waits on paper until everything else is lost.
    #[n(3)]
    Kit,
}

/// The public description of a device; fresh keys in each book.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Device {
    #[n(0)]
    version: Version,
    #[n(1)]
    key: DeviceKey,
    #[n(2)]
    seal: SealPublic,
    #[n(3)]
    inbox: InboxId,
    #[cbor(n(4), decode_with = "bounded_name")]
    name: String,
}

/// The only version of a description.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
enum Version {
    #[n(1)]
    One,
}

impl Device {
    /// Describes a device. Of a name longer than [`MAX_NAME`] bytes the beginning is kept.
    pub fn new(key: DeviceKey, seal: SealPublic, inbox: InboxId, name: &str) -> Self {
        let end = name.floor_char_boundary(MAX_NAME);
        let name = name.get(..end).unwrap_or_default().to_owned();
        Self {
            version: Version::One,
            key,
            seal,
            inbox,
            name,
        }
    }

    /// The key that names it and certifies its feeds.
    pub fn key(&self) -> DeviceKey {
        self.key
    }

    /// Receives what is sealed to it.
    pub fn seal(&self) -> &SealPublic {
        &self.seal
    }

    /// Where items for it are put.
    pub fn inbox(&self) -> InboxId {
        self.inbox
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Device").field(&self.key).finish()
    }
}

fn bounded_name<C>(
    d: &mut minicbor::Decoder<'_>,
    _: &mut C,
) -> Result<String, minicbor::decode::Error> {
    let name = d.str()?;
    if name.len() > MAX_NAME {
        return Err(minicbor::decode::Error::message("name of a device"));
    }
    Ok(name.to_owned())
}
