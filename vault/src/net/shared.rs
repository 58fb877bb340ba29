//! A vault that several tasks use: blocking work runs on blocking threads, one at a time.

use std::sync::{Arc, Mutex, PoisonError};

use crate::vault::{Vault, VaultError};

/// A vault behind a lock. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SharedVault(Arc<Mutex<Vault>>);

impl SharedVault {
    /// Shares a vault.
    pub fn new(vault: Vault) -> Self {
        Self(Arc::new(Mutex::new(vault)))
    }

    /// Runs `work` on a blocking thread.
    pub async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vault) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, VaultError> {
        let vault = Arc::clone(&self.0);
        let run = tokio::task::spawn_blocking(move || {
            // A panic while the lock was held may have left half a step in memory.
            let mut vault = vault.lock().map_err(|_| VaultError::Stopped)?;
            work(&mut vault)
        });
        run.await.unwrap_or(Err(VaultError::Stopped))
    }

    /// Gives the vault back once nobody else holds it.
    pub fn into_inner(self) -> Option<Vault> {
        Arc::into_inner(self.0)
            .map(|lock| lock.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}
