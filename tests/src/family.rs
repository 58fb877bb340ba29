//! A family in a temporary folder: vaults, a relay, pairing in one call. It holds no assertions.

use std::path::{Path, PathBuf};
use std::time::Duration;

use techo_relay::{Config, Relay, RunningRelay};
use techo_vault::Timestamp;
use techo_vault::crypto::{Cost, Passphrase};
use techo_vault::net::{Driver, Patience, SharedVault, SyncReport};
use techo_vault::vault::{InstallId, Vault};
use techo_wire::RelayAddress;

/// The time at which every test plays: 2026-11-22T00:00:00Z.
pub const NOW: Timestamp = Timestamp::from_millis(1_795_305_600_000);

/// What every test vault opens with.
pub const PASSPHRASE: &str = "ひらけ手帳 open";

/// How long a test waits for another device before it fails.
pub const PATIENCE: Patience = Patience::Until(Duration::from_secs(30));

/// A relay on a free port of the loopback.
#[derive(Debug)]
pub struct TestRelay {
    running: RunningRelay,
    address: RelayAddress,
}

impl TestRelay {
    /// Starts a relay that keeps its store in `dir`.
    pub async fn start(dir: &Path) -> Self {
        Self::start_with(Config {
            listen: vec![([127, 0, 0, 1], 0).into()],
            ..Config::new(dir)
        })
        .await
    }

    /// Starts a relay with a configuration of the test's own.
    pub async fn start_with(config: Config) -> Self {
        let running = Relay::start(config).await.expect("the relay starts");
        let address = running.address_for("127.0.0.1").expect("an address");
        Self { running, address }
    }

    /// Returns how to reach it.
    pub fn address(&self) -> RelayAddress {
        self.address.clone()
    }

    /// Stops it and starts it again over the same folder, at the same address.
    pub async fn restart(self, dir: &Path) -> Self {
        let listen = self.running.addresses().to_vec();
        self.stop().await;
        Self::start_with(Config {
            listen,
            ..Config::new(dir)
        })
        .await
    }

    /// Stops it in order.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

/// One device of a family: a folder, and how to open it.
#[derive(Debug, Clone)]
pub struct Device {
    /// The vault's folder.
    pub dir: PathBuf,
}

impl Device {
    /// Names a device's folder under `root`.
    pub fn new(root: &Path, name: &str) -> Self {
        Self {
            dir: root.join(name),
        }
    }

    /// Where the vault believes to be installed.
    pub fn install(&self) -> InstallId {
        InstallId::derive(&[7; 16], &self.dir)
    }

    /// The passphrase of every test vault.
    pub fn passphrase() -> Passphrase {
        Passphrase::new(PASSPHRASE.to_owned())
    }

    /// Makes a vault with a new family.
    pub fn found(&self, name: &str) -> Vault {
        let made = Vault::create(
            &self.dir,
            &Self::passphrase(),
            Cost::FLOOR,
            &self.install(),
            name,
            NOW,
        );
        made.expect("a new vault")
    }

    /// Makes a vault that waits to be let into a family.
    pub fn empty(&self) -> Vault {
        Vault::create_empty(&self.dir, &Self::passphrase(), Cost::FLOOR, &self.install())
            .expect("a new vault")
    }

    /// Opens the vault again.
    pub fn open(&self) -> Vault {
        Vault::open(&self.dir, &Self::passphrase(), &self.install()).expect("the vault opens")
    }
}

/// The clock of every test.
pub fn clock() -> Timestamp {
    NOW
}

/// Drives a vault for the length of `work`, and gives it back.
pub async fn drive<T>(vault: Vault, work: impl AsyncFnOnce(&Driver) -> T) -> (Vault, T) {
    let driver = Driver::new(SharedVault::new(vault), clock).expect("a driver");
    let done = work(&driver).await;
    (
        driver.close().await.expect("nobody else holds the vault"),
        done,
    )
}

/// Keeps a vault in step once.
pub async fn sync(vault: Vault) -> (Vault, SyncReport) {
    let (vault, report) = drive(vault, async |driver| driver.sync(&|_| ()).await).await;
    (vault, report.expect("the sync succeeds"))
}

/// Lets `newcomer` into the family of `inviter`.
pub async fn pair(inviter: Vault, newcomer: Vault, relay: &RelayAddress) -> (Vault, Vault) {
    let newcomer = Driver::new(SharedVault::new(newcomer), clock).expect("a driver");
    let inviter = Driver::new(SharedVault::new(inviter), clock).expect("a driver");
    let lifetime = Duration::from_mins(10);
    let ticket = newcomer
        .start_joining(relay.clone(), "tablet", lifetime)
        .await
        .expect("a ticket");
    inviter.answer_ticket(ticket).await.expect("an answer");
    let (seen, _) = newcomer.await_offer(PATIENCE).await.expect("an offer");
    let (shown, _) = inviter.await_reveal(PATIENCE).await.expect("identities");
    assert_eq!(seen, shown, "both people see the same digits");
    inviter
        .confirm_invitation(shown)
        .await
        .expect("the device is let in");
    newcomer
        .finish_joining(PATIENCE)
        .await
        .expect("the grants arrive");
    let inviter = inviter.close().await.expect("nobody else holds the vault");
    (
        inviter,
        newcomer.close().await.expect("nobody else holds the vault"),
    )
}
