//! The pages are true: what docs/format.md says of labels, numbers and sizes is what the code has,
//! and the tests that docs/threats.md names exist.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that fails may panic"
)]

#[path = "pages/page.rs"]
mod page;

use page::{
    begins_alike, constant, numbered_rows, numbered_words, quoted, read, rust_files, section,
    variants, with_commas, workspace,
};
use std::collections::{BTreeMap, BTreeSet};
use techo_vault::book::{BookKind, Role as MemberRole};
use techo_vault::crypto::{Cost, MAX_SLOTS, SealPublic, SlotKind};
use techo_vault::issued::IssuedKind;
use techo_wire::{Label, Role, canonical, envelope, frame, item, padme, prove};

fn format() -> String {
    read("docs/format.md")
}

/// The labels of the page's table.
fn labels_on_the_page(page: &str) -> BTreeSet<String> {
    let rows = section(page, "1. Conventions")
        .lines()
        .filter(|line| line.starts_with("| `"));
    let first = rows.flat_map(|line| quoted(line.split('|').nth(1).unwrap_or_default()));
    first.map(str::to_owned).collect()
}

fn is_label(text: &str) -> bool {
    text.starts_with("techo/") && text.ends_with("/v1") && !text.contains(' ')
}

/// The labels that stand in source files, be it in code or in a comment.
fn labels_in_the_code() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for file in rust_files(&["vault", "sync-relay", "cli"]) {
        let text = std::fs::read_to_string(&file).unwrap();
        all.extend(
            text.split('"')
                .filter(|part| is_label(part))
                .map(str::to_owned),
        );
    }
    all
}

#[test]
fn the_table_of_labels_is_the_code_s() {
    let page = labels_on_the_page(&format());
    let code = labels_in_the_code();
    assert!(page.len() > 40, "the table was misread: {page:?}");
    let text = |label: &Label| String::from_utf8(label.bytes().to_vec()).unwrap();
    let enumerated: BTreeSet<String> = Label::ALL.iter().map(text).collect();
    assert!(code.is_superset(&enumerated), "the code was misread");
    assert_eq!(
        page.difference(&code).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "not in the code"
    );
    assert_eq!(
        code.difference(&page).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "not on the page"
    );
}

#[test]
fn every_label_that_the_page_mentions_stands_in_its_table() {
    let page = format();
    let table = labels_on_the_page(&page);
    let mentioned = page.split(|c: char| !(c.is_ascii_alphanumeric() || "/-".contains(c)));
    for label in mentioned.filter(|text| is_label(text)) {
        assert!(table.contains(label), "{label}");
    }
}

fn assert_alike(page: &BTreeMap<u64, String>, code: &BTreeMap<u64, String>, what: &str) {
    let numbers = |of: &BTreeMap<u64, String>| of.keys().copied().collect::<Vec<_>>();
    assert_eq!(numbers(page), numbers(code), "{what}");
    for (number, name) in code {
        assert!(
            begins_alike(&page[number], name),
            "{what} {number}: {} or {name}",
            page[number]
        );
    }
}

#[test]
fn the_numbers_of_choices_are_the_code_s() {
    let page = format();
    let payload = "vault/src/entry/payload.rs";
    for (heading, sources) in [
        (
            "3. Inbox item",
            vec![
                (payload, "ItemPayload"),
                ("vault/src/issued/payload.rs", "IssuerPayload"),
            ],
        ),
        (
            "4.1 Connection",
            vec![("sync-relay/wire/src/frame.rs", "Frame")],
        ),
        ("5. Entry", vec![("vault/src/entry/op.rs", "Op")]),
        ("6. Books", vec![("vault/src/book/op.rs", "ControlOp")]),
        (
            "8. Pairing",
            vec![("vault/src/pairing/message.rs", "Message")],
        ),
        (
            "15. City directory",
            vec![("cli/city/src/record.rs", "JournalRecord")],
        ),
    ] {
        let mut code = BTreeMap::new();
        for (file, name) in sources {
            code.extend(variants(&read(file), name));
        }
        assert_alike(&numbered_rows(section(&page, heading)), &code, heading);
    }
}

#[test]
fn the_error_codes_are_the_code_s() {
    let page = format();
    let text = section(&page, "4.1 Connection")
        .split_once("Error codes:")
        .unwrap()
        .1;
    let code = variants(&read("sync-relay/wire/src/frame.rs"), "ErrorCode");
    assert_alike(&numbered_words(text), &code, "error code");
    for (number, name) in code {
        let found = frame::ErrorCode::from_number(number).unwrap();
        assert_eq!(u64::from(found.number()), number);
        assert_eq!(format!("{found:?}"), name);
    }
}

#[test]
fn kinds_and_roles_have_the_numbers_of_the_page() {
    let page = format();
    let after = |heading: &str, words: &str| {
        let text = section(&page, heading).split_once(words);
        numbered_words(
            text.unwrap_or_else(|| panic!("{heading}: {words:?} has gone"))
                .1,
        )
    };
    let roles = after("6. Books", "Roles:");
    let member = [
        MemberRole::Guardian,
        MemberRole::SelfMember,
        MemberRole::Viewer,
        MemberRole::Kit,
    ];
    let names: Vec<_> = roles.values().map(String::as_str).collect();
    assert_eq!(names, ["guardian", "self", "viewer", "recovery kit"]);
    for (number, role) in (0..).zip(member) {
        assert_eq!(canonical::encode(&role), [number]);
    }
    let kinds = after("11. Issued entries", "kind:");
    let issued = [
        IssuedKind::Issue,
        IssuedKind::Correct,
        IssuedKind::Withdraw,
        IssuedKind::Heartbeat,
        IssuedKind::End,
    ];
    assert_eq!(kinds.len(), issued.len());
    for kind in issued {
        assert!(begins_alike(
            &kinds[&u64::from(kind.number())],
            &format!("{kind:?}")
        ));
    }
    assert!(section(&page, "6. Books").contains("[kind (0 household, 1 handbook)"));
    assert_eq!(canonical::encode(&BookKind::Household), [0]);
    assert_eq!(canonical::encode(&BookKind::Handbook), [1]);
    let vault = section(&page, "13. Vault directory");
    assert!(vault.contains("[kind (1 passphrase, 2 keystore, 3 recovery kit)"));
    for (number, kind) in (1..).zip([
        SlotKind::Passphrase,
        SlotKind::Keystore,
        SlotKind::RecoveryKit,
    ]) {
        assert_eq!(canonical::encode(&kind), [number]);
    }
    let frames = read("vault/src/store/frame.rs");
    for (number, kind) in [
        (1, "Envelope"),
        (2, "InboxItem"),
        (3, "AppendReceipt"),
        (4, "PutReceipt"),
    ] {
        assert!(
            frames.contains(&format!("Self::{kind} => {number},")),
            "{kind}"
        );
    }
    assert!(vault.contains("1 envelope, 2 inbox item, 3 append receipt, 4 put receipt"));
    assert!(section(&page, "4.1 Connection").contains("role 0 = mailbox"));
    let proving = [Role::Mailbox, Role::Inbox, Role::Append];
    assert_eq!(proving.map(Role::number), [0, 1, 2]);
}

#[test]
fn sizes_are_those_of_the_constants() {
    let page = format();
    let n = with_commas;
    for (heading, text) in [
        (
            "1. Conventions",
            format!("({} bytes, draft-connolly", n(SealPublic::LEN)),
        ),
        (
            "2. Envelope",
            format!("At most {} bytes", n(techo_wire::MAX_ENVELOPE)),
        ),
        ("2. Envelope", format!("| {} | n |", envelope::HEADER)),
        (
            "2. Envelope",
            format!("| {}+n | {} |", envelope::HEADER, envelope::SIGNATURE),
        ),
        ("2. Envelope", format!("version = {}", envelope::VERSION)),
        (
            "2. Envelope",
            format!("at least {} bytes", n(padme::ENVELOPE_FLOOR)),
        ),
        (
            "2. Envelope",
            format!("bytes 0 … {} ‖ book", envelope::HEADER),
        ),
        (
            "3. Inbox item",
            format!("At most {} bytes", n(techo_wire::MAX_ITEM)),
        ),
        (
            "3. Inbox item",
            format!("| {} | {} |", item::HEADER, item::ENCAPSULATED),
        ),
        ("3. Inbox item", format!("| {} | n |", item::CIPHERTEXT)),
        ("3. Inbox item", format!("suite = {}", item::SUITE)),
        (
            "3. Inbox item",
            format!("floor of {} bytes", n(padme::ITEM_FLOOR)),
        ),
        (
            "4.1 Connection",
            format!("at most {})", n(techo_wire::MAX_FRAME)),
        ),
        (
            "4.1 Connection",
            format!(
                "ALPN `{}`",
                String::from_utf8(frame::ALPN.to_vec()).unwrap()
            ),
        ),
        (
            "4.1 Connection",
            format!(
                "`{}`",
                String::from_utf8(prove::EXPORTER_LABEL.to_vec()).unwrap()
            ),
        ),
        (
            "6. Books",
            format!("at most {} bytes", techo_vault::book::MAX_NAME),
        ),
        (
            "6.2 The gate",
            format!(
                "text has at most {} bytes",
                n(techo_health::value::MAX_TEXT)
            ),
        ),
        (
            "13. Vault directory",
            format!(
                "length of body, at most {}",
                n(techo_vault::store::MAX_BODY)
            ),
        ),
        ("13. Vault directory", format!("over {MAX_SLOTS} slots")),
    ] {
        assert!(
            section(&page, heading).contains(&text),
            "{heading}: {text:?} has gone"
        );
    }
}

#[test]
fn sizes_that_stay_inside_a_module_are_those_of_the_page_too() {
    let page = format();
    let change = "vault/src/doc/change.rs";
    let group = "vault/src/issued/group.rs";
    let issuer = "vault/src/issued/issuer.rs";
    for (heading, file, name, before, behind) in [
        (
            "6.2 The gate",
            change,
            "MAX_CHANGE",
            "at most\n  ",
            " bytes",
        ),
        ("6.2 The gate", change, "MAX_OPS", "At most ", " operations"),
        (
            "6.2 The gate",
            change,
            "MAX_PREDS",
            "at most ",
            " in one change",
        ),
        (
            "8. Pairing",
            "vault/src/pairing/message.rs",
            "MAX_BOOKS",
            "At most ",
            " books",
        ),
        ("9. Issuers", issuer, "MAX_KEYS", "At most ", " entry keys"),
        ("9. Issuers", issuer, "MAX_KEY_SETS", "and ", " key sets"),
        ("9. Issuers", issuer, "MAX_NAME", "name 1–", " bytes"),
        (
            "10. Enrolment",
            "vault/jpki/src/bundle.rs",
            "MAX_BUNDLE",
            "at most ",
            " bytes, sealed",
        ),
        (
            "11. Issued entries",
            group,
            "MAX_TEXT",
            "texts at most ",
            " bytes",
        ),
        (
            "11. Issued entries",
            group,
            "MAX_PAIRS",
            "a group at most ",
            " pairs",
        ),
        (
            "11. Issued entries",
            group,
            "MAX_GROUP",
            "pairs and ",
            " bytes",
        ),
        (
            "11. Issued entries",
            group,
            "MAX_KEY",
            "Keys are 1–",
            " bytes",
        ),
    ] {
        let text = format!("{before}{}{behind}", constant(file, name));
        assert!(
            section(&page, heading).contains(&text),
            "{heading}: {text:?} has gone"
        );
    }
}

#[test]
fn costs_outside_the_page_s_bounds_are_refused() {
    let page = format();
    let bounds = "memory < 65,536 or > 4,194,304 KiB, passes < 3 or > 16, lanes < 1 or > 16";
    assert!(section(&page, "13. Vault directory").contains(bounds));
    for (memory, passes, lanes, allowed) in [
        (65_536, 3, 1, true),
        (4_194_304, 16, 16, true),
        (65_535, 3, 1, false),
        (4_194_305, 3, 1, false),
        (65_536, 2, 1, false),
        (65_536, 17, 1, false),
        (65_536, 3, 0, false),
        (65_536, 3, 17, false),
    ] {
        assert_eq!(
            Cost::new(memory, passes, lanes).is_ok(),
            allowed,
            "{memory} {passes} {lanes}"
        );
    }
}

/// The tests that a page names as `path/to/file.rs::name`.
fn tests_named(page: &str) -> Vec<(String, String)> {
    let named = quoted(page).filter_map(|text| text.split_once(".rs::"));
    named
        .map(|(file, name)| (format!("{file}.rs"), name.to_owned()))
        .collect()
}

fn has_test(source: &str, name: &str) -> bool {
    let declaration = format!("fn {name}(");
    let before = source.split(&declaration).next().unwrap_or_default();
    let last = before.rsplit("\n\n").next().unwrap_or_default();
    before.len() < source.len() && (last.contains("#[test]") || last.contains("#[tokio::test"))
}

#[test]
fn every_test_that_the_threats_page_names_exists() {
    let page = read("docs/threats.md");
    let named = tests_named(&page);
    assert!(named.len() >= 30, "the page was misread: {named:?}");
    for (file, name) in named {
        assert!(workspace().join(&file).is_file(), "{file} has gone");
        assert!(has_test(&read(&file), &name), "{file} has no test {name}");
    }
}

#[test]
fn every_attacker_on_the_threats_page_is_met_by_a_test_or_admitted() {
    let page = read("docs/threats.md");
    let attackers: Vec<&str> = page.split("\n## ").skip(1).collect();
    assert!(attackers.len() >= 9, "the page was misread");
    for attacker in attackers {
        let title = attacker.lines().next().unwrap_or_default();
        let admitted = title.contains("not protected") || title.contains("Rules of this page");
        assert!(
            admitted || !tests_named(attacker).is_empty(),
            "{title}: no test is named"
        );
    }
}

#[test]
fn every_place_that_the_architecture_page_names_exists() {
    let page = read("ARCHITECTURE.md");
    let is_place = |text: &&str| text.contains('/') && !text.contains([' ', '(', '*', '…']);
    let places: Vec<&str> = quoted(&page).filter(is_place).collect();
    assert!(places.len() >= 10, "the page was misread: {places:?}");
    for place in places {
        let file = place.split("::").next().unwrap_or_default();
        assert!(workspace().join(file).exists(), "{place} has gone");
    }
}

mod the_guard {
    use super::*;

    #[test]
    fn reads_sections_tables_and_lists() {
        let text = "# A\n\n## 1. One\n\nKinds: 0 a (x, y), 1 b\nc, 2 d. 3 e\n\n| no. | name |\n|---|---|\n\
            | 0 | first | `x` |\n| 7 | last |\n\n| offset | size |\n|---|---|\n| 9 | 1 |\n\n### 1.1 Two\nno.\n";
        let one = section(text, "1. One");
        assert!(one.contains("first") && !one.contains("Two"));
        let rows: Vec<_> = numbered_rows(one).into_iter().collect();
        assert_eq!(rows, [(0, "first".to_owned()), (7, "last".to_owned())]);
        let words = numbered_words(one.split_once("Kinds:").unwrap().1);
        assert_eq!(words[&1], "b c");
        assert_eq!(words.len(), 3);
    }

    #[test]
    fn reads_variants_and_numbers() {
        let source = "pub enum E {\n    /// A.\n    #[n(0)]\n    First(#[n(0)] u8),\n    #[n(3)]\n    Second {\n\
            \x20       #[n(0)]\n        Inner: u8,\n    },\n    #[n(4)]\n    #[error(\"x\")]\n    Third,\n}\n";
        let all: Vec<_> = variants(source, "E").into_iter().collect();
        let expected = [(0, "First"), (3, "Second"), (4, "Third")];
        assert_eq!(all, expected.map(|(n, name)| (n, name.to_owned())));
        assert_eq!(
            [7, 640, 61_440, 4_194_304].map(with_commas),
            ["7", "640", "61,440", "4,194,304"]
        );
        assert!(begins_alike("snapshot statement (reserved)", "Snapshot"));
        assert!(!begins_alike("device added", "DeviceRemoved"));
    }

    #[test]
    fn knows_tests_from_other_functions() {
        let source = "fn helper() {}\n\n#[test]\nfn a() {}\n\n#[tokio::test]\nasync fn b() {}\n";
        assert!(has_test(source, "a") && has_test(source, "b"));
        assert!(!has_test(source, "helper") && !has_test(source, "c"));
        assert_eq!(
            tests_named("x `a/b.rs::c` y `d::e`"),
            [("a/b.rs".to_owned(), "c".to_owned())]
        );
    }
}
