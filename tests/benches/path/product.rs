//! The product, through its public interface: the relay, devices that write, read and join, and
//! connections that append or stay silent.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use techo_client::{Client, MailboxEvent};
use techo_relay::{Config, Relay};
use techo_tests::family::{Device, NOW, clock};
use techo_vault::crypto::SigningKey;
use techo_vault::net::{Change, Driver, SharedVault};
use techo_vault::store::{LockedVault, system_entropy};
use techo_vault::vault::{InstallId, Vault};
use techo_wire::{RelayAddress, Role};
use tokio::sync::{mpsc, oneshot};

use crate::floor::Maker;
use crate::machine;
use crate::process::{Wish, hear, say, told};
use crate::record::{AT_ONCE, YEAR, record};

/// Where every vault of a bench believes to be: it is copied for each run.
pub(crate) fn install() -> InstallId {
    InstallId::derive(&[7; 16], Path::new("bench"))
}

/// Opens a vault of a bench.
pub(crate) fn open(dir: &Path) -> Vault {
    Vault::open(dir, &Device::passphrase(), &install()).unwrap()
}

fn dir(wish: &Wish) -> PathBuf {
    PathBuf::from(wish.text("dir"))
}

/// The relay.
pub(crate) async fn relay(wish: &Wish) {
    let mut config = Config::new(dir(wish));
    config.listen = vec![([127, 0, 0, 1], wish.number("port")).into()];
    config.limits.connections_per_address = config.limits.connections;
    config.metrics = Some(([127, 0, 0, 1], 0).into());
    let relay = Relay::start(config).await.unwrap();
    say("ready");
    say(format!(
        "address {}",
        relay.address_for("127.0.0.1").unwrap()
    ));
    told().await;
    let metrics = relay.metrics().unwrap();
    let sent = tokio::task::spawn_blocking(move || traffic(metrics)).await;
    say(format!("sent {}", sent.unwrap()));
    relay.stop().await;
}

/// The bytes sent on connections that have ended, once all have or a second has passed.
fn traffic(metrics: SocketAddr) -> u64 {
    let begin = machine::now();
    loop {
        let mut stream = TcpStream::connect(metrics).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let value = |name: &str| -> u64 {
            let line = answer.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().trim().parse().unwrap()
        };
        if value("techo_relay_connections ") == 0 || machine::since(begin) > 1e3 {
            return value("techo_relay_sent_bytes_total ");
        }
        machine::rest(Duration::from_millis(5));
    }
}

/// A vault that is kept in step, what arrives, and how to stop.
struct Watched {
    vault: SharedVault,
    stop: oneshot::Sender<()>,
    moved: mpsc::UnboundedReceiver<(u64, usize)>,
    running: tokio::task::JoinHandle<Driver>,
}

/// Opens a vault and watches its relay; returns once they are in step.
async fn watched(dir: &Path) -> Watched {
    let vault = SharedVault::new(open(dir));
    let driver = Driver::new(vault.clone(), clock).unwrap();
    let relays = vault.with(|vault| Ok(vault.relays())).await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let (tell, mut moved) = mpsc::unbounded_channel();
    let running = tokio::spawn(async move {
        let on_change = move |change: Change| {
            let count = match change {
                Change::InStep(_) => usize::MAX,
                Change::Moved(report) => report.received,
                Change::Away(error, _) => panic!("{error}"),
            };
            tell.send((machine::now(), count)).ok();
        };
        let stop = async { drop(stopped.await) };
        driver.watch(&relays[0], stop, &on_change).await.unwrap();
        driver
    });
    while moved.recv().await.unwrap().1 != usize::MAX {}
    Watched {
        vault,
        stop,
        moved,
        running,
    }
}

impl Watched {
    async fn close(self) {
        self.stop.send(()).ok();
        let driver = self.running.await.unwrap();
        drop(self.vault);
        let vault = driver.close().await.unwrap();
        say(format!("syncs {}", vault.syncs()));
        vault.close().unwrap();
    }
}

/// The writing device.
pub(crate) async fn write(wish: &Wish) {
    let (count, rate): (usize, f64) = (wish.number("n"), wish.number("rate"));
    let device = watched(&dir(wish)).await;
    let members = device.vault.with(|vault| Ok(vault.members())).await;
    let member = members.unwrap()[0].id;
    say("ready");
    told().await;
    let (begin, mut sent) = (machine::now(), Vec::with_capacity(count));
    if rate > 0.0 {
        let mut beat = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
        for index in 0..count {
            beat.tick().await;
            sent.push(machine::now());
            let written = device
                .vault
                .with(move |vault| vault.add_record(&member, &record(index, YEAR), false, NOW));
            written.await.unwrap();
        }
    } else {
        sent.push(begin);
        for start in (0..count).step_by(AT_ONCE) {
            let batch: Vec<_> = (start..count.min(start + AT_ONCE))
                .map(|index| record(index, YEAR))
                .collect();
            let written = device
                .vault
                .with(move |vault| vault.add_records(&member, &batch, false, NOW));
            written.await.unwrap();
        }
        say(format!("written {}", machine::since(begin)));
    }
    crate::report_times("sent", &sent);
    told().await;
    device.close().await;
    say(format!(
        "peak {}",
        machine::memory(std::process::id(), "VmHWM")
    ));
}

/// The reading device.
pub(crate) async fn watch(wish: &Wish) {
    let count: usize = wish.number("n");
    let mut device = watched(&dir(wish)).await;
    say("ready");
    let mut arrived = Vec::with_capacity(count);
    while arrived.len() < count {
        let (at, new) = device.moved.recv().await.unwrap();
        arrived.extend(std::iter::repeat_n(at, new));
    }
    let listed = device.vault.with(|vault| Ok(vault.timeline(None).len()));
    assert_eq!(listed.await.unwrap(), count, "every record can be read");
    crate::report_times("arrived", &arrived);
    told().await;
    device.close().await;
    say(format!(
        "peak {}",
        machine::memory(std::process::id(), "VmHWM")
    ));
}

/// A device that was let in and holds nothing yet.
pub(crate) async fn join(wish: &Wish) {
    let count: usize = wish.number("n");
    let vault = open(&dir(wish));
    let opened = vault.syncs();
    let driver = Driver::new(SharedVault::new(vault), clock).unwrap();
    say("ready");
    told().await;
    let begin = machine::now();
    driver.sync(&|_| ()).await.unwrap();
    say(format!("ms {}", machine::since(begin)));
    let vault = driver.close().await.unwrap();
    assert_eq!(
        vault.timeline(None).len(),
        count,
        "every record can be read"
    );
    say(format!("syncs {}", vault.syncs() - opened));
    told().await;
    say(format!(
        "peak {}",
        machine::memory(std::process::id(), "VmHWM")
    ));
}

/// Opens an unlocked vault and lists its latest records.
pub(crate) fn unlock(wish: &Wish) {
    let locked = LockedVault::open_dir(&dir(wish)).unwrap();
    let unlocked = locked.unlock(&Device::passphrase()).unwrap();
    let begin = machine::now();
    let store = locked.into_store(&unlocked, system_entropy()).unwrap();
    say(format!("store {}", machine::since(begin)));
    let vault = Vault::from_store(Arc::new(store), &install()).unwrap();
    say(format!("opened {}", machine::since(begin)));
    let latest = vault.latest(None, 50);
    say(format!("ms {}", machine::since(begin)));
    assert_eq!(latest.len(), 50);
}

/// Writes many records without a relay: `years` years of `n` each, counted down from this one.
pub(crate) fn fill(wish: &Wish) {
    let mut vault = open(&dir(wish));
    let member = vault.members()[0].id;
    for year in 0..wish.number::<u16>("years").max(1) {
        for start in (0..wish.number::<usize>("n")).step_by(1_000) {
            let batch = (start..start + 1_000).map(|index| record(index, YEAR - year));
            let batch: Vec<_> = batch.collect();
            vault.add_records(&member, &batch, false, NOW).unwrap();
        }
    }
    vault.close().unwrap();
    say("ready");
    hear();
}

/// Many connections, each with many envelopes on the way, one to a request.
pub(crate) async fn append(wish: &Wish) {
    let (clients, count): (u8, usize) = (wish.number("clients"), wish.number("n"));
    let relay: RelayAddress = wish.text("relay").parse().unwrap();
    let client = Client::new().unwrap();
    let mut ready = Vec::new();
    for seed in 0..clients {
        let mut maker = Maker::new(seed);
        let envelopes: Vec<_> = (0..count).map(|_| maker.seal(&[7; 300])).collect();
        let key = SigningKey::from_seed(&[seed + 100; 32]);
        let connection = client.connect(&relay).await.unwrap();
        let mailbox = key.mailbox();
        connection
            .prove(Role::Mailbox, mailbox, &key)
            .await
            .unwrap();
        connection
            .admit_feed(mailbox, envelopes[0].feed())
            .await
            .unwrap();
        ready.push((connection, mailbox, envelopes));
    }
    say("ready");
    told().await;
    let begin = machine::now();
    let mut running = tokio::task::JoinSet::new();
    for (connection, mailbox, envelopes) in ready {
        running.spawn(async move {
            let mut under_way = VecDeque::new();
            for envelope in envelopes {
                let connection = connection.clone();
                let mut appending = Box::pin(async move {
                    connection.append(mailbox, &[envelope]).await.unwrap();
                });
                // Sent now, so that requests leave in the order of the feed; awaited later.
                poll_fn(|context| {
                    let _ = appending.as_mut().poll(context);
                    Poll::Ready(())
                })
                .await;
                under_way.push_back(appending);
                if under_way.len() >= AHEAD
                    && let Some(first) = under_way.pop_front()
                {
                    first.await;
                }
            }
            for last in under_way {
                last.await;
            }
        });
    }
    running.join_all().await;
    let seconds = machine::since(begin) / 1e3;
    say(format!(
        "rate {}",
        f64::from(clients) * count as f64 / seconds
    ));
    told().await;
}

/// Requests of one connection on the way.
const AHEAD: usize = 16;

/// Devices that are up to date and wait for news.
pub(crate) async fn idle(wish: &Wish) {
    let relay: RelayAddress = wish.text("relay").parse().unwrap();
    let client = Arc::new(Client::new().unwrap());
    let kept = Arc::new(Mutex::new(Vec::new()));
    let mut dialling = tokio::task::JoinSet::new();
    for index in 0..wish.number::<u32>("n") {
        let (client, kept, relay) = (Arc::clone(&client), Arc::clone(&kept), relay.clone());
        if dialling.len() >= 16 {
            dialling.join_next().await.unwrap().unwrap();
        }
        dialling.spawn(async move {
            let mut seed = [5; 32];
            seed[..4].copy_from_slice(&index.to_be_bytes());
            let key = SigningKey::from_seed(&seed);
            let connection = client.connect(&relay).await.unwrap();
            let mailbox = key.mailbox();
            connection
                .prove(Role::Mailbox, mailbox, &key)
                .await
                .unwrap();
            let mut stream = connection.fetch(mailbox, Vec::new(), true).await.unwrap();
            while !matches!(stream.next().await.unwrap(), Some(MailboxEvent::CaughtUp)) {}
            kept.lock().unwrap().push((connection, stream));
        });
    }
    dialling.join_all().await;
    say("ready");
    told().await;
}
