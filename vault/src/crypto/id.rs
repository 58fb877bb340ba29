//! Names that keys are derived for or that stand for a key.

techo_wire::id_type! {
    /// Names a book: the hash of its genesis op. Never sent to a relay.
    pub struct BookId(32);
}
techo_wire::id_type! {
    /// Names a device in one book: the Ed25519 key with which it certifies its feeds.
    pub struct DeviceKey(32);
}
techo_wire::id_type! {
    /// Commits to an epoch's key without telling it.
    pub struct EpochCommitment(32);
}
techo_wire::id_type! {
    /// Names a vault's folder; random.
    pub struct VaultId(16);
}
