//! A family in a temporary folder: vaults, a relay, pairing in one call. It holds no assertions.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use techo_client::Timings;
use techo_health::{Member, Note, Record};
use techo_relay::{Config, Relay, RunningRelay};
use techo_vault::Timestamp;
use techo_vault::book::MemberId;
use techo_vault::crypto::{Cost, Passphrase};
use techo_vault::net::{Driver, Patience, SharedVault, SyncReport};
use techo_vault::store::{LockedVault, Unlocked, system_entropy};
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
        self.halt().await.start(Config::new(dir)).await
    }

    /// Stops it, and remembers where it listened.
    pub async fn halt(self) -> HaltedRelay {
        let listen = self.running.addresses().to_vec();
        self.stop().await;
        HaltedRelay { listen }
    }

    /// Stops it in order.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

/// A relay that is away, and may come back where it was.
#[derive(Debug)]
pub struct HaltedRelay {
    listen: Vec<SocketAddr>,
}

impl HaltedRelay {
    /// Starts it again at the same address.
    pub async fn start(self, config: Config) -> TestRelay {
        TestRelay::start_with(Config {
            listen: self.listen,
            ..config
        })
        .await
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

    /// Finds the vault's master key, so that a test can open copies without Argon2 each time.
    pub fn unlock(&self) -> Unlocked {
        let locked = LockedVault::open_dir(&self.dir).expect("a vault");
        locked.unlock(&Self::passphrase()).expect("the passphrase")
    }

    /// Opens the vault, or a copy of it, with its master key.
    pub fn open_with(&self, unlocked: &Unlocked) -> Vault {
        let locked = LockedVault::open_dir(&self.dir).expect("a vault");
        let store = locked
            .into_store(unlocked, system_entropy())
            .expect("the store opens");
        Vault::from_store(Arc::new(store), &self.install()).expect("the vault opens")
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

/// Deadlines for relays that a test expects to fail.
pub const HASTY: Timings = Timings {
    connect: Duration::from_millis(700),
    request: Duration::from_millis(700),
    idle: Duration::from_secs(10),
    keep_alive: Duration::from_secs(3),
};

/// Tries to keep a vault in step once with a relay that is expected to fail, and returns what
/// happened.
pub async fn sync_hastily(vault: Vault) -> (Vault, SyncReport) {
    let driver = Driver::with_timings(SharedVault::new(vault), clock, HASTY).expect("a driver");
    let report = driver.sync(&|_| ()).await.expect("a report");
    let vault = driver.close().await.expect("nobody else holds the vault");
    (vault, report)
}

/// A note of a fixed day.
pub fn note(text: &str) -> Record {
    Record::Note(Note {
        text: text.to_owned(),
        date: Some("2026-11-20".parse().expect("a date")),
        ..Note::default()
    })
}

/// Writes a note of a member.
pub fn write(vault: &mut Vault, member: &MemberId, text: &str) {
    vault
        .add_record(member, &note(text), false, NOW)
        .expect("a record");
}

/// Adds a member.
pub fn add_child(vault: &mut Vault, name: &str) -> MemberId {
    let child = Member {
        name: name.to_owned(),
        ..Member::default()
    };
    vault.add_member(child, NOW).expect("a member")
}

/// Everything that a vault shows.
pub fn shown(vault: &Vault) -> String {
    let all = (vault.timeline(None), vault.members());
    serde_json::to_string_pretty(&all).expect("json")
}

/// A family of two devices that are in step with a relay.
#[derive(Debug)]
pub struct Family {
    /// The first device.
    pub phone: Device,
    /// The second device.
    pub tablet: Device,
    /// The first device's vault.
    pub mother: Vault,
    /// The second device's vault.
    pub father: Vault,
    /// A member with one note.
    pub hana: MemberId,
}

impl Family {
    /// Founds a family at a relay.
    pub async fn found(root: &Path, relay: &RelayAddress) -> Self {
        let (phone, tablet) = (Device::new(root, "phone"), Device::new(root, "tablet"));
        let mut mother = phone.found("phone");
        mother.add_relay(relay.clone(), NOW).expect("a relay");
        let hana = add_child(&mut mother, "手帳 はな");
        write(&mut mother, &hana, "はじめて笑った");
        let (mother, father) = pair(mother, tablet.empty(), relay).await;
        let (father, _) = sync(father).await;
        let (mother, _) = sync(mother).await;
        assert_eq!(shown(&mother), shown(&father), "both begin in step");
        Self {
            phone,
            tablet,
            mother,
            father,
            hana,
        }
    }

    /// Keeps both in step until nothing is left to exchange.
    pub async fn sync_both(mother: Vault, father: Vault) -> (Vault, Vault) {
        let (mother, _) = sync(mother).await;
        let (father, _) = sync(father).await;
        let (mother, _) = sync(mother).await;
        (mother, father)
    }
}

/// Copies a folder with everything in it.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
