//! What the manifests promise: the relay cannot open an envelope, walls between crates hold, and
//! every crate keeps the same rules.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may panic"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which of our crates each one may use outside its tests.
const USES: [(&str, &[&str]); 8] = [
    ("sync-relay/wire", &[]),
    ("vault/health", &[]),
    ("vault/jpki", &[]),
    ("sync-relay/client", &["techo-wire"]),
    ("sync-relay", &["techo-wire"]),
    ("vault", &["techo-wire", "techo-health", "techo-client"]),
    (
        "cli/city",
        &[
            "techo-wire",
            "techo-health",
            "techo-client",
            "techo-jpki",
            "techo-vault",
        ],
    ),
    (
        "cli",
        &[
            "techo-wire",
            "techo-health",
            "techo-client",
            "techo-jpki",
            "techo-vault",
            "techo-city",
            "techo-relay",
        ],
    ),
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    let path = workspace().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The lines of each table of a manifest, without comments.
fn tables(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut table = String::new();
    for line in text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
    {
        match line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            Some(name) if !line.contains('=') && !line.contains(',') => name.clone_into(&mut table),
            _ => all.entry(table.clone()).or_default().push(line.to_owned()),
        }
    }
    all
}

/// The crates that the tables of a manifest name whose titles end in one of `endings`.
fn dependencies(text: &str, endings: &[&str]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (table, lines) in tables(text) {
        for ending in endings {
            if table.rsplit('.').next() == Some(ending) {
                let names = lines
                    .iter()
                    .filter_map(|line| line.split(['.', '=', ' ']).next());
                all.extend(names.map(str::to_owned));
            } else if let Some((before, name)) = table.rsplit_once('.')
                && before.rsplit('.').next() == Some(ending)
            {
                all.insert(name.to_owned());
            }
        }
    }
    all
}

/// Who needs whom according to `Cargo.lock`, tests included; versions of one name are one.
fn locked(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in text.split("[[package]]").skip(1) {
        let mut words = package.split('"');
        words.next();
        let name = words.next().unwrap().to_owned();
        let needs = package
            .split_once("dependencies = [")
            .map_or("", |(_, list)| list);
        let needs = needs.split_once(']').map_or(needs, |(list, _)| list);
        let names = needs.split('"').skip(1).step_by(2);
        let names = names.map(|need| need.split(' ').next().unwrap().to_owned());
        all.entry(name).or_default().extend(names);
    }
    all
}

fn everything_below<'a>(
    all: &'a BTreeMap<String, BTreeSet<String>>,
    name: &'a str,
) -> BTreeSet<&'a str> {
    let (mut found, mut open) = (BTreeSet::new(), vec![name]);
    while let Some(name) = open.pop() {
        let needs = &all[name];
        open.extend(
            needs
                .iter()
                .map(String::as_str)
                .filter(|need| found.insert(*need)),
        );
    }
    found
}

fn who_needs<'a>(all: &'a BTreeMap<String, BTreeSet<String>>, name: &str) -> Vec<&'a str> {
    let needing = all.iter().filter(|(_, needs)| needs.contains(name));
    needing.map(|(who, _)| who.as_str()).collect()
}

#[test]
fn the_relay_holds_nothing_that_could_open_an_envelope() {
    let lock = locked(&read("Cargo.lock"));
    let below = everything_below(&lock, "techo-relay");
    assert!(
        below.contains("techo-wire") && below.contains("quinn"),
        "the lock was misread"
    );
    for name in [
        "techo-vault",
        "techo-health",
        "techo-jpki",
        "techo-city",
        "openssl",
        "automerge",
    ] {
        assert!(lock.contains_key(name), "{name} has another name now");
        assert!(!below.contains(name), "the relay reaches {name}");
    }
    // Sealing needs these; the relay verifies signatures and hashes only.
    for name in ["chacha20poly1305", "hpke", "hkdf", "argon2"] {
        assert!(!below.contains(name), "the relay reaches {name}");
    }
}

#[test]
fn imports_between_our_crates_go_one_way() {
    for (folder, allowed) in USES {
        let text = read(&format!("{folder}/Cargo.toml"));
        let used = dependencies(&text, &["dependencies", "build-dependencies"]);
        assert!(!used.is_empty(), "{folder}: the manifest was misread");
        for name in used.iter().filter(|name| name.starts_with("techo")) {
            assert!(allowed.contains(&name.as_str()), "{folder} uses {name}");
        }
    }
}

#[test]
fn wire_health_and_jpki_know_no_other_crate_of_ours_even_in_tests() {
    let lock = locked(&read("Cargo.lock"));
    for name in ["techo-wire", "techo-health", "techo-jpki"] {
        let ours: Vec<_> = lock[name]
            .iter()
            .filter(|need| need.starts_with("techo"))
            .collect();
        assert!(ours.is_empty(), "{name} uses {ours:?}");
    }
}

#[test]
fn openssl_stands_below_jpki_only() {
    let lock = locked(&read("Cargo.lock"));
    assert_eq!(who_needs(&lock, "openssl"), ["techo-jpki"]);
    assert_eq!(who_needs(&lock, "openssl-sys"), ["openssl"]);
    assert!(
        !lock.contains_key("native-tls"),
        "native-tls brings another OpenSSL"
    );
}

#[test]
fn the_vault_without_its_edges_has_no_socket_and_no_sled() {
    let text = read("vault/Cargo.toml");
    let lines = tables(&text).remove("dependencies").unwrap();
    for name in ["sled", "tokio", "techo-client"] {
        let of = |line: &&String| line.starts_with(&format!("{name} "));
        let line = lines
            .iter()
            .find(of)
            .unwrap_or_else(|| panic!("{name} has gone"));
        assert!(line.contains("optional = true"), "{line}");
    }
}

#[test]
fn every_crate_inherits_edition_lints_and_licence() {
    let root = read("Cargo.toml");
    assert!(tables(&root)["workspace.package"].contains(&"edition = \"2024\"".to_owned()));
    let members = root
        .split_once("members = [")
        .unwrap()
        .1
        .split_once(']')
        .unwrap()
        .0;
    let members: BTreeSet<&str> = members.split('"').skip(1).step_by(2).collect();
    for (folder, _) in USES {
        assert!(members.contains(folder), "{folder} is no member");
    }
    assert_eq!(
        members.len(),
        USES.len() + 1,
        "a crate has no line in this test: {members:?}"
    );
    for folder in members {
        let tables = tables(&read(&format!("{folder}/Cargo.toml")));
        assert_eq!(tables["lints"], ["workspace = true"], "{folder}");
        for key in ["edition", "rust-version", "license", "publish", "version"] {
            let line = format!("{key}.workspace = true");
            assert!(
                tables["package"].contains(&line),
                "{folder}: {key} is its own"
            );
        }
    }
}

#[test]
fn this_guard_reads_manifests_and_locks() {
    let text = "[package]\nname = \"x\"\n[dependencies]\n# techo-jpki.workspace = true\n\
        techo-vault.workspace = true\na = { version = \"1\", features = [\"b\"] }\n\
        [target.'cfg(unix)'.dependencies]\ntecho-city = { path = \"c\" }\n\
        [dependencies.techo-health]\npath = \"h\"\n[dev-dependencies]\ntecho-relay = \"1\"\n";
    let used = dependencies(text, &["dependencies"]);
    let expected = ["a", "techo-city", "techo-health", "techo-vault"];
    assert_eq!(used, expected.map(str::to_owned).into());

    let lock = "version = 4\n[[package]]\nname = \"a\"\nversion = \"1\"\ndependencies = [\n \"b\",\n \"c 2.0\",\n]\n\
        [[package]]\nname = \"b\"\nversion = \"1\"\ndependencies = [\n \"d\",\n]\n\
        [[package]]\nname = \"c\"\nversion = \"2\"\n[[package]]\nname = \"d\"\n";
    let lock = locked(lock);
    assert_eq!(everything_below(&lock, "a"), ["b", "c", "d"].into());
    assert_eq!(who_needs(&lock, "d"), ["b"]);
}
