//! Names that stand in control ops.

use rand_core::CryptoRng;

techo_wire::id_type! {
    /// Names a member of the family; random.
    pub struct MemberId(16);
}
techo_wire::id_type! {
    /// Names an issuer: the hash of its root key.
    pub struct IssuerId(32);
}
techo_wire::id_type! {
    /// Names an enrolment to its issuer; random, and used for nothing else.
    pub struct EnrolmentHandle(32);
}

impl MemberId {
    /// Makes a new id.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self::from_bytes(bytes)
    }
}

impl EnrolmentHandle {
    /// Makes a new handle.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self::from_bytes(bytes)
    }
}

/// As text.
impl serde::Serialize for MemberId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
