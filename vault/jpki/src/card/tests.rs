//! Against the card model, and against cards that answer anything.

use std::cell::{Cell, RefCell};
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::Preview;
use crate::simulated::{
    CardModel, Holder, LeafProfile, PASSWORD, SimulatedAuthority, SimulatedCard, Validity,
};
use crate::{Environment, SimulatedPki};

const NOW: u64 = 1_780_000_000_000;

/// One card's file: making keys takes a while.
static FILE: LazyLock<String> = LazyLock::new(|| {
    let authority = SimulatedAuthority::generate(&SimulatedPki::acknowledge(), NOW).unwrap();
    let holder = Holder::new("試験　太郎", "1980-02-17", 1, "試験都見本市１－２－３");
    let profile = LeafProfile::genuine(holder, Validity::five_years(NOW));
    authority
        .issue_complete(&profile)
        .unwrap()
        .to_text()
        .unwrap()
});

fn file() -> SimulatedCard {
    SimulatedCard::from_text(&FILE).unwrap()
}

fn model() -> CardModel {
    file().insert()
}

fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}

fn unlock<'a>(model: &'a CardModel, text: &str) -> Result<UnlockedCard<&'a CardModel>, CardError> {
    let counted = JpkiCard::select(model)?.count_tries()?;
    counted.unlock(&password(text), LastTry::Keep)
}

/// Remembers what was sent.
struct Recorder<'a> {
    model: &'a CardModel,
    sent: RefCell<Vec<Vec<u8>>>,
}

impl Transport for Recorder<'_> {
    fn transmit(&self, command: &[u8]) -> Result<Vec<u8>, CardError> {
        self.sent.borrow_mut().push(command.to_vec());
        self.model.transmit(command)
    }
}

#[test]
fn the_right_password_reads_the_certificate_and_signs_as_openssl_would() {
    let model = model();
    let card = unlock(&model, PASSWORD).unwrap();
    assert_eq!(card.certificate(), file().certificate());
    // PKCS#1 v1.5 has one signature for one message.
    assert_eq!(
        card.sign(b"message").unwrap(),
        file().sign(b"message").unwrap()
    );
    assert!(card.sign(b"other").unwrap() != card.sign(b"message").unwrap());
    assert!(model.met_jpki_only());
}

#[test]
fn small_letters_are_the_same_password() {
    assert!(unlock(&model(), &PASSWORD.to_lowercase()).is_ok());
}

#[test]
fn the_password_counts_no_longer_once_the_card_is_let_go() {
    let model = model();
    let card = unlock(&model, PASSWORD).unwrap();
    assert!(model.is_unlocked());
    drop(card);
    assert!(!model.is_unlocked());
}

#[test]
fn the_counter_is_asked_before_any_password_and_costs_nothing() {
    let model = model();
    let recorder = Recorder {
        model: &model,
        sent: RefCell::default(),
    };
    let counted = JpkiCard::select(&recorder).unwrap().count_tries().unwrap();
    assert_eq!(
        (counted.left(), model.tries(), model.presented()),
        (5, 5, 0)
    );
    assert!(
        counted
            .unlock(&password("WRONG123"), LastTry::Keep)
            .is_err()
    );
    let sent = recorder.sent.borrow();
    let asked = sent.iter().position(|c| c == &[0, 0x20, 0, 0x80]).unwrap();
    let told = sent
        .iter()
        .position(|c| c.len() > 5 && c[..4] == [0, 0x20, 0, 0x80])
        .unwrap();
    assert_eq!((told, sent.len()), (asked + 1, asked + 2));
}

#[test]
fn each_wrong_password_costs_one_try_and_the_last_is_kept() {
    let model = model();
    for left in [4, 3, 2, 1] {
        assert_eq!(
            unlock(&model, "WRONG123").unwrap_err(),
            CardError::PinWrong { left }
        );
    }
    assert_eq!(unlock(&model, PASSWORD).unwrap_err(), CardError::LastTry);
    assert_eq!((model.tries(), model.presented()), (1, 4));
}

#[test]
fn the_last_try_is_spent_only_when_somebody_said_so() {
    let right = model().with_tries(1);
    let counted = JpkiCard::select(&right).unwrap().count_tries().unwrap();
    assert_eq!(counted.check(LastTry::Keep), Err(CardError::LastTry));
    drop(counted.unlock(&password(PASSWORD), LastTry::Spend).unwrap());
    assert_eq!(right.tries(), 5);

    let wrong = model().with_tries(1);
    let counted = JpkiCard::select(&wrong).unwrap().count_tries().unwrap();
    let refused = counted.unlock(&password("WRONG123"), LastTry::Spend);
    assert_eq!(refused.unwrap_err(), CardError::PinBlocked);
    let counted = JpkiCard::select(&wrong).unwrap().count_tries().unwrap();
    assert_eq!(counted.check(LastTry::Spend), Err(CardError::PinBlocked));
    let refused = counted.unlock(&password(PASSWORD), LastTry::Spend);
    assert_eq!(
        (refused.unwrap_err(), wrong.presented()),
        (CardError::PinBlocked, 1)
    );
}

#[test]
fn a_card_that_is_pulled_is_named_at_every_step() {
    let whole = {
        let model = model();
        let recorder = Recorder {
            model: &model,
            sent: RefCell::default(),
        };
        let counted = JpkiCard::select(&recorder).unwrap().count_tries().unwrap();
        let card = counted.unlock(&password(PASSWORD), LastTry::Keep).unwrap();
        card.sign(b"message").unwrap();
        recorder.sent.borrow().len()
    };
    for answers in 0..whole {
        let model = model();
        model.pull_after(answers);
        let done = unlock(&model, PASSWORD).and_then(|card| card.sign(b"message"));
        assert_eq!(done.unwrap_err(), CardError::CardRemoved, "{answers}");
    }
}

#[test]
fn a_childs_card_is_told_apart_before_any_password() {
    let model = model().without_signature();
    assert_eq!(unlock(&model, PASSWORD).unwrap_err(), CardError::NoSignCert);
    assert_eq!(model.presented(), 0);
    let card = JpkiCard::select(&model).unwrap();
    assert!(!card.can_sign().unwrap());
    assert!(card.authentication_certificate().is_ok());
}

#[test]
fn phones_and_other_cards_are_not_spoken_to() {
    for label in [
        "JPKIAPGPSETOKEN",
        "JPKIAPIOSTOKEN",
        "JPKIAPICCTOKEN",
        "JPKIAPICCTOKEN3",
        "",
    ] {
        let phone = model().labelled(label);
        assert_eq!(
            JpkiCard::select(&phone).unwrap_err(),
            CardError::UnsupportedToken,
            "{label}"
        );
    }
    let other = model().of_another_kind();
    assert_eq!(JpkiCard::select(&other).unwrap_err(), CardError::NotJpki);
    assert!(other.met_jpki_only());
}

#[test]
fn what_needs_no_password_is_read_without_one() {
    let model = model();
    let card = JpkiCard::select(&model).unwrap();
    assert_eq!(card.tries(Secret::AuthenticationPin), Ok(3));
    assert_eq!(card.tries(Secret::SignaturePassword), Ok(5));
    let preview = Preview::of_authentication(&card.authentication_certificate().unwrap()).unwrap();
    assert!(preview.attributes().is_none());
    assert_eq!(preview.claims(), Some(Environment::Simulated));
    assert!(preview.not_before() < NOW && preview.not_after() > NOW);
    assert_eq!(model.presented(), 0);

    let certificate_alone = SimulatedCard::from_text(&FILE).unwrap();
    let preview = Preview::of_signature(certificate_alone.certificate()).unwrap();
    assert_eq!(preview.attributes().unwrap().name, "試験　太郎");
    assert!(!preview.is_substituted() && !preview.serial().is_empty());
    assert!(!format!("{preview:?}").contains("太郎"));
}

#[test]
fn files_from_before_authentication_certificates_are_still_read() {
    let authority = SimulatedAuthority::generate(&SimulatedPki::acknowledge(), NOW).unwrap();
    let holder = Holder::new("試験　花子", "1990-01-02", 2, "試験都例町９－８");
    let card = authority
        .issue(&LeafProfile::genuine(holder, Validity::five_years(NOW)))
        .unwrap();
    let model = SimulatedCard::from_text(&card.to_text().unwrap())
        .unwrap()
        .insert();
    let card = JpkiCard::select(&model).unwrap();
    assert_eq!(
        card.authentication_certificate().unwrap_err(),
        CardError::NoAuthCert
    );
    assert!(unlock(&model, PASSWORD).is_ok());
}

/// Answers rightly until its turn comes, and then something else.
struct Liar {
    model: CardModel,
    turn: Cell<usize>,
    lie: Vec<u8>,
}

impl Transport for Liar {
    fn transmit(&self, command: &[u8]) -> Result<Vec<u8>, CardError> {
        let turn = self.turn.get();
        self.turn.set(turn.wrapping_sub(1));
        let told = self.model.transmit(command)?;
        Ok(if turn == 0 { self.lie.clone() } else { told })
    }
}

/// Answers the same to everything.
struct Parrot(Vec<u8>);

impl Transport for Parrot {
    fn transmit(&self, _: &[u8]) -> Result<Vec<u8>, CardError> {
        Ok(self.0.clone())
    }
}

fn whole(transport: &dyn Transport) -> Result<Vec<u8>, CardError> {
    let counted = JpkiCard::select(transport)?.count_tries()?;
    let card = counted.unlock(&password(PASSWORD), LastTry::Spend)?;
    card.sign(b"message")
}

#[test]
fn truncated_and_garbled_answers_are_refused() {
    let answers = [
        vec![],
        vec![0x90],
        vec![0x30, 0x82, 0xff, 0xff, 0x90, 0x00],
        vec![0x30, 0x80, 0, 0, 0x90, 0x00],
        vec![0x30, 0x82, 0, 1, 0x90, 0x00],
        vec![0x6f, 0x00],
        vec![0; 300],
    ];
    let right = file().sign(b"message");
    for turn in 0..12 {
        for lie in &answers {
            let liar = Liar {
                model: model(),
                turn: Cell::new(turn),
                lie: lie.clone(),
            };
            // A card may add words where none were asked for; what comes out is right or nothing.
            let done = whole(&liar);
            assert!(done.is_err() || done == right, "turn {turn}: {lie:02x?}");
        }
    }
}

#[test]
fn a_signature_that_is_not_the_certificates_is_not_passed_on() {
    let model = model();
    let mut other = file().sign(b"something else").unwrap();
    other.extend([0x90, 0x00]);
    let total = {
        let recorder = Recorder {
            model: &model,
            sent: RefCell::default(),
        };
        whole(&recorder).unwrap();
        // The last command lets the card go.
        recorder.sent.borrow().len() - 1
    };
    let liar = Liar {
        model,
        turn: Cell::new(total - 1),
        lie: other,
    };
    assert_eq!(whole(&liar).unwrap_err(), CardError::Signing);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_answer_makes_the_program_panic(
        turn in 0_usize..16,
        lie in prop::collection::vec(any::<u8>(), 0..300),
        ends_well: bool,
    ) {
        let mut lie = lie;
        if ends_well {
            lie.extend([0x90, 0x00]);
        }
        drop(whole(&Parrot(lie.clone())));
        let liar = Liar { model: model(), turn: Cell::new(turn), lie };
        drop(whole(&liar));
        prop_assert!(liar.model.met_jpki_only());
    }
}
