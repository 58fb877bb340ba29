//! Tickets that are refused, and pairings that go on in spite of them.

use std::time::Duration;

use techo_client::ClientError;
use techo_tests::family::{Device, Family, NOW, PATIENCE, TestRelay, clock, shown, sync};
use techo_vault::Timestamp;
use techo_vault::net::{Driver, NetError, Patience, SharedVault};
use techo_vault::pairing::{PairingError, Ticket};
use techo_vault::vault::{Vault, VaultError};

const LIFETIME: Duration = Duration::from_mins(10);

fn eleven_minutes_later() -> Timestamp {
    NOW.plus_millis(11 * 60 * 1000)
}

fn driver(vault: Vault) -> Driver {
    driver_at(vault, clock)
}

fn driver_at(vault: Vault, clock: fn() -> Timestamp) -> Driver {
    Driver::new(SharedVault::new(vault), clock).expect("a driver")
}

async fn closed(driver: Driver) -> Vault {
    driver.close().await.expect("nobody else holds the vault")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_refused_when_expired_used_altered_or_for_another_relay() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let elsewhere = TestRelay::start(&root.path().join("elsewhere")).await;
    let family = Family::found(root.path(), &relay.address()).await;
    let (before, devices) = (shown(&family.mother), family.mother.devices().len());
    let newcomer = driver(Device::new(root.path(), "laptop").empty());
    let ticket = newcomer
        .start_joining(relay.address(), "laptop", LIFETIME)
        .await
        .expect("a ticket");

    let late = driver_at(family.mother, eleven_minutes_later);
    assert!(matches!(
        late.answer_ticket(ticket.clone()).await,
        Err(NetError::Vault(VaultError::Pairing(PairingError::Expired)))
    ));
    let mother = driver(closed(late).await);
    assert!(matches!(
        mother.await_reveal(Patience::Once).await,
        Err(NetError::Vault(VaultError::NoPairing))
    ));

    // Every cut and every changed character of the text: no ticket, or one that nobody waits for.
    let text = ticket.to_string();
    for length in 0..text.len() {
        assert!(matches!(
            text[..length].parse::<Ticket>(),
            Err(PairingError::NotATicket)
        ));
    }

    let stranger = driver(Device::new(root.path(), "stranger").empty());
    let foreign = stranger
        .start_joining(elsewhere.address(), "stranger", LIFETIME)
        .await
        .expect("a ticket");
    assert!(matches!(
        mother.answer_ticket(foreign).await,
        Err(NetError::Vault(VaultError::Pairing(
            PairingError::OtherRelay
        )))
    ));

    // The first answer counts; a second one, by whomever, is refused and disturbs nothing.
    mother
        .answer_ticket(ticket.clone())
        .await
        .expect("an answer");
    let father = driver(family.father);
    for second in [&father, &mother] {
        assert!(matches!(
            second.answer_ticket(ticket.clone()).await,
            Err(NetError::Pairing(PairingError::AlreadyUsed))
        ));
    }
    let (seen, _) = newcomer.await_offer(PATIENCE).await.expect("an offer");
    let (digits, _) = mother.await_reveal(PATIENCE).await.expect("identities");
    assert_eq!(seen, digits);
    mother.confirm_invitation(digits).await.expect("let in");
    newcomer.finish_joining(PATIENCE).await.expect("grants");

    let (mother, _) = sync(closed(mother).await).await;
    let (laptop, _) = sync(closed(newcomer).await).await;
    let (father, _) = sync(closed(father).await).await;
    assert_eq!(shown(&mother), before);
    for vault in [&mother, &laptop, &father] {
        assert_eq!(shown(vault), before);
        assert_eq!(vault.devices().len(), devices + 1);
    }
    assert!(!closed(stranger).await.has_household());
    relay.stop().await;
    elsewhere.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_refuses_lets_nobody_in() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let family = Family::found(root.path(), &relay.address()).await;
    let (before, devices) = (shown(&family.mother), family.mother.devices().len());
    let laptop = Device::new(root.path(), "laptop");
    let newcomer = driver(laptop.empty());
    let ticket = newcomer
        .start_joining(relay.address(), "laptop", LIFETIME)
        .await
        .expect("a ticket");
    let mother = driver(family.mother);
    mother.answer_ticket(ticket).await.expect("an answer");
    assert!(matches!(
        mother.await_reveal(Patience::Once).await,
        Err(NetError::Pairing(PairingError::NotYet))
    ));
    newcomer.await_offer(PATIENCE).await.expect("an offer");
    mother.await_reveal(PATIENCE).await.expect("identities");
    assert!(matches!(
        newcomer.finish_joining(Patience::Once).await,
        Err(NetError::Pairing(PairingError::NotYet))
    ));
    mother.refuse_invitation().await.expect("refused");
    assert!(matches!(
        newcomer.finish_joining(PATIENCE).await,
        Err(NetError::Pairing(PairingError::Refused))
    ));

    let (mother, report) = sync(closed(mother).await).await;
    assert!(report.relays[0].complete);
    assert_eq!(mother.devices().len(), devices);
    mother.close().expect("closes");
    assert_eq!(shown(&family.phone.open()), before);
    closed(newcomer).await.close().expect("closes");
    assert!(!laptop.open().has_household());
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn digits_that_differ_let_nobody_in() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let family = Family::found(root.path(), &relay.address()).await;
    let devices = family.mother.devices().len();
    let mother = driver(family.mother);
    let mut digits = Vec::new();
    for name in ["one", "two"] {
        let newcomer = driver(Device::new(root.path(), name).empty());
        let ticket = newcomer
            .start_joining(relay.address(), name, LIFETIME)
            .await
            .expect("a ticket");
        mother.answer_ticket(ticket).await.expect("an answer");
        digits.push(newcomer.await_offer(PATIENCE).await.expect("an offer").0);
        mother.await_reveal(PATIENCE).await.expect("identities");
    }
    // The digits of the first device do not let in the second.
    assert_ne!(digits[0], digits[1]);
    assert!(matches!(
        mother.confirm_invitation(digits[0]).await,
        Err(NetError::Vault(VaultError::DigitsDiffer))
    ));
    let mother = closed(mother).await;
    assert_eq!(mother.devices().len(), devices);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_whose_relay_was_wiped_finds_nobody() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = root.path().join("relay");
    let relay = TestRelay::start(&dir).await;
    let family = Family::found(root.path(), &relay.address()).await;
    let (before, devices) = (shown(&family.mother), family.mother.devices().len());
    let newcomer = driver(Device::new(root.path(), "laptop").empty());
    let ticket = newcomer
        .start_joining(relay.address(), "laptop", LIFETIME)
        .await
        .expect("a ticket");
    let halted = relay.halt().await;
    std::fs::remove_dir_all(dir.join("store")).expect("removed");
    let relay = halted.start(techo_relay::Config::new(&dir)).await;
    let mother = driver(family.mother);
    let answered = mother.answer_ticket(ticket).await;
    assert!(
        matches!(
            answered,
            Err(NetError::Pairing(PairingError::NotYet)
                | NetError::Client(ClientError::Refused { .. }))
        ),
        "{answered:?}"
    );
    let mother = closed(mother).await;
    assert_eq!(shown(&mother), before);
    assert_eq!(mother.devices().len(), devices);
    relay.stop().await;
}
