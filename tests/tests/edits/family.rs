//! Two hundred edits on each of two devices, with meetings at random times.

use techo_health::record::CheckupType;
use techo_health::{
    Checkup, Fields, Kind, Measurement, Note, Quantity, Record, Vaccination, Vaccine, Value,
};
use techo_tests::family::{Family, NOW, TestRelay, shown, sync};
use techo_tests::seeded::Seeded;
use techo_vault::book::MemberId;
use techo_vault::vault::{Source, TimelineItem, Vault};

/// Edits on each device.
const EDITS: usize = 200;
/// One of so many steps is followed by a sync.
const APART: u64 = 40;

fn pick<'a, T>(seeded: &mut Seeded, all: &'a [T]) -> &'a T {
    &all[usize::try_from(seeded.below(all.len() as u64)).expect("small")]
}

fn day(seeded: &mut Seeded) -> String {
    let (year, month, day) = (seeded.below(6), seeded.below(12) + 1, seeded.below(28) + 1);
    format!("202{year}-{month:02}-{day:02}")
}

/// A text that is never empty, with characters of several lengths.
fn text(seeded: &mut Seeded) -> String {
    let words = ["熱", "元気", "予防接種 ", "fever", "😀", "ｶﾅ", "e\u{301}"];
    let count = 1 + seeded.below(4);
    (0..count).map(|_| *pick(seeded, &words)).collect()
}

fn record(seeded: &mut Seeded) -> Record {
    let when = day(seeded).parse().expect("a date");
    match seeded.below(4) {
        0 => {
            let mut dose = Vaccination::new(Vaccine::new("MR"), when);
            dose.lot = Some(format!("L{}", seeded.below(9)));
            Record::Vaccination(dose)
        }
        1 => {
            let tenths = 30 + seeded.below(100);
            let value = format!("{}.{}", tenths / 10, tenths % 10);
            let value = value.parse().expect("a number");
            let weight = Quantity::new("weight");
            Record::Measurement(Measurement::new(weight, value, "kg", when))
        }
        2 => Record::Checkup(Checkup::new(CheckupType::new("18m"), when)),
        _ => Record::Note(Note {
            title: None,
            text: text(seeded),
            // Some have no day and live in the document of the undated.
            date: (seeded.below(4) > 0).then_some(when),
            extra: Fields::new(),
        }),
    }
}

/// One change of one or two fields; `Null` removes.
fn change(seeded: &mut Seeded, item: &TimelineItem) -> Fields {
    let kind: Kind = item.kind.parse().expect("a kind");
    let optional: &[&str] = match kind {
        Kind::Vaccination => &["lot", "facility", "note", "product"],
        Kind::Checkup => &["facility", "doctor", "note"],
        Kind::Measurement => &["facility", "note"],
        _ => &["title"],
    };
    let mut changes = Fields::new();
    for _ in 0..=seeded.below(2) {
        let field = (*pick(seeded, optional)).to_owned();
        let value = match seeded.below(4) {
            0 => Value::Null,
            _ => Value::from(text(seeded)),
        };
        changes.insert(field, value);
    }
    if seeded.below(5) == 0 {
        changes.insert("date".to_owned(), Value::from(day(seeded)));
    }
    if kind == Kind::Note && seeded.below(2) == 0 {
        changes.insert("text".to_owned(), Value::from(text(seeded)));
    }
    changes
}

fn edit(vault: &mut Vault, member: &MemberId, seeded: &mut Seeded) {
    let written: Vec<TimelineItem> = vault
        .timeline(None)
        .into_iter()
        .filter(|item| item.source == Source::Family)
        .collect();
    match seeded.below(20) {
        0 => {
            let name = Fields::from([("name".to_owned(), Value::from(text(seeded)))]);
            vault
                .amend_member(member, &name, false, NOW)
                .expect("a profile");
        }
        1..=9 if !written.is_empty() => {
            // Early records are amended most, so that both devices meet at them.
            let among = written.len().min(12);
            let item = pick(seeded, &written[..among]);
            let changes = change(seeded, item);
            vault
                .amend_record(&item.id, &changes, false, NOW)
                .expect("an amendment");
        }
        _ => {
            vault
                .add_record(member, &record(seeded), false, NOW)
                .expect("a record");
        }
    }
}

/// Lets both edit and now and then meet the relay; returns how many fields ended up contested.
async fn apart_and_together(seed: u64) -> usize {
    let root = tempfile::tempdir().expect("a folder");
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let family = Family::found(root.path(), &relay.address()).await;
    let mut seeded = Seeded::new(seed);
    let mut vaults = [Some(family.mother), Some(family.father)];
    let mut left = [EDITS; 2];
    while left != [0, 0] {
        let mut who = usize::try_from(seeded.below(2)).expect("small");
        if left[who] == 0 {
            who = 1 - who;
        }
        left[who] -= 1;
        edit(
            vaults[who].as_mut().expect("a vault"),
            &family.hana,
            &mut seeded,
        );
        if seeded.below(APART) == 0 {
            let who = usize::try_from(seeded.below(2)).expect("small");
            let (vault, report) = sync(vaults[who].take().expect("a vault")).await;
            assert!(report.relays[0].findings.is_empty(), "{report:?}");
            assert_eq!(report.relays[0].refused, 0, "{report:?}");
            vaults[who] = Some(vault);
        }
    }
    let [Some(mother), Some(father)] = vaults else {
        panic!("both are there");
    };
    let (mother, father) = Family::sync_both(mother, father).await;
    let all = shown(&mother);
    assert_eq!(all, shown(&father), "seed {seed}");
    for vault in [&mother, &father] {
        let status = vault.status();
        assert_eq!((status.waiting, status.missing), (0, 0), "seed {seed}");
        assert!(status.quarantined.is_empty(), "{:?}", status.quarantined);
    }
    let contested = mother.timeline(None);
    let contested = contested.iter().map(|item| item.conflicts().count()).sum();
    mother.close().expect("closes");
    father.close().expect("closes");
    for device in [&family.phone, &family.tablet] {
        assert_eq!(shown(&device.open()), all, "opened again, seed {seed}");
        std::fs::remove_dir_all(device.dir.join("index")).expect("removed");
        assert_eq!(shown(&device.open()), all, "without index, seed {seed}");
    }
    relay.stop().await;
    contested
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_edits_on_each_device_end_alike_in_any_order_of_syncs() {
    let mut contested = 0;
    for seed in [1, 20_261_122, 0x7ec0] {
        contested += apart_and_together(seed).await;
    }
    assert!(contested > 0, "the devices never met at a field");
}
