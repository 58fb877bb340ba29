//! A vault that several tasks use: blocking work runs where it may block, one at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::watch;

use crate::vault::{Vault, VaultError};

/// A vault behind a lock. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SharedVault {
    vault: Arc<Mutex<Vault>>,
    /// Beats when a driver has something to do that no relay tells it of.
    pulse: watch::Sender<Pulse>,
}

/// What of a vault asks something of those who keep it in step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Pulse {
    /// How often this device wrote.
    pub(super) authored: u64,
    /// How many control ops are held.
    pub(super) controls: usize,
}

impl Pulse {
    fn of(vault: &Vault) -> Self {
        Self {
            authored: vault.authored(),
            controls: vault.controls(),
        }
    }
}

impl SharedVault {
    /// Shares a vault.
    pub fn new(vault: Vault) -> Self {
        Self {
            pulse: watch::Sender::new(Pulse::of(&vault)),
            vault: Arc::new(Mutex::new(vault)),
        }
    }

    /// Tells of every write of this device and every control op from now on.
    pub(super) fn pulse(&self) -> watch::Receiver<Pulse> {
        self.pulse.subscribe()
    }

    /// Runs `work` where it may block: on this thread if the runtime can spare it, which saves two
    /// hand-overs, and otherwise on one for blocking work.
    pub async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vault) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, VaultError> {
        let vault = Arc::clone(&self.vault);
        let pulse = self.pulse.clone();
        let run = move || {
            // A panic while the lock was held may have left half a step in memory.
            let mut vault = vault.lock().map_err(|_| VaultError::Stopped)?;
            let done = work(&mut vault);
            let now = Pulse::of(&vault);
            drop(vault);
            pulse.send_if_modified(|seen| std::mem::replace(seen, now) != now);
            done
        };
        match Handle::current().runtime_flavor() {
            RuntimeFlavor::MultiThread => {
                catch_unwind(AssertUnwindSafe(|| tokio::task::block_in_place(run)))
                    .unwrap_or(Err(VaultError::Stopped))
            }
            _ => tokio::task::spawn_blocking(run)
                .await
                .unwrap_or(Err(VaultError::Stopped)),
        }
    }

    /// Gives the vault back once nobody else holds it.
    pub fn into_inner(self) -> Option<Vault> {
        Arc::into_inner(self.vault)
            .map(|lock| lock.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::{Builder, Runtime};

    use super::*;
    use crate::store::MemoryStore;
    use crate::vault::InstallId;

    fn runtimes() -> [Runtime; 2] {
        let alone = Builder::new_current_thread().build().unwrap();
        let several = Builder::new_multi_thread().worker_threads(1).build();
        [alone, several.unwrap()]
    }

    fn shared() -> SharedVault {
        let install = InstallId::derive(&[1; 16], "vault".as_ref());
        SharedVault::new(Vault::from_store(Arc::new(MemoryStore::new()), &install).unwrap())
    }

    #[test]
    fn work_is_done_on_runtimes_with_one_thread_and_with_several() {
        for runtime in runtimes() {
            let vault = shared();
            let other = vault.clone();
            let spawned = runtime.spawn(async move { other.with(|vault| Ok(vault.syncs())).await });
            runtime.block_on(async {
                assert_eq!(vault.with(|_| Ok(7)).await.unwrap(), 7);
                assert!(spawned.await.unwrap().is_ok());
            });
            assert!(vault.into_inner().is_some());
        }
    }

    #[test]
    fn after_a_panic_nothing_is_done_any_more() {
        for runtime in runtimes() {
            let vault = shared();
            runtime.block_on(async {
                // Unlike `panic!`, this says nothing on standard error.
                let broken = vault.with::<()>(|_| std::panic::resume_unwind(Box::new("broken")));
                assert!(matches!(broken.await, Err(VaultError::Stopped)));
                let later = vault.with(|_| Ok(()));
                assert!(matches!(later.await, Err(VaultError::Stopped)));
            });
        }
    }
}
