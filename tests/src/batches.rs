//! Batches that say which they are, for the store's crash test. It holds no assertions.

use std::path::Path;

use techo_vault::crypto::Passphrase;
use techo_vault::store::{
    Batch, BookTag, DiskStore, FrameKind, LockedVault, StoreError, system_entropy,
};

/// How many threads of the killed process commit.
pub const THREADS: u8 = 4;

/// What the store of the test opens with.
pub fn passphrase() -> Passphrase {
    Passphrase::new("a child that is killed".to_owned())
}

/// Opens the store in `folder`.
pub fn open(folder: &Path) -> Result<DiskStore, StoreError> {
    let locked = LockedVault::open_dir(folder)?;
    let unlocked = locked.unlock(&passphrase())?;
    locked.into_store(&unlocked, system_entropy())
}

/// Three frames that say which batch they belong to, and which of it they are.
pub fn batch(round: u8, thread: u8, n: u32) -> Batch {
    let mut batch = Batch::new();
    for part in 0..3_u8 {
        let mut body = vec![round, thread, part];
        body.extend_from_slice(&n.to_be_bytes());
        body.resize(700 + usize::from(part) * 900, part);
        batch.push(BookTag::from_bytes([thread; 8]), FrameKind::Envelope, body);
    }
    let name = format!("thread-{thread}").parse().expect("a name");
    batch.put_key(name, n.to_be_bytes().to_vec().into());
    batch
}
