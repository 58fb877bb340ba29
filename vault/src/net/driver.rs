//! One sync: every box of the vault at every relay of the family, until nothing is left to do.

use std::collections::BTreeSet;

use serde::Serialize;
use techo_client::{Client, ClientError, Connection, Timings};
use techo_wire::RelayAddress;
use thiserror::Error;

use crate::Timestamp;
use crate::net::SharedVault;
use crate::pairing::PairingError;
use crate::sync::Finding;
use crate::vault::{FindingView, VaultError};

/// Rounds in one sync: grants open books, books open inboxes, items open bindings.
const ROUNDS: usize = 6;

/// Why a conversation failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NetError {
    /// The relay or the way to it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// This device's vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Pairing.
    #[error(transparent)]
    Pairing(#[from] PairingError),
    /// The relay ended a conversation that was not over.
    #[error("the relay ended the conversation")]
    Ended,
}

impl NetError {
    /// Says whether trying again later may help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Client(error) => error.is_retryable(),
            Self::Vault(error) => error.is_retryable(),
            Self::Ended => true,
            Self::Pairing(_) => false,
        }
    }
}

/// What a sync with one relay did.
#[derive(Debug, Default, Clone, Serialize)]
pub struct RelayReport {
    /// `HOST:PORT#KEY`.
    pub address: String,
    /// Entries sent.
    pub sent: usize,
    /// Entries received.
    pub received: usize,
    /// Damaged entries that were replaced by whole ones.
    pub healed: usize,
    /// Official entries received.
    pub official: usize,
    /// Bindings received.
    pub bindings: usize,
    /// Books that this device was let into.
    pub granted: usize,
    /// Entries and items that were refused.
    pub refused: usize,
    /// Why items were refused, by class.
    pub refusals: Vec<String>,
    /// What the family should know.
    pub findings: Vec<FindingView>,
    /// Whether the relay was reached and everything exchanged.
    pub complete: bool,
    /// The same as `findings`; what several rounds find is told once.
    #[serde(skip)]
    pub(super) told: BTreeSet<Finding>,
}

impl RelayReport {
    /// Says whether anything happened.
    pub fn moved(&self) -> bool {
        let counts = [
            self.sent,
            self.received,
            self.healed,
            self.official,
            self.bindings,
            self.granted,
            self.refused,
            self.findings.len(),
        ];
        counts.iter().any(|count| *count > 0)
    }

    pub(super) fn report(&mut self, finding: &Finding) {
        if self.told.insert(finding.clone()) {
            self.findings.push(FindingView::from(finding));
        }
    }
}

/// What a sync did.
#[derive(Debug, Default, Serialize)]
pub struct SyncReport {
    /// One report per relay.
    pub relays: Vec<RelayReport>,
    /// Entries whose copy on this device was damaged when the sync began.
    pub damaged: usize,
    /// What failed, by relay.
    #[serde(skip)]
    pub failures: Vec<(RelayAddress, NetError)>,
}

/// Drives a vault over the network.
#[derive(Debug)]
pub struct Driver {
    pub(super) client: Client,
    pub(super) vault: SharedVault,
    pub(super) clock: fn() -> Timestamp,
}

impl Driver {
    /// Drives `vault`; `clock` tells the time for what is written on the way.
    pub fn new(vault: SharedVault, clock: fn() -> Timestamp) -> Result<Self, NetError> {
        Self::with_timings(vault, clock, Timings::default())
    }

    /// Drives `vault` with deadlines of one's own.
    pub fn with_timings(
        vault: SharedVault,
        clock: fn() -> Timestamp,
        timings: Timings,
    ) -> Result<Self, NetError> {
        Ok(Self {
            client: Client::with_timings(timings)?,
            vault,
            clock,
        })
    }

    /// Keeps every box of the vault in step with every relay, once. `progress` is told how many
    /// entries have moved so far.
    pub async fn sync(&self, progress: &(dyn Fn(usize) + Sync)) -> Result<SyncReport, NetError> {
        let damaged = self.vault.with(crate::vault::Vault::scrub).await?;
        let relays = self.vault.with(|vault| Ok(vault.relays())).await?;
        if relays.is_empty() {
            return Err(VaultError::NoRelay.into());
        }
        let mut report = SyncReport {
            damaged,
            ..SyncReport::default()
        };
        for relay in relays {
            let mut one = RelayReport {
                address: relay.to_string(),
                ..RelayReport::default()
            };
            match self.sync_with(&relay, &mut one, progress).await {
                Ok(()) => one.complete = true,
                Err(error @ NetError::Vault(_)) => return Err(error),
                Err(error) => report.failures.push((relay, error)),
            }
            report.relays.push(one);
        }
        Ok(report)
    }

    async fn sync_with(
        &self,
        relay: &RelayAddress,
        report: &mut RelayReport,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<(), NetError> {
        let connection = self.client.connect(relay).await?;
        let done = self.rounds(&connection, report, progress).await;
        connection.close();
        done
    }

    /// Exchanges every box until nothing is left to do.
    pub(super) async fn rounds(
        &self,
        connection: &Connection,
        report: &mut RelayReport,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<(), NetError> {
        for _ in 0..ROUNDS {
            let before = (
                report.received,
                report.granted,
                report.bindings,
                report.official,
            );
            self.exchange_mailboxes(connection, report, progress)
                .await?;
            self.exchange_inboxes(connection, report).await?;
            let chores = self.chores(connection, report).await?;
            let after = (
                report.received,
                report.granted,
                report.bindings,
                report.official,
            );
            if !chores.written && before == after {
                break;
            }
        }
        Ok(())
    }

    /// Closes the driver and gives the vault back.
    pub async fn close(self) -> Option<crate::vault::Vault> {
        self.client.close().await;
        self.vault.into_inner()
    }
}
