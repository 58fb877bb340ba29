//! Names: what a feed, box, relay or hash is called. An id says nothing about who may use it.

/// Why a text or byte string is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// The length is not that of this id.
    #[error("an id of {expected} bytes cannot be made from {got}")]
    Length {
        /// Bytes that the id has.
        expected: usize,
        /// Bytes found.
        got: usize,
    },
    /// The text is not unpadded lower-case base32.
    #[error("not in lower-case base32")]
    Text,
}

/// Returns `bytes` in lower-case base32 without padding.
pub fn to_base32(bytes: &[u8]) -> String {
    let mut text = data_encoding::BASE32_NOPAD.encode(bytes);
    text.make_ascii_lowercase();
    text
}

/// Reads lower-case base32 without padding; upper case is refused, so that an id has one text.
pub fn from_base32(text: &str) -> Result<Vec<u8>, IdError> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(IdError::Text);
    }
    let upper = text.to_ascii_uppercase();
    data_encoding::BASE32_NOPAD
        .decode(upper.as_bytes())
        .map_err(|_| IdError::Text)
}

/// Makes an array of bytes whose length must fit.
pub fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], IdError> {
    bytes.try_into().map_err(|_| IdError::Length {
        expected: N,
        got: bytes.len(),
    })
}

#[doc(hidden)]
pub mod private {
    pub use minicbor;
}

/// Defines an id: a newtype over bytes with base32 text and a CBOR byte string as encoding.
///
/// ```
/// techo_wire::id_type! {
///     /// Names a shelf.
///     pub struct ShelfId(16);
/// }
/// let shelf = ShelfId::from_bytes([7; 16]);
/// assert_eq!(shelf.to_string().parse::<ShelfId>(), Ok(shelf));
/// ```
#[macro_export]
macro_rules! id_type {
    ($(#[$meta:meta])* $vis:vis struct $name:ident($len:literal);) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis struct $name([u8; $len]);

        #[allow(dead_code, reason = "not every id needs every conversion")]
        impl $name {
            /// The number of bytes.
            pub const LEN: usize = $len;

            /// Takes the bytes as they are.
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// A copy of the bytes.
            pub const fn to_bytes(self) -> [u8; $len] {
                self.0
            }
        }

        impl ::core::convert::From<[u8; $len]> for $name {
            fn from(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }
        }

        impl ::core::convert::TryFrom<&[u8]> for $name {
            type Error = $crate::id::IdError;

            fn try_from(bytes: &[u8]) -> ::core::result::Result<Self, $crate::id::IdError> {
                $crate::id::array(bytes).map(Self)
            }
        }

        impl ::core::convert::AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(&$crate::id::to_base32(&self.0))
            }
        }

        impl ::core::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                write!(f, "{}({:.8}…)", stringify!($name), self)
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = $crate::id::IdError;

            fn from_str(text: &str) -> ::core::result::Result<Self, $crate::id::IdError> {
                $crate::id::array(&$crate::id::from_base32(text)?).map(Self)
            }
        }

        impl<C> $crate::id::private::minicbor::Encode<C> for $name {
            fn encode<W: $crate::id::private::minicbor::encode::Write>(
                &self,
                e: &mut $crate::id::private::minicbor::Encoder<W>,
                _: &mut C,
            ) -> ::core::result::Result<
                (),
                $crate::id::private::minicbor::encode::Error<W::Error>,
            > {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> $crate::id::private::minicbor::Decode<'b, C> for $name {
            fn decode(
                d: &mut $crate::id::private::minicbor::Decoder<'b>,
                _: &mut C,
            ) -> ::core::result::Result<Self, $crate::id::private::minicbor::decode::Error> {
                $crate::id::array(d.bytes()?).map(Self).map_err(|_| {
                    $crate::id::private::minicbor::decode::Error::message("length of an id")
                })
            }
        }
    };
}

id_type! {
    /// Names a feed: the Ed25519 public key that signs its envelopes.
    pub struct FeedId(32);
}
id_type! {
    /// Names the mailbox of a book in one epoch: the Ed25519 public key that opens it at a relay.
    pub struct MailboxId(32);
}
id_type! {
    /// Names an inbox: the Ed25519 public key of its owner.
    pub struct InboxId(32);
}
id_type! {
    /// The key that names a box, be it a mailbox or an inbox.
    pub struct BoxKey(32);
}
id_type! {
    /// The Ed25519 public key of a relay, which clients pin.
    pub struct RelayKey(32);
}
id_type! {
    /// The Ed25519 public key that may put items into an inbox which admitted it.
    pub struct AppendKey(32);
}
id_type! {
    /// The SHA-256 of a whole envelope.
    pub struct EnvelopeHash(32);
}
id_type! {
    /// The SHA-256 of a whole inbox item.
    pub struct ItemHash(32);
}
id_type! {
    /// Tells apart the epochs of a book without naming either.
    pub struct EpochTag(16);
}
id_type! {
    /// Names one making of a relay's store; a new one means that what was kept may be gone.
    pub struct StoreId(16);
}

impl EnvelopeHash {
    /// What the first envelope of a feed names as its previous.
    pub const ZERO: Self = Self::from_bytes([0; 32]);
}

impl RelayKey {
    /// The key as TLS shows it: a `SubjectPublicKeyInfo` in DER (RFC 8410).
    pub fn to_spki(self) -> [u8; 44] {
        let mut spki = [0; 44];
        let (prefix, key) = spki.split_at_mut(12);
        prefix.copy_from_slice(&[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0]);
        key.copy_from_slice(&self.0);
        spki
    }
}

impl From<MailboxId> for BoxKey {
    fn from(mailbox: MailboxId) -> Self {
        Self(mailbox.to_bytes())
    }
}

impl From<InboxId> for BoxKey {
    fn from(inbox: InboxId) -> Self {
        Self(inbox.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical;

    #[test]
    fn an_id_has_one_text_and_one_encoding() {
        let id = FeedId::from_bytes([0xa5; 32]);
        let text = id.to_string();
        assert_eq!(text.len(), 52);
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(
            text.to_ascii_uppercase().parse::<FeedId>(),
            Err(IdError::Text)
        );
        assert_eq!(format!("{text}=").parse::<FeedId>(), Err(IdError::Text));
        assert_eq!(
            to_base32(&[1; 16]).parse::<FeedId>(),
            Err(IdError::Length {
                expected: 32,
                got: 16
            })
        );
        let bytes = canonical::encode(&id);
        assert_eq!(bytes[..2], [0x58, 32]);
        assert_eq!(canonical::decode::<FeedId>(&bytes).unwrap(), id);
        assert!(canonical::decode::<EpochTag>(&bytes).is_err());
    }

    #[test]
    fn debug_shows_only_the_beginning() {
        let shown = format!("{:?}", MailboxId::from_bytes([0; 32]));
        assert_eq!(shown, "MailboxId(aaaaaaaa…)");
    }
}
