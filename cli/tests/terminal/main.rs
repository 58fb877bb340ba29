//! What people and programs at the terminal get: answers, exit codes, hints.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod due;
mod card;
#[cfg(unix)]
mod dialogue;
mod growth;
mod records;
mod remind;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value as Json;
use tempfile::TempDir;

const PASSPHRASE: &str = "青い傘 と 三毛猫";

/// A folder with one family's terminals in it.
struct Terminal {
    folder: TempDir,
}

struct Answer {
    code: i32,
    out: String,
    err: String,
}

impl Answer {
    fn data(&self) -> Json {
        assert_eq!(self.code, 0, "{}", self.err);
        let answer: Json = serde_json::from_str(self.out.lines().last().unwrap()).unwrap();
        documented(&answer);
        answer["data"].clone()
    }

    fn refused(&self, code: i32, name: &str) -> Json {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        let answer: Json = serde_json::from_str(self.err.lines().last().unwrap()).unwrap();
        documented(&answer);
        assert_eq!(answer["data"]["code"], name);
        assert_eq!(answer["data"]["exit"], code);
        answer["data"].clone()
    }
}

/// Every answer is described in docs/json.md, with every field that it has.
fn documented(answer: &Json) {
    let page = include_str!("../../../docs/json.md");
    let schema = answer["schema"].as_str().unwrap();
    let row = page
        .lines()
        .find(|line| line.starts_with(&format!("| `{schema}` ")));
    let row = row.unwrap_or_else(|| panic!("{schema} is not documented"));
    let row = match schema {
        "record-show/1" => {
            format!(
                "{row} `history` {}",
                page.lines().find(|l| l.contains("`timeline/1` |")).unwrap()
            )
        }
        _ => row.to_owned(),
    };
    let first = answer["data"]
        .as_array()
        .map_or(Some(&answer["data"]), |list| list.first());
    for field in first
        .and_then(Json::as_object)
        .into_iter()
        .flat_map(|object| object.keys())
    {
        assert!(
            row.contains(&format!("`{field}`")),
            "{schema} has {field}: {row}"
        );
    }
}

impl Terminal {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), format!("{PASSPHRASE}\n")).unwrap();
        Self { folder }
    }

    fn family() -> Self {
        let terminal = Self::new();
        assert_eq!(
            terminal.json("mother", &["init", "--device", "phone"]).code,
            0
        );
        let member = [
            "member",
            "add",
            "みほん花",
            "--born",
            "R6.10.1",
            "--sex",
            "女",
        ];
        assert_eq!(terminal.json("mother", &member).code, 0);
        terminal
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, vault: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_techo"));
        command
            .current_dir(self.path())
            .env("TECHO_VAULT", vault)
            .env("TECHO_STATE", self.path().join("state"))
            .env("TECHO_PASSPHRASE_FILE", "secret")
            .env("LANG", "ja_JP.UTF-8")
            .env_remove("LC_ALL")
            .env_remove("LC_MESSAGES")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, vault: &str, words: &[&str]) -> Answer {
        let output = self.command(vault).args(words).output().unwrap();
        Answer {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn json(&self, vault: &str, words: &[&str]) -> Answer {
        self.run(vault, &[&["--json"], words].concat())
    }
}

#[test]
fn a_family_writes_amends_and_reads_its_records() {
    let home = Terminal::family();
    let note = [
        "add",
        "note",
        "初めて歩いた",
        "--title",
        "成長",
        "--date",
        "R7.11.20",
    ];
    let id = home.json("mother", &note).data()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        home.json("mother", &["add", "measurement", "体重", "10200", "g"])
            .code,
        0
    );
    assert_eq!(
        home.json("mother", &["add", "checkup", "18m", "--finding", "skin=良"])
            .code,
        0
    );

    let end = &id[id.len() - 6..];
    let set = [
        "record",
        "amend",
        end,
        "--set",
        "text=三歩歩いた",
        "--clear",
        "title",
    ];
    assert_eq!(home.json("mother", &set).data()["id"], *id);
    let items = home.json("mother", &["timeline"]).data();
    assert_eq!(items.as_array().unwrap().len(), 3);
    assert_eq!(items[0]["date"], "2025-11-20");
    assert_eq!(
        items[0]["fields"]["text"],
        serde_json::json!(["三歩歩いた"])
    );
    assert_eq!(items[0]["fields"].get("title"), None);
    assert_eq!(items[0]["source"], "family");
    let shown = home.json("mother", &["record", "show", end]).data();
    assert_eq!(shown["history"], serde_json::json!([]));

    let page = home.run("mother", &["timeline", "--kind", "note"]).out;
    assert!(
        page.contains("2025-11-20(令和7年11月20日) 1歳1か月"),
        "{page}"
    );
    assert!(page.contains("三歩歩いた") && page.contains(end), "{page}");
    for words in [["member", "list"], ["device", "list"]] {
        home.json("mother", &words).data();
    }
    for word in ["status", "doctor", "issuers"] {
        home.json("mother", &[word]).data();
    }
    let member = home.json("mother", &["member", "show", "花"]).data();
    assert_eq!(
        member["profile"]["birth_date"],
        serde_json::json!(["2024-10-01"])
    );
}

#[test]
fn slips_of_the_finger_are_refused_with_a_hint() {
    let home = Terminal::family();
    let weight = ["add", "measurement", "weight", "10200", "kg"];
    let told = home.json("mother", &weight).refused(1, "implausible");
    assert!(told["hint"].as_str().unwrap().contains('g'));
    let confirmed = [&weight[..], &["--confirm"]].concat();
    assert_eq!(home.json("mother", &confirmed).code, 0);

    let impossible = ["add", "note", "x", "--date", "2026-02-30"];
    home.json("mother", &impossible).refused(2, "date");
    home.json("mother", &["add", "measurement", "weight", "ten", "kg"])
        .refused(2, "not-understood");
    home.json("mother", &["add", "note", "x", "--member", "だれか"])
        .refused(1, "unknown-member");
    home.json("mother", &["record", "show", "ffffff"])
        .refused(1, "unknown-record");
    home.json("mother", &["record", "amend", "ffffff"])
        .refused(2, "not-understood");
    home.json("mother", &["sync"]).refused(1, "no-relay");
    home.json("mother", &["sync", "--relay", "somewhere"])
        .refused(2, "relay-address");
    home.json("mother", &["device", "confirm"])
        .refused(1, "no-pairing");
    home.json("mother", &["device", "invite", "hello"])
        .refused(1, "not-a-ticket");
}

#[test]
fn a_my_number_is_refused_and_never_repeated() {
    let home = Terminal::family();
    let answer = home.json("mother", &["add", "note", "番号は 123456789018 です"]);
    answer.refused(1, "my-number");
    assert!(!format!("{}{}", answer.out, answer.err).contains("123456789018"));
}

#[test]
fn nobody_opens_a_vault_without_its_passphrase() {
    let home = Terminal::family();
    std::fs::write(home.path().join("secret"), "another\n").unwrap();
    home.json("mother", &["timeline"])
        .refused(1, "wrong-passphrase");
    std::fs::write(home.path().join("secret"), "\n").unwrap();
    home.json("mother", &["timeline"])
        .refused(2, "empty-passphrase");
    let mut command = home.command("mother");
    let output = command
        .env_remove("TECHO_PASSPHRASE_FILE")
        .args(["--json", "timeline"])
        .output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no-passphrase"));
}

#[test]
fn where_there_is_no_vault_or_one_already_nothing_is_changed() {
    let home = Terminal::family();
    home.json("elsewhere", &["timeline"])
        .refused(1, "not-a-vault");
    assert!(!home.path().join("elsewhere").exists());
    home.json("mother", &["init"]).refused(1, "already-a-vault");
    assert_eq!(
        home.json("mother", &["member", "list"])
            .data()
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_damaged_vault_is_reported_as_damaged() {
    let home = Terminal::family();
    let header = home.path().join("mother/header");
    let mut bytes = std::fs::read(&header).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&header, bytes).unwrap();
    let answer = home.json("mother", &["timeline"]);
    assert_eq!(answer.code, 3, "{}", answer.err);
}

#[test]
fn files_from_others_are_judged_by_their_content() {
    let home = Terminal::new();
    let check = ["check", "proof", "--issuer", "issuer"];
    home.json("none", &check).refused(1, "no-file");
    std::fs::write(home.path().join("issuer"), "techo-issuer-v1\nAAAA\n").unwrap();
    home.json("none", &check).refused(3, "issued-malformed");
}

#[test]
fn wrong_use_ends_with_two_and_help_with_zero_in_both_languages() {
    let home = Terminal::new();
    let wrong = home.run("none", &["frobnicate"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("使い方"));
    let help = home.run("none", &["add", "--help"]);
    assert_eq!(help.code, 0);
    assert!(help.out.contains("予防接種"), "{}", help.out);
    let help = home.run("none", &["--lang", "en", "add", "vaccination", "--help"]);
    assert!(help.out.contains("One dose of a vaccine"), "{}", help.out);
    assert!(help.out.contains("Example:"), "{}", help.out);
    let english = home.run("none", &["--lang", "en", "timeline"]);
    assert!(
        english.err.contains("There is no vault in this folder"),
        "{}",
        english.err
    );
    assert!(
        english.err.contains("→ Make one with techo init"),
        "{}",
        english.err
    );
}

/// A relay that ends with the test.
struct Relay {
    child: Child,
    address: String,
}

impl Relay {
    fn start(home: &Terminal) -> Self {
        let mut command = home.command("none");
        command.args(["relay", "run", "--dir", "relay", "--listen", "127.0.0.1:0"]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        Self {
            child,
            address: address.trim().to_owned(),
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_device_whose_digits_differ_is_not_let_in() {
    let home = Terminal::family();
    let relay = Relay::start(&home);
    home.json("mother", &["sync", "--relay", &relay.address])
        .data();
    let join = ["device", "join", "--relay", &relay.address, "--no-wait"];
    let ticket = home.json("tablet", &join).data()["ticket"]
        .as_str()
        .unwrap()
        .to_owned();
    let invite = ["device", "invite", &ticket, "--no-wait"];
    assert_eq!(home.json("mother", &invite).code, 0);
    home.json("mother", &invite).refused(1, "ticket-used");
    let confirm = ["device", "confirm", "--no-wait"];
    let digits = home.json("tablet", &confirm).data()["digits"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(home.json("mother", &confirm).data()["digits"], *digits);

    let other = format!("{:06}", (digits.parse::<u32>().unwrap() + 1) % 1_000_000);
    let wrong = ["device", "confirm", "--digits", &other];
    home.json("mother", &wrong).refused(1, "digits-differ");
    let right = ["device", "confirm", "--no-wait", "--digits", &digits];
    home.json("mother", &right).refused(1, "no-pairing");
    home.json("tablet", &right).refused(1, "pairing-refused");
    home.json("tablet", &["timeline"]).data();
    assert_eq!(
        home.json("mother", &["device", "list"])
            .data()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        home.json("tablet", &["device", "list"])
            .data()
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

#[test]
fn without_anybody_to_ask_a_pairing_waits_for_its_digits() {
    let home = Terminal::family();
    let relay = Relay::start(&home);
    let join = ["device", "join", "--relay", &relay.address, "--no-wait"];
    let ticket = home.json("tablet", &join).data()["ticket"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        home.json("mother", &["device", "invite", &ticket, "--no-wait"])
            .code,
        0
    );
    home.json("tablet", &["device", "confirm"])
        .refused(1, "digits-needed");
    let shown = home.json("mother", &["device", "confirm", "--no-wait"]);
    let digits = shown.data()["digits"].as_str().unwrap().to_owned();
    let confirm = ["device", "confirm", "--digits", &digits];
    assert_eq!(home.json("mother", &confirm).data()["devices"], 2);
    assert_eq!(home.json("tablet", &confirm).data()["members"], 1);
}
