//! Names of issuers, bindings and entries; none says who a person is.

use crate::book::IssuerId;

techo_wire::id_type! {
    /// An issuer's offline root, an Ed25519 public key.
    pub struct IssuerRoot(32);
}
techo_wire::id_type! {
    /// A key with which an issuer signs bindings and entries, an Ed25519 public key.
    pub struct EntryKey(32);
}
techo_wire::id_type! {
    /// A key made for one issuer alone, an Ed25519 public key.
    pub struct IssuerOnlyKey(32);
}
techo_wire::id_type! {
    /// A binding, random.
    pub struct BindingId(32);
}
techo_wire::id_type! {
    /// A person as one issuer calls them under one binding, random.
    pub struct Subject(32);
}
techo_wire::id_type! {
    /// An issued entry: hash of its signed bytes.
    pub struct IssuedHash(32);
}

impl IssuedHash {
    /// What the first entry of a binding names as its previous.
    pub const ZERO: Self = Self::from_bytes([0; 32]);
}

impl IssuerRoot {
    /// Returns the id of the issuer with this root.
    pub fn issuer(&self) -> IssuerId {
        let parts: [&[u8]; 1] = [self.as_bytes()];
        IssuerId::from_bytes(techo_wire::label::hash(techo_wire::Label::Issuer, &parts))
    }
}
