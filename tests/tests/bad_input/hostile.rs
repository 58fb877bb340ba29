//! A relay that lies: what it withholds, repeats, reorders, alters or invents is refused or
//! reported, and a later honest exchange makes all devices equal.

use techo_client::{ClientError, Misbehaviour};
use techo_tests::family::{Device, Family, NOW, add_child, pair, shown, sync, sync_hastily, write};
use techo_tests::hostile::{HostileRelay, Mood, altered};
use techo_tests::office::{EXPORT, Office};
use techo_vault::net::{NetError, RelayReport};
use techo_vault::vault::{FindingView, Source, Vault};
use techo_wire::frame::{FrameError, encode_frame};
use techo_wire::receipt::ReceiptError;
use techo_wire::{Frame, RelayKey, StoreId, UnverifiedEnvelope};

const NOTES: usize = 5;

/// A family in step, and then the mother alone at the relay with five more notes.
async fn prepared(root: &std::path::Path, relay: &HostileRelay) -> (Family, String) {
    let mut family = Family::found(root, &relay.address()).await;
    for number in 0..NOTES {
        write(&mut family.mother, &family.hana, &format!("記録 {number}"));
    }
    let (mother, report) = sync(family.mother).await;
    assert_eq!(report.relays[0].sent, NOTES);
    family.mother = mother;
    let newest = shown(&family.mother);
    (family, newest)
}

async fn sync_one(vault: Vault) -> (Vault, RelayReport) {
    let (vault, mut report) = sync(vault).await;
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    (vault, report.relays.remove(0))
}

/// Closes and opens a vault, which shows the same as before.
fn reopened(vault: Vault, device: &Device) -> Vault {
    let before = shown(&vault);
    vault.close().expect("closes");
    let vault = device.open();
    assert_eq!(shown(&vault), before);
    vault
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_and_reordered_envelopes_end_in_the_same_book() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = HostileRelay::start();
    let (family, newest) = prepared(root.path(), &relay).await;
    let (mut mother, mut father) = (family.mother, family.father);
    relay.be(Mood::Repeats);
    let (vault, report) = sync_one(father).await;
    father = vault;
    assert_eq!((report.received, report.refused), (NOTES, 0));
    assert_eq!(shown(&father), newest);

    for number in 0..3 {
        write(&mut mother, &family.hana, &format!("さらに {number}"));
    }
    let (mother, _) = sync(mother).await;
    relay.be(Mood::Reverses);
    let (father, report) = sync_one(father).await;
    assert!(report.refused > 0, "gaps are not jumped over: {report:?}");
    let father = reopened(father, &family.tablet);
    relay.be(Mood::Honest);
    let (father, report) = sync_one(father).await;
    assert!(report.findings.is_empty(), "{report:?}");
    assert_eq!(shown(&father), shown(&mother));
    relay.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn altered_foreign_and_withheld_envelopes_are_refused_and_told() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = HostileRelay::start();
    let (family, newest) = prepared(root.path(), &relay).await;
    let (mother, mut father) = (family.mother, family.father);
    let before = shown(&father);

    // Altered: no feed signed these bytes; so what the relay lists has not come.
    relay.be(Mood::Alters);
    let (vault, report) = sync_one(father).await;
    assert_eq!((report.received, report.refused), (0, NOTES));
    let withheld = |finding: &FindingView| matches!(finding, FindingView::Withheld { .. });
    assert!(report.findings.iter().all(withheld) && report.findings.len() == 1);
    assert_eq!(shown(&vault), before);

    // Listed and not handed over.
    relay.be(Mood::ShowsOnly);
    let (vault, report) = sync_one(vault).await;
    assert!(report.findings.iter().all(withheld) && report.findings.len() == 1);
    assert_eq!(shown(&vault), before);
    father = reopened(vault, &family.tablet);

    // From another family's mailbox, and from this one with another feed's name on it.
    let other = HostileRelay::start();
    let mut stranger = Device::new(root.path(), "stranger").found("stranger");
    stranger.add_relay(other.address(), NOW).expect("a relay");
    let theirs = add_child(&mut stranger, "よその子");
    write(&mut stranger, &theirs, "よその記録");
    drop(sync(stranger).await);
    let mut foreign: Vec<UnverifiedEnvelope> = all(&other);
    let renamed: Vec<UnverifiedEnvelope> = all(&relay)
        .iter()
        .map(|own| renamed(own, &foreign[0]))
        .collect();
    foreign.extend(renamed);
    let mailboxes = father.mailboxes().len();
    let added = foreign.len() * mailboxes;
    relay.be(Mood::Adds(foreign));
    let (father, report) = sync_one(father).await;
    assert_eq!(report.received, NOTES);
    assert!(report.refused >= added, "{report:?}");
    assert!(report.findings.is_empty(), "{report:?}");
    assert_eq!(shown(&father), newest);
    let father = reopened(father, &family.tablet);
    relay.be(Mood::Honest);
    let (mother, father) = Family::sync_both(mother, father).await;
    assert_eq!(shown(&mother), newest);
    assert_eq!(shown(&father), newest);
    relay.stop();
    other.stop();
}

/// Every envelope at a relay.
fn all(relay: &HostileRelay) -> Vec<UnverifiedEnvelope> {
    let mailboxes = relay.envelopes().into_iter();
    mailboxes.flat_map(|(_, envelopes)| envelopes).collect()
}

/// The bytes of one envelope under the feed of another.
fn renamed(envelope: &UnverifiedEnvelope, by: &UnverifiedEnvelope) -> UnverifiedEnvelope {
    let mut bytes = envelope.as_bytes().to_vec();
    bytes[1..33].copy_from_slice(&by.as_bytes()[1..33]);
    UnverifiedEnvelope::parse(bytes).expect("the shape of an envelope")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_hides_what_another_device_has_seen_is_exposed() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = HostileRelay::start();
    let family = Family::found(root.path(), &relay.address()).await;
    let laptop = Device::new(root.path(), "laptop");
    let (mother, third) = pair(family.mother, laptop.empty(), &relay.address()).await;
    let (third, _) = sync(third).await;
    let (mut mother, father) = Family::sync_both(mother, family.father).await;

    let lengths = |vault: &Vault| -> Vec<_> {
        let targets = vault.mailboxes().into_iter();
        let heads = targets.flat_map(|target| {
            let feeds = vault.feeds(&target.book).expect("feeds");
            feeds.heads().collect::<Vec<_>>()
        });
        heads.collect()
    };
    let before = lengths(&mother);
    write(&mut mother, &family.hana, "隠される");
    let hidden = lengths(&mother)
        .into_iter()
        .find(|head| !before.contains(head))
        .expect("a new head");
    let (mother, _) = sync(mother).await;
    let (mut third, _) = sync(third).await;
    write(&mut third, &family.hana, "見たうえで");
    let (third, _) = sync(third).await;

    relay.be(Mood::Hides(hidden.feed, hidden.seq));
    let (father, report) = sync_one(father).await;
    assert!(
        matches!(report.findings[..], [FindingView::Withheld { sequence }] if sequence == hidden.seq),
        "{report:?}"
    );
    let records = |vault: &Vault| vault.timeline(None).len();
    let status = father.status();
    assert_eq!((status.waiting, status.missing), (1, 1));
    assert!(
        father.members()[0].loading,
        "it says that something is missing"
    );
    assert_eq!(records(&father), 1, "no entry is shown without its past");
    // The writer had a signed receipt for it.
    let (mother, report) = sync_one(mother).await;
    assert!(
        matches!(report.findings[..], [FindingView::Rollback { .. }]),
        "{report:?}"
    );

    relay.be(Mood::Honest);
    let father = reopened(father, &family.tablet);
    let (mother, father) = Family::sync_both(mother, father).await;
    let (third, _) = sync(third).await;
    assert_eq!(records(&father), 3);
    assert_eq!(shown(&father), shown(&mother));
    assert_eq!(shown(&third), shown(&mother));
    relay.stop();
}

/// Whether an error is the one expected.
type Fits = fn(&ClientError) -> bool;

/// What a fetch is answered with, and the name of what is wrong with it.
type Reply = (&'static str, Vec<u8>, Fits);

fn replies(envelope: &UnverifiedEnvelope) -> Vec<Reply> {
    use ClientError::PeerMisbehaved;
    let malformed: Fits = |error| {
        matches!(
            error,
            PeerMisbehaved(Misbehaviour::Frame(FrameError::Malformed(_)))
        )
    };
    let page = Frame::Envelopes {
        envelopes: vec![envelope.clone()],
    };
    let page = encode_frame(&page).expect("a frame");
    let mut newer = page.clone();
    let at = page.len() - envelope.as_bytes().len();
    newer[at] = 2;
    vec![
        ("an envelope of a newer version", newer, malformed),
        ("half a frame", page[..page.len() / 2].to_vec(), |error| {
            matches!(error, ClientError::Closed(_))
        }),
        ("no frame at all", vec![0, 0, 0, 1, 0xff], malformed),
        ("a frame of 16 MiB", vec![1, 0, 0, 0, 0x82], |error| {
            let PeerMisbehaved(Misbehaviour::Frame(error)) = error else {
                return false;
            };
            matches!(error, FrameError::TooLarge { got: 0x0100_0000 })
        }),
        (
            "a frame that belongs elsewhere",
            encode_frame(&Frame::Done).expect("a frame"),
            |error| matches!(error, PeerMisbehaved(Misbehaviour::Unexpected)),
        ),
        ("nothing", Vec::new(), |error| {
            matches!(error, ClientError::Closed(_))
        }),
    ]
}

async fn fails(vault: Vault) -> (Vault, ClientError) {
    let (vault, mut report) = sync_hastily(vault).await;
    assert!(!report.relays[0].complete);
    match report.failures.pop() {
        Some((_, NetError::Client(error))) => (vault, error),
        other => panic!("no failure of the relay: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_are_truncated_too_large_newer_or_out_of_place_end_the_conversation() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = HostileRelay::start();
    let (family, newest) = prepared(root.path(), &relay).await;
    let (mother, mut father) = (family.mother, family.father);
    let before = shown(&father);
    let envelope = all(&relay).pop().expect("an envelope");
    assert!(altered(&envelope).verify().is_err());
    for (name, bytes, fits) in replies(&envelope) {
        relay.be(Mood::Sends(bytes));
        let (vault, error) = fails(father).await;
        assert!(fits(&error), "{name}: {error:?}");
        assert_eq!(shown(&vault), before, "{name}");
        father = vault;
    }
    let father = reopened(father, &family.tablet);
    relay.be(Mood::Honest);
    let (_, father) = Family::sync_both(mother, father).await;
    assert_eq!(shown(&father), newest);
    relay.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_says_nothing_greets_wrongly_or_signs_falsely_is_not_believed() {
    use ClientError::PeerMisbehaved;
    let root = tempfile::tempdir().expect("a folder");
    let relay = HostileRelay::start();
    let family = Family::found(root.path(), &relay.address()).await;
    let welcome = |version, relay| {
        let store = StoreId::from_bytes([1; 16]);
        let frame = Frame::Welcome {
            version,
            relay,
            store,
        };
        Mood::Welcomes(Box::new(frame))
    };
    let own = relay.address().key();
    let cases: [(Mood, Fits); 5] = [
        (Mood::Silent, |error| matches!(error, ClientError::TimedOut)),
        (welcome(2, own), |error| {
            matches!(error, ClientError::Version)
        }),
        (welcome(1, RelayKey::from_bytes([9; 32])), |error| {
            matches!(error, PeerMisbehaved(Misbehaviour::Welcome))
        }),
        (Mood::SignsFalsely, |error| {
            let signature = Misbehaviour::Receipt(ReceiptError::Signature);
            matches!(error, PeerMisbehaved(how) if how.to_string() == signature.to_string())
        }),
        (Mood::SignsForLess, |error| {
            matches!(error, PeerMisbehaved(Misbehaviour::ReceiptContents))
        }),
    ];
    let mut mother = family.mother;
    for (behind, (mood, fits)) in (1..).zip(cases) {
        let name = format!("{mood:?}");
        write(&mut mother, &family.hana, &format!("受領されない {behind}"));
        let newest = shown(&mother);
        relay.be(mood);
        let (vault, error) = fails(mother).await;
        assert!(fits(&error), "{name}: {error:?}");
        assert_eq!(shown(&vault), newest);
        let status = vault.status();
        assert_eq!(status.relays[0].behind, behind, "{name}: nothing counts");
        mother = vault;
    }
    let mother = reopened(mother, &family.phone);
    let newest = shown(&mother);
    relay.be(Mood::Honest);
    let (mother, father) = Family::sync_both(mother, family.father).await;
    assert_eq!(shown(&mother), newest);
    assert_eq!(shown(&father), newest);
    relay.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn official_entries_in_the_wrong_order_are_asked_for_again() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = HostileRelay::start();
    let mut office = Office::open(&root.path().join("city"));
    let phone = Device::new(root.path(), "phone");
    let mut mother = phone.found("phone");
    mother.add_relay(relay.address(), NOW).expect("a relay");
    let sakura = add_child(&mut mother, "見本 さくら");
    office.enrol(&mut mother, &sakura);
    let (mother, _) = sync(mother).await;
    let published = office.city.publish(NOW.millis(), EXPORT, "export.csv");
    let issued = published.expect("published").issued;
    assert!(issued > 1);
    office.deliver().await;

    // The binding comes last, and before it the entries, newest first.
    relay.be(Mood::Reverses);
    let (mother, report) = sync_one(mother).await;
    assert!(report.refused > 0, "{report:?}");
    for item in mother.timeline(None) {
        assert!(matches!(item.source, Source::Issued(issued) if issued.verified));
    }
    let mother = reopened(mother, &phone);
    relay.be(Mood::Honest);
    let (mother, report) = sync_one(mother).await;
    assert_eq!(report.refused, 0, "{report:?}");
    assert_eq!(mother.timeline(None).len(), issued, "none is passed over");
    reopened(mother, &phone);
    relay.stop();
}
