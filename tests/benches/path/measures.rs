//! The measures, one after the other; product and floor take turns within each.

use std::path::Path;
use std::time::Duration;

use crate::family::{Family, envelopes};
use crate::machine;
use crate::process::Role;
use crate::product;
use crate::table::{Runs, Target, head, row};

/// How much is measured.
struct Size {
    runs: usize,
    writes: usize,
    records: usize,
    years: usize,
    connections: usize,
}

fn setting(name: &str, usual: usize) -> usize {
    let value = std::env::var(name).ok();
    value.and_then(|value| value.parse().ok()).unwrap_or(usual)
}

impl Size {
    fn read() -> Self {
        let full = std::env::var("TECHO_BENCH").is_ok_and(|word| word == "full");
        Self {
            runs: setting("TECHO_BENCH_RUNS", 5),
            writes: setting("TECHO_BENCH_WRITES", if full { 500 } else { 40 }),
            records: setting("TECHO_BENCH_RECORDS", 10_000),
            years: setting("TECHO_BENCH_YEARS", if full { 11 } else { 4 }),
            connections: setting("TECHO_BENCH_CONNECTIONS", 1_000),
        }
    }
}

/// Runs everything, or the measures that `TECHO_BENCH_ONLY` names.
pub(crate) fn all() {
    let root = std::env::temp_dir().join(format!("techo-bench-{}", std::process::id()));
    let size = Size::read();
    let only = std::env::var("TECHO_BENCH_ONLY").unwrap_or_default();
    let wanted = |name: &str| only.is_empty() || only.split(',').any(|word| word == name);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let family = runtime.block_on(Family::found(&root.join("family")));
    drop(runtime);
    head();
    if wanted("latency") {
        latency(&family, &root, &size);
    }
    if wanted("many") {
        many(&family, &root, &size);
    }
    if wanted("open") {
        open(&family, &root, &size);
    }
    if wanted("append") {
        append(&root, &size);
    }
    if wanted("idle") {
        idle(&root, &size);
    }
    if wanted("enrol") {
        crate::enrol::measure(size.runs);
    }
    std::fs::remove_dir_all(&root).unwrap();
}

/// What one run of writer, relay and reader gives.
struct Run {
    /// Milliseconds from each write, or from the first, until it could be read.
    waits: Vec<f64>,
    writer_peak: f64,
    reader_peak: f64,
    relay_memory: f64,
    writer_syncs: f64,
    reader_syncs: f64,
}

fn run(prefix: &str, dir: &Path, port: u16, count: usize, rate: usize) -> Run {
    let wishes = |part: &str| {
        let dir = dir.join(part);
        std::fs::create_dir_all(&dir).unwrap();
        [
            ("dir", dir.display().to_string()),
            ("port", port.to_string()),
            ("n", count.to_string()),
            ("rate", rate.to_string()),
        ]
    };
    let role = |name: &str| format!("{prefix}{name}");
    let relay = Role::ready(&role("relay"), &wishes("relay"));
    let mut reader = Role::ready(&role("watch"), &wishes("b"));
    let mut writer = Role::ready(&role("write"), &wishes("a"));
    machine::rest(Duration::from_millis(200));
    writer.tell("go");
    let sent = writer.wait("sent");
    let arrived = reader.wait("arrived");
    let begun = |index: usize| {
        sent.get(index)
            .or(sent.first())
            .copied()
            .unwrap_or(f64::NAN)
    };
    let waits = arrived
        .iter()
        .enumerate()
        .map(|(index, at)| (at - begun(index)) / 1e3)
        .collect();
    let relay_memory = machine::memory(relay.pid(), "VmRSS");
    reader.tell("stop");
    writer.tell("stop");
    let product = prefix.is_empty();
    let syncs = |role: &mut Role| {
        if product {
            role.value("syncs")
        } else {
            f64::NAN
        }
    };
    let (reader_syncs, writer_syncs) = (syncs(&mut reader), syncs(&mut writer));
    let reader_peak = reader.value("peak");
    let writer_peak = if product {
        writer.value("peak")
    } else {
        f64::NAN
    };
    for role in [reader, writer, relay] {
        // Devices first: a relay that goes is a failure to them.
        role.end();
    }
    Run {
        waits,
        writer_peak,
        reader_peak,
        relay_memory,
        writer_syncs,
        reader_syncs,
    }
}

/// One write at a time.
fn latency(family: &Family, root: &Path, size: &Size) {
    let mut middle = [Runs::default(), Runs::default()];
    let mut tail = middle.clone();
    for _ in 0..size.runs {
        for (place, prefix) in ["", "floor-"].into_iter().enumerate() {
            let dir = family.copy(&root.join("run"), &["a", "b", "relay"]);
            let found = Runs(run(prefix, &dir, family.port, size.writes, 10).waits);
            middle[place].add(found.median());
            tail[place].add(found.at(0.99));
        }
    }
    let [ours, best] = &middle;
    row(
        "one write at 10/s, readable on B: p50",
        "ms",
        ours,
        best,
        &Target::AtMost(1.5),
    );
    let [ours, best] = &tail;
    row(
        "one write at 10/s, readable on B: p99",
        "ms",
        ours,
        best,
        &Target::AtMost(2.5),
    );
}

/// Many records as fast as it goes, then a third device that joins.
fn many(family: &Family, root: &Path, size: &Size) {
    let n = size.records;
    let mut took = [Runs::default(), Runs::default()];
    let (mut joined, mut bytes, mut peaks) = (took.clone(), took.clone(), took.clone());
    let (mut third_peaks, mut relays, mut syncs) = (took.clone(), took.clone(), took.clone());
    let mut stores = Runs::default();
    let (mut vault_size, mut relay_size) = (took.clone(), took.clone());
    for _ in 0..size.runs {
        for (place, prefix) in ["", "floor-"].into_iter().enumerate() {
            let dir = family.copy(&root.join("run"), &["a", "b", "c", "relay"]);
            let found = run(prefix, &dir, family.port, n, 0);
            took[place].add(found.waits.last().copied().unwrap_or(f64::NAN));
            peaks[place].add(found.writer_peak.max(found.reader_peak));
            relays[place].add(found.relay_memory);
            syncs[place].add(found.writer_syncs + found.reader_syncs);
            let third = join(prefix, &dir, family.port, n);
            joined[place].add(third.0);
            bytes[place].add(third.1);
            third_peaks[place].add(third.2);
            if place == 0 {
                let (_, bytes_held) = envelopes(&product::open(&dir.join("a")));
                stores.add(bytes_held as f64 / 1e6);
                vault_size[0].add(machine::size(&dir.join("a")) as f64 / 1e6);
                relay_size[0].add(machine::size(&dir.join("relay")) as f64 / 1e6);
            }
        }
    }
    let label = |text: &str| format!("{n} records {text}");
    let show = |text: &str, unit, [ours, best]: &[Runs; 2], target| {
        row(&label(text), unit, ours, best, &target);
    };
    show(
        "from A as fast as it goes, durable on B",
        "ms",
        &took,
        Target::AtMost(1.4),
    );
    show(
        "on a third device that joins",
        "ms",
        &joined,
        Target::AtMost(1.5),
    );
    row(
        &label("joining: datagrams received (floor: bytes of the envelopes)"),
        "MB",
        &bytes[0],
        &stores,
        &Target::AtMost(1.15),
    );
    row(
        &label("joining: datagrams received, the floor itself"),
        "MB",
        &bytes[1],
        &stores,
        &Target::Told,
    );
    row(
        &label("on disk (floor: bytes of the envelopes): vault"),
        "MB",
        &vault_size[0],
        &stores,
        &Target::AtMost(2.5),
    );
    row(
        &label("on disk (floor: bytes of the envelopes): relay"),
        "MB",
        &relay_size[0],
        &stores,
        &Target::AtMost(2.0),
    );
    let none = Runs::default();
    row(
        "memory: device, peak while writing or reading",
        "MB",
        &peaks[0],
        &none,
        &Target::Bound(150.0),
    );
    row(
        "memory: device, peak while joining",
        "MB",
        &third_peaks[0],
        &third_peaks[1],
        &Target::Bound(150.0),
    );
    row(
        "memory: relay afterwards",
        "MB",
        &relays[0],
        &relays[1],
        &Target::Bound(40.0),
    );
    row(
        "fdatasync on A and B together",
        "",
        &syncs[0],
        &none,
        &Target::Told,
    );
}

/// Milliseconds, megabytes and peak memory of a device that joins.
fn join(prefix: &str, dir: &Path, port: u16, count: usize) -> (f64, f64, f64) {
    let wishes = |part: &str| {
        [
            ("dir", dir.join(part).display().to_string()),
            ("port", port.to_string()),
            ("n", count.to_string()),
        ]
    };
    let mut relay = Role::ready(&format!("{prefix}relay"), &wishes("relay"));
    let mut joiner = Role::ready(&format!("{prefix}join"), &wishes("c"));
    joiner.tell("go");
    let took = joiner.value("ms");
    let floor = !prefix.is_empty();
    let received = if floor {
        joiner.value("bytes")
    } else {
        f64::NAN
    };
    joiner.tell("stop");
    let peak = joiner.value("peak");
    joiner.end();
    relay.tell("stop");
    let bytes = if floor { received } else { relay.value("sent") };
    relay.end();
    (took, bytes / 1e6, peak)
}

/// Opening a vault and listing what is newest.
fn open(family: &Family, root: &Path, size: &Size) {
    for years in [1, size.years] {
        let dir = family.copy(&root.join("run"), &["a"]);
        let place = ("dir", dir.join("a").display().to_string());
        let records = ("n", size.records.to_string());
        let wishes = [place.clone(), records, ("years", years.to_string())];
        let filled = Role::ready("fill", &wishes);
        filled.end();
        let (mut store, mut opened, mut listed) =
            (Runs::default(), Runs::default(), Runs::default());
        for _ in 0..size.runs.max(5) {
            let mut role = Role::start("unlock", std::slice::from_ref(&place));
            store.add(role.value("store"));
            opened.add(role.value("opened"));
            listed.add(role.value("ms"));
        }
        let none = Runs::default();
        let text = format!("opening {} records of {years} years", size.records * years);
        row(
            &format!("{text}: store"),
            "ms",
            &store,
            &none,
            &Target::Told,
        );
        row(
            &format!("{text}: vault"),
            "ms",
            &opened,
            &none,
            &Target::Told,
        );
        row(
            &format!("{text} and listing the latest 50"),
            "ms",
            &listed,
            &none,
            &Target::Bound(30.0),
        );
    }
}

/// Many connections that append.
fn append(root: &Path, size: &Size) {
    let mut rates = [Runs::default(), Runs::default()];
    for _ in 0..size.runs {
        for (place, prefix) in ["", "floor-"].into_iter().enumerate() {
            let (relay, address, port) = lone_relay(prefix, root);
            let wishes = [
                ("relay", address),
                ("port", port.to_string()),
                ("clients", "64".to_owned()),
                ("n", (size.records / 50).to_string()),
            ];
            let mut clients = Role::ready(&format!("{prefix}append"), &wishes);
            clients.tell("go");
            rates[place].add(clients.value("rate"));
            clients.end();
            relay.end();
        }
    }
    let [ours, best] = &rates;
    row(
        "relay: durable appends, 64 connections",
        "/s",
        ours,
        best,
        &Target::AtLeast(0.5),
    );
}

/// Many connections that are silent.
fn idle(root: &Path, size: &Size) {
    let mut each = [Runs::default(), Runs::default()];
    for _ in 0..size.runs.min(3) {
        for (place, prefix) in ["", "floor-"].into_iter().enumerate() {
            let (relay, address, port) = lone_relay(prefix, root);
            let before = machine::memory(relay.pid(), "VmRSS");
            let wishes = [
                ("relay", address),
                ("port", port.to_string()),
                ("n", size.connections.to_string()),
            ];
            let clients = Role::ready(&format!("{prefix}idle"), &wishes);
            machine::rest(Duration::from_secs(2));
            let grown = machine::memory(relay.pid(), "VmRSS") - before;
            each[place].add(grown * 1024.0 / size.connections as f64);
            drop(clients);
            drop(relay);
        }
    }
    let [ours, best] = &each;
    let text = format!(
        "memory: relay, each of {} idle connections",
        size.connections
    );
    row(&text, "KiB", ours, best, &Target::AtMost(1.3));
}

/// A relay without any family.
fn lone_relay(prefix: &str, root: &Path) -> (Role, String, u16) {
    let dir = root.join("lone");
    drop(std::fs::remove_dir_all(&dir));
    std::fs::create_dir_all(&dir).unwrap();
    let port = machine::free_port();
    let wishes = [
        ("dir", dir.display().to_string()),
        ("port", port.to_string()),
    ];
    let mut relay = Role::ready(&format!("{prefix}relay"), &wishes);
    let address = if prefix.is_empty() {
        relay.words("address")
    } else {
        String::new()
    };
    (relay, address, port)
}
