//! What a binding follows, what it ends, and who may ask for it.

use techo_jpki::simulated::SimulatedCard;
use techo_jpki::{Child, Refusal};
use techo_vault::issued::{Binding, BindingId, IssuedBook, IssuedKind};

use super::revocation::{load, reopened, serial};
use super::tests::*;
use crate::{EnrolAnswer, EnrolRefusal, Register, ReviewReason};

const DAY: u64 = 86_400_000;
const YEAR: u64 = 365 * DAY;

fn ask(
    office: &mut Office,
    family: &Family,
    who: (&SimulatedCard, Option<&Child>),
    follows: Option<BindingId>,
) -> EnrolAnswer {
    let nonce = office.city.nonce(office.now).unwrap();
    let request = family.request_following(office, &nonce, who, follows);
    office
        .city
        .enrol(office.now, &request, &office.register)
        .unwrap()
}

fn bound(answer: &EnrolAnswer) -> (BindingId, Option<BindingId>, usize) {
    let EnrolAnswer::Bound {
        binding,
        follows,
        ended,
        ..
    } = answer
    else {
        panic!("{answer:?}")
    };
    (*binding, *follows, *ended)
}

/// The binding as the family reads it.
fn read(office: &Office, family: &Family, id: BindingId) -> Binding {
    let state = &office.city.state.bindings[&id];
    let signed = &state.bound.binding;
    signed.verify(&office.city.file, &family.terms()).unwrap()
}

fn stands(office: &Office, id: BindingId) -> bool {
    office.city.state.bindings[&id].stands()
}

#[test]
fn every_binding_has_a_random_subject_and_one_that_follows_keeps_it() {
    let mut office = office();
    let (a, b) = (family(), family());
    let mothers = bound(&ask(&mut office, &a, (&MOTHER, Some(&sakura())), None)).0;
    let fathers = bound(&ask(&mut office, &b, (&FATHER, Some(&sakura())), None)).0;
    let (first, other) = (read(&office, &a, mothers), read(&office, &b, fathers));
    assert_ne!(first.subject(), other.subject());
    let renewed = family();
    let answer = ask(
        &mut office,
        &renewed,
        (&MOTHER, Some(&sakura())),
        Some(mothers),
    );
    let (next, follows, ended) = bound(&answer);
    assert_eq!((follows, ended), (Some(mothers), 0));
    let second = read(&office, &renewed, next);
    assert_eq!(second.subject(), first.subject());
    assert_eq!((first.sequence(), second.sequence()), (0, 1));
    assert_eq!(
        (first.supersedes(), second.supersedes()),
        (None, Some(mothers))
    );
    assert!(!stands(&office, mothers) && stands(&office, fathers) && stands(&office, next));
}

#[test]
fn entries_go_on_under_the_binding_that_follows_and_nothing_is_issued_twice() {
    let mut office = office();
    let a = family();
    let first = bound(&ask(&mut office, &a, (&MOTHER, Some(&sakura())), None)).0;
    office.city.publish(NOW, EXPORT, "export.csv").unwrap();
    let mut book = IssuedBook::new(read(&office, &a, first));
    let b = family();
    let answer = ask(&mut office, &b, (&MOTHER, Some(&sakura())), Some(first));
    let second = bound(&answer).0;
    let mut office = reopened(office);
    let again = office.city.publish(NOW, EXPORT, "export.csv").unwrap();
    assert_eq!((again.issued, again.already), (0, 7));
    let corrected = office.city.correct(NOW, CORRECTION, "c.csv").unwrap();
    assert_eq!(corrected.issued, 1);
    assert_eq!(office.city.status(NOW).issued, 8);
    book.follow(read(&office, &b, second)).unwrap();
    assert!(office.city.state.bindings[&first].pending.is_empty());
    for entry in office.city.state.bindings[&second].pending.values() {
        book.accept(&office.city.file, entry).unwrap();
    }
    assert_eq!(book.entries().len(), 8);
    assert_eq!(book.record(0).unwrap().versions().count(), 2);
}

#[test]
fn another_vault_with_the_same_card_ends_the_first_and_says_no_more() {
    let mut office = office();
    let a = family();
    let first = bound(&ask(&mut office, &a, (&MOTHER, Some(&sakura())), None)).0;
    let answer = ask(&mut office, &family(), (&MOTHER, Some(&sakura())), None);
    let (second, follows, ended) = bound(&answer);
    assert_eq!((follows, ended), (None, 1));
    let office = reopened(office);
    assert!(!stands(&office, first) && stands(&office, second));
    let book = held(&office, &a, first);
    assert!(book.has_ended());
    assert_eq!(book.entries()[0].kind(), IssuedKind::End);
    assert_eq!(office.city.status(NOW).standing, 1);
}

#[test]
fn nobody_follows_or_ends_what_another_guardians_card_bound() {
    let mut office = office();
    let (a, b) = (family(), family());
    let mothers = bound(&ask(&mut office, &a, (&MOTHER, Some(&sakura())), None)).0;
    let answer = ask(&mut office, &b, (&FATHER, Some(&sakura())), Some(mothers));
    let (fathers, follows, ended) = bound(&answer);
    assert_eq!((follows, ended), (None, 0), "he begins anew");
    assert_ne!(
        read(&office, &a, mothers).subject(),
        read(&office, &b, fathers).subject()
    );
    assert!(stands(&office, mothers));
    let own = bound(&ask(&mut office, &family(), (&MOTHER, None), Some(mothers)));
    assert_eq!(own.1, None, "nor is it hers to follow for herself");
    assert!(stands(&office, mothers));
}

/// Sakura, born so that she is fifteen on the day of the tests: her birthday is tomorrow.
fn grown(office: &mut Office) -> (SimulatedCard, Child) {
    let csv = std::str::from_utf8(REGISTER).unwrap();
    let csv = csv.replace("令和6年5月6日", "2011-11-23");
    office.register = Register::from_csv(csv.as_bytes()).unwrap();
    let mut child = sakura();
    child.attributes.birth_date = "2011-11-23".into();
    (card("見本さくら", "2011-11-23", 2), child)
}

fn mothers_new_card() -> SimulatedCard {
    card("見本　はな子", "1990-04-12", 2)
}

#[test]
fn at_fifteen_a_guardian_needs_a_clerk_and_the_own_card_takes_the_place_of_all() {
    let mut office = office();
    let (sakuras_card, child) = grown(&mut office);
    let (a, b) = (family(), family());
    office.now = NOW - DAY;
    let mothers = bound(&ask(&mut office, &a, (&MOTHER, Some(&child)), None)).0;
    office.now = NOW;
    let old_enough = EnrolAnswer::Review(ReviewReason::OldEnough);
    let asked = ask(&mut office, &b, (&MOTHER, Some(&child)), Some(mothers));
    assert_eq!(asked, old_enough, "on the eve of the birthday");
    let answer = ask(&mut office, &b, (&sakuras_card, None), Some(mothers));
    let (own, follows, _) = bound(&answer);
    assert_eq!(follows, Some(mothers), "the same book goes on");
    assert_eq!(read(&office, &b, own).relation(), 0);
    office.now += 3 * YEAR;
    let elsewhere = family();
    let answer = ask(&mut office, &elsewhere, (&sakuras_card, None), None);
    let (handed_over, follows, ended) = bound(&answer);
    assert_eq!((follows, ended), (None, 1), "a new book at eighteen");
    assert!(!stands(&office, own) && stands(&office, handed_over));
}

#[test]
fn the_own_card_ends_the_bindings_of_both_guardians() {
    let mut office = office();
    let (card, child) = grown(&mut office);
    office.now = NOW - DAY;
    let mothers = bound(&ask(&mut office, &family(), (&MOTHER, Some(&child)), None)).0;
    let fathers = bound(&ask(&mut office, &family(), (&FATHER, Some(&child)), None)).0;
    office.now = NOW;
    let (own, _, ended) = bound(&ask(&mut office, &family(), (&card, None), None));
    assert_eq!(ended, 2);
    assert!(!stands(&office, mothers) && !stands(&office, fathers) && stands(&office, own));
}

#[test]
fn the_key_that_enrolled_gets_other_keys_without_a_card_once_for_each_number() {
    let mut office = office();
    let a = family();
    let first = bound(&ask(&mut office, &a, (&MOTHER, Some(&sakura())), None)).0;
    office.city.publish(NOW, EXPORT, "export.csv").unwrap();
    let b = a.renewed();
    let request = b.rebind(&office, first, 1);
    let again = |office: &mut Office, request: &str| {
        let now = office.now;
        office.city.rebind(now, request, &office.register).unwrap()
    };
    let answer = again(&mut office, &request);
    let (second, follows, ended) = bound(&answer);
    assert_eq!((follows, ended), (Some(first), 0));
    let binding = read(&office, &b, second);
    assert_eq!((binding.sequence(), binding.supersedes()), (1, Some(first)));
    assert_eq!(binding.subject(), read(&office, &a, first).subject());
    let mut office = reopened(office);
    let repeated = again(&mut office, &request);
    let EnrolAnswer::Bound {
        repeated: true,
        binding: same,
        ..
    } = repeated
    else {
        panic!("{repeated:?}")
    };
    assert_eq!(same, second);
    let follows = EnrolAnswer::Refused(EnrolRefusal::Follows);
    for (of, number) in [(first, 1), (first, 2), (second, 1), (second, 3)] {
        let stale = a.renewed().rebind(&office, of, number);
        assert_eq!(again(&mut office, &stale), follows, "{number}");
    }
    let stranger = family().rebind(&office, second, 2);
    let forged = EnrolRefusal::Evidence(Refusal::DeviceProof);
    assert_eq!(again(&mut office, &stranger), EnrolAnswer::Refused(forged));
    let third = a.renewed().rebind(&office, second, 2);
    assert_eq!(bound(&again(&mut office, &third)).1, Some(second));
    assert_eq!(office.city.status(NOW).issued, 7, "the chain goes on");
}

#[test]
fn where_anything_is_in_doubt_the_card_is_needed_again() {
    let follows = EnrolAnswer::Refused(EnrolRefusal::Follows);
    let mut office = office();
    load(&mut office, NOW - 3_600_000, &[]);
    let a = family();
    let first = bound(&ask(&mut office, &a, (&MOTHER, Some(&sakura())), None)).0;
    let request = a.renewed().rebind(&office, first, 1);
    let try_at = |office: &mut Office, now: u64| {
        office.city.rebind(now, &request, &office.register).unwrap()
    };
    assert_eq!(try_at(&mut office, NOW + 6 * YEAR), follows, "run out");
    let parted = std::str::from_utf8(REGISTER).unwrap();
    let parted = parted.replace("1000001;1000002", "1000002");
    let before = std::mem::replace(
        &mut office.register,
        Register::from_csv(parted.as_bytes()).unwrap(),
    );
    assert_eq!(try_at(&mut office, NOW), follows, "no guardian any more");
    office.register = before;
    load(&mut office, NOW, &[(serial(&*MOTHER), 3)]);
    office.city.recheck(NOW, &office.register).unwrap();
    assert_eq!(try_at(&mut office, NOW), follows, "revoked");
    assert!(stands(&office, first), "nothing ends by itself");
    office.city.end(NOW, first).unwrap();
    assert_eq!(try_at(&mut office, NOW), follows, "ended");
}

#[test]
fn after_a_move_the_new_card_goes_on_where_the_ended_binding_stopped() {
    let mut office = office();
    load(&mut office, NOW - 3_600_000, &[]);
    let a = family();
    let first = bound(&ask(&mut office, &a, (&MOTHER, Some(&sakura())), None)).0;
    office.city.publish(NOW, EXPORT, "export.csv").unwrap();
    load(&mut office, NOW, &[(serial(&*MOTHER), 3)]);
    office.city.recheck(NOW, &office.register).unwrap();
    office.city.end(NOW, first).unwrap();
    let mut book = IssuedBook::new(read(&office, &a, first));
    let (b, card) = (family(), mothers_new_card());
    let answer = ask(&mut office, &b, (&card, Some(&sakura())), Some(first));
    let (second, follows, _) = bound(&answer);
    assert_eq!(follows, Some(first));
    office.city.correct(NOW, CORRECTION, "c.csv").unwrap();
    book.follow(read(&office, &b, second)).unwrap();
    for entry in office.city.state.bindings[&second].pending.values() {
        book.accept(&office.city.file, entry).unwrap();
    }
    assert_eq!(book.entries().len(), 9);
    assert_eq!(book.entries()[7].kind(), IssuedKind::End);
    assert!(!book.has_ended(), "what followed stands");
}
