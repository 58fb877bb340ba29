use super::*;
use crate::book::{Device, Enrolment, EnrolmentHandle, Genesis, IssuerId, MemberId, NewEpoch};
use crate::crypto::{EpochKey, SealKey, SigningKey};
use getrandom::SysRng;
use proptest::prelude::*;
use rand_core::UnwrapErr;
use std::sync::LazyLock;
use techo_wire::{Head, RelayAddress};

static DEVICES: LazyLock<Vec<Device>> = LazyLock::new(|| {
    let device = |number| {
        let key = SigningKey::from_seed(&[number; 32]);
        let seal = SealKey::from_seed(&[number; 32]).public();
        Device::new(key.device(), seal, key.inbox(), "device")
    };
    (1..=5).map(device).collect()
});

fn key(number: usize) -> DeviceKey {
    DEVICES[number].key()
}

fn epoch(book: &BookId, number: u8) -> NewEpoch {
    NewEpoch::new(
        &mut UnwrapErr(SysRng),
        book,
        &EpochKey::from_bytes(&[number; 32]),
        &[],
    )
}

/// A book whose op `n` is named by n; device 0 founds it.
struct Play {
    fold: Fold,
}

fn name(number: u8) -> EnvelopeHash {
    EnvelopeHash::from_bytes([number; 32])
}

fn names(numbers: &[u8]) -> BTreeSet<EnvelopeHash> {
    numbers.iter().map(|number| name(*number)).collect()
}

fn genesis(kind: BookKind) -> Genesis {
    let commitment = EpochKey::from_bytes(&[0; 32]).commitment();
    Genesis::new(kind, DEVICES[0].clone(), commitment, &mut UnwrapErr(SysRng))
}

impl Play {
    fn new(kind: BookKind) -> Self {
        let genesis = genesis(kind);
        let mut fold = Fold::new(genesis.book_id());
        let control = Control::new(BTreeSet::new(), ControlOp::Genesis(genesis));
        assert_eq!(fold.insert(name(0), key(0), control), Outcome::Applied);
        Self { fold }
    }

    fn op(&mut self, number: u8, author: usize, parents: &[u8], op: ControlOp) -> Outcome {
        self.fold
            .insert(name(number), key(author), Control::new(names(parents), op))
    }

    fn remove(&mut self, number: u8, author: usize, parents: &[u8], device: usize) -> Outcome {
        let epoch = epoch(&self.fold.book(), number);
        let op = ControlOp::DeviceRemoved {
            device: key(device),
            heads: Vec::new(),
            epoch,
        };
        self.op(number, author, parents, op)
    }

    fn role(&self, device: usize) -> Option<Role> {
        self.fold.state().role(&key(device))
    }
}

fn add(device: usize, role: Role) -> ControlOp {
    ControlOp::DeviceAdded {
        device: DEVICES[device].clone(),
        role,
    }
}

fn set(device: usize, role: Role) -> ControlOp {
    ControlOp::RoleSet {
        device: key(device),
        role,
    }
}

fn offer(device: usize) -> ControlOp {
    let handbook = BookId::from_bytes([9; 32]);
    ControlOp::DeviceOffered {
        handbook,
        device: DEVICES[device].clone(),
    }
}

fn refused(refusal: Refusal) -> Outcome {
    Outcome::Refused(refusal)
}

#[test]
fn a_guardian_adds_and_a_viewer_may_only_offer_itself() {
    let mut play = Play::new(BookKind::Household);
    assert_eq!(play.op(1, 0, &[0], add(1, Role::Viewer)), Outcome::Applied);
    assert_eq!(
        play.op(2, 1, &[1], add(2, Role::Viewer)),
        refused(Refusal::NotGuardian)
    );
    assert_eq!(play.op(3, 1, &[1], offer(3)), Outcome::Applied);
    assert_eq!(play.role(1), Some(Role::Viewer));
    assert_eq!(play.role(2), None);
    assert_eq!(play.fold.state().offers()[0].by, key(1));
    assert_eq!(play.fold.control_heads(), names(&[3]));
    assert_eq!(play.fold.refused().count(), 1);
}

#[test]
fn every_refusal_has_its_own_name() {
    let mut play = Play::new(BookKind::Household);
    play.op(1, 0, &[0], add(1, Role::Guardian));
    play.remove(2, 0, &[1], 1);
    let relay = RelayAddress::new("localhost", 1, [5; 32].into()).unwrap();
    let relay = ControlOp::RelayAdded(relay);
    assert_eq!(
        play.op(10, 0, &[], relay.clone()),
        refused(Refusal::NoParents)
    );
    let founded = ControlOp::Genesis(genesis(BookKind::Household));
    assert_eq!(
        play.op(11, 0, &[], founded.clone()),
        refused(Refusal::WrongBook)
    );
    assert_eq!(
        play.op(12, 0, &[1], founded),
        refused(Refusal::SecondGenesis)
    );
    assert_eq!(
        play.op(13, 4, &[1], relay.clone()),
        refused(Refusal::UnknownAuthor)
    );
    assert_eq!(play.op(14, 1, &[2], relay), refused(Refusal::RemovedAuthor));
    assert_eq!(
        play.op(15, 0, &[1], add(1, Role::Viewer)),
        refused(Refusal::DeviceKnown)
    );
    assert_eq!(
        play.op(16, 0, &[2], add(1, Role::Viewer)),
        refused(Refusal::DeviceGone)
    );
    assert_eq!(
        play.op(17, 0, &[2], set(1, Role::Viewer)),
        refused(Refusal::DeviceGone)
    );
    assert_eq!(
        play.op(18, 0, &[2], set(3, Role::Viewer)),
        refused(Refusal::NoSuchDevice)
    );
    assert_eq!(play.remove(19, 0, &[2], 3), refused(Refusal::NoSuchDevice));
    let file = ControlOp::IssuerTrusted { file: vec![1] };
    assert_eq!(play.op(20, 0, &[2], file), refused(Refusal::WrongKind));
    assert_eq!(play.fold.control_heads(), names(&[2]));
}

#[test]
fn a_genesis_counts_only_from_its_founder() {
    let genesis = genesis(BookKind::Handbook);
    let mut fold = Fold::new(genesis.book_id());
    let control = Control::new(BTreeSet::new(), ControlOp::Genesis(genesis));
    let stolen = fold.insert(name(1), key(1), control.clone());
    assert_eq!(stolen, refused(Refusal::NotFounder));
    assert_eq!(fold.kind(), None);
    assert_eq!(fold.insert(name(0), key(0), control), Outcome::Applied);
    assert_eq!(fold.kind(), Some(BookKind::Handbook));
}

#[test]
fn issuers_bindings_and_enrolments_belong_into_a_handbook_alone() {
    let enrolment = |holder| {
        ControlOp::EnrolmentOpened(Box::new(Enrolment {
            issuer: IssuerId::from_bytes([1; 32]),
            handle: EnrolmentHandle::from_bytes([2; 32]),
            feed: SealKey::from_seed(&[3; 32]),
            inbox: SigningKey::from_seed(&[4; 32]),
            relay: RelayAddress::new("localhost", 1, [5; 32].into()).unwrap(),
            issuer_only: [6; 32],
            holder: key(holder),
        }))
    };
    let member = ControlOp::MemberAdded {
        member: MemberId::from_bytes([1; 16]),
        handbook: BookId::from_bytes([2; 32]),
    };
    let of_handbooks = [
        ControlOp::IssuerTrusted { file: vec![1] },
        enrolment(0),
        ControlOp::BindingAccepted {
            binding: vec![1],
            key_set: vec![2],
        },
    ];
    let of_households = [member, offer(1)];
    let (mut handbook, mut household) = (
        Play::new(BookKind::Handbook),
        Play::new(BookKind::Household),
    );
    for (number, op) in (1..).zip(of_handbooks) {
        assert_eq!(handbook.op(number, 0, &[0], op.clone()), Outcome::Applied);
        assert_eq!(
            household.op(number, 0, &[0], op),
            refused(Refusal::WrongKind)
        );
    }
    for (number, op) in (11..).zip(of_households) {
        assert_eq!(household.op(number, 0, &[0], op.clone()), Outcome::Applied);
        assert_eq!(
            handbook.op(number, 0, &[0], op),
            refused(Refusal::WrongKind)
        );
    }
    assert_eq!(
        handbook.op(20, 0, &[0], enrolment(4)),
        refused(Refusal::NoSuchDevice)
    );
    let state = handbook.fold.state();
    assert_eq!(
        (
            state.issuers().len(),
            state.enrolments().len(),
            state.bindings().len()
        ),
        (1, 1, 1)
    );
    assert_eq!(household.fold.state().members().count(), 1);
}

#[test]
fn an_op_waits_for_its_parents_and_then_counts() {
    let mut play = Play::new(BookKind::Household);
    let waiting = play.op(3, 0, &[1, 2], add(3, Role::Viewer));
    assert_eq!(waiting, Outcome::Waiting(names(&[1, 2])));
    assert_eq!(
        play.op(2, 1, &[1], add(2, Role::Viewer)),
        Outcome::Waiting(names(&[1]))
    );
    assert_eq!(play.fold.missing(), names(&[1]));
    assert_eq!(play.role(3), None);
    assert_eq!(
        play.op(1, 0, &[0], add(1, Role::Guardian)),
        Outcome::Applied
    );
    assert_eq!(play.fold.outcome(&name(3)), Some(Outcome::Applied));
    assert_eq!(play.role(3), Some(Role::Viewer));
    assert!(play.fold.missing().is_empty());
    assert_eq!(
        play.op(3, 4, &[], offer(1)),
        Outcome::Applied,
        "a known op changes nothing"
    );
}

#[test]
fn an_op_is_judged_in_its_past_and_not_by_what_came_later() {
    let mut play = Play::new(BookKind::Household);
    play.op(1, 0, &[0], add(1, Role::Guardian));
    play.remove(2, 0, &[1], 1);
    assert_eq!(play.op(3, 1, &[1], add(2, Role::Viewer)), Outcome::Applied);
    assert_eq!(play.role(1), None);
    assert_eq!(play.role(2), Some(Role::Viewer));
    let removed = play.fold.allowed_at(&names(&[2]), &key(1));
    assert_eq!(removed, None);
    assert_eq!(
        play.fold.allowed_at(&names(&[1]), &key(1)),
        Some(Role::Guardian)
    );
    assert_eq!(play.fold.allowed_at(&names(&[2, 3]), &key(1)), None);
    assert_eq!(play.fold.allowed_at(&names(&[0]), &key(1)), None);
    assert_eq!(play.fold.allowed_at(&names(&[1, 99]), &key(1)), None);
    assert_eq!(play.fold.allowed_at(&BTreeSet::new(), &key(0)), None);
}

#[test]
fn a_removal_wins_over_an_addition_that_did_not_know_it() {
    let mut play = Play::new(BookKind::Household);
    play.op(1, 0, &[0], add(1, Role::Guardian));
    play.op(2, 0, &[1], add(2, Role::Viewer));
    play.remove(3, 0, &[2], 2);
    // Device 1 has seen neither the addition nor the removal.
    assert_eq!(
        play.op(4, 1, &[1], add(2, Role::Guardian)),
        Outcome::Applied
    );
    assert_eq!(play.role(2), None);
    assert!(play.fold.state().device(&key(2)).unwrap().is_removed());
}

#[test]
fn two_guardians_who_remove_each_other_are_both_removed_and_marked() {
    let mut play = Play::new(BookKind::Household);
    play.op(1, 0, &[0], add(1, Role::Guardian));
    assert_eq!(play.remove(2, 0, &[1], 1), Outcome::Applied);
    assert!(!play.fold.state().device(&key(1)).unwrap().removals[0].mutual);
    assert_eq!(play.remove(3, 1, &[1], 0), Outcome::Applied);
    for (device, by) in [(0, 1), (1, 0)] {
        let removals = &play.fold.state().device(&key(device)).unwrap().removals;
        assert_eq!(
            (removals.len(), removals[0].by, removals[0].mutual),
            (1, key(by), true)
        );
    }
}

#[test]
fn a_removal_of_the_remover_by_somebody_else_is_not_mutual() {
    let mut play = Play::new(BookKind::Household);
    play.op(1, 0, &[0], add(1, Role::Guardian));
    play.op(2, 0, &[1], add(2, Role::Guardian));
    play.remove(3, 0, &[2], 1);
    play.remove(4, 2, &[2], 0);
    for device in [0, 1] {
        let removals = &play.fold.state().device(&key(device)).unwrap().removals;
        assert_eq!((removals.len(), removals[0].mutual), (1, false));
    }
}

#[test]
fn of_roles_given_at_the_same_time_the_lesser_stands_and_a_later_one_replaces_both() {
    let mut play = Play::new(BookKind::Household);
    play.op(1, 0, &[0], add(1, Role::Viewer));
    play.op(2, 0, &[1], set(1, Role::Guardian));
    assert_eq!(play.role(1), Some(Role::Guardian));
    play.op(3, 0, &[1], set(1, Role::SelfMember));
    assert_eq!(play.role(1), Some(Role::SelfMember));
    play.op(4, 0, &[2, 3], set(1, Role::Guardian));
    assert_eq!(play.role(1), Some(Role::Guardian));
}

#[test]
fn epochs_stand_in_the_order_of_their_ops() {
    let mut play = Play::new(BookKind::Household);
    let book = play.fold.book();
    play.op(2, 0, &[0], ControlOp::EpochStarted(epoch(&book, 20)));
    play.op(1, 0, &[0], ControlOp::EpochStarted(epoch(&book, 10)));
    play.op(3, 0, &[1, 2], ControlOp::EpochStarted(epoch(&book, 30)));
    let commitments: Vec<_> = play
        .fold
        .state()
        .epochs()
        .iter()
        .map(|epoch| epoch.commitment)
        .collect();
    let expected = [0, 10, 20, 30].map(|key| EpochKey::from_bytes(&[key; 32]).commitment());
    assert_eq!(commitments, expected);
}

#[test]
fn a_removal_keeps_up_to_where_the_feeds_count() {
    let mut play = Play::new(BookKind::Household);
    play.op(1, 0, &[0], add(1, Role::Viewer));
    let head = Head {
        feed: [1; 32].into(),
        seq: 3,
        hash: name(7),
    };
    let epoch = epoch(&play.fold.book(), 1);
    let op = ControlOp::DeviceRemoved {
        device: key(1),
        heads: vec![head],
        epoch,
    };
    play.op(2, 0, &[1], op);
    assert_eq!(
        play.fold.state().device(&key(1)).unwrap().removals[0].heads,
        [head]
    );
}

/// Author, parents among the earlier ops, what, and about whom.
type Step = (usize, Vec<prop::sample::Index>, usize, usize);

fn play_of(steps: &[Step], book: &BookId) -> Vec<(EnvelopeHash, DeviceKey, Control)> {
    let roles = [
        Role::Guardian,
        Role::SelfMember,
        Role::Viewer,
        Role::Guardian,
    ];
    let mut hashes = vec![name(0)];
    let mut ops = Vec::new();
    for (number, (author, parents, what, whom)) in (1_u8..).zip(steps) {
        let op = match what {
            0..=3 => add(*whom, roles[*what]),
            4..=6 => set(*whom, roles[*what - 4]),
            7 => ControlOp::DeviceRemoved {
                device: key(*whom),
                heads: Vec::new(),
                epoch: epoch(book, number),
            },
            8 => ControlOp::EpochStarted(epoch(book, number)),
            _ => offer(*whom),
        };
        let parents = parents.iter().map(|parent| *parent.get(&hashes)).collect();
        // Not in the order of the steps, so that the order by hash differs from it.
        let hash = EnvelopeHash::from_bytes([number.wrapping_mul(167); 32]);
        hashes.push(hash);
        ops.push((hash, key(*author), Control::new(parents, op)));
    }
    ops
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn the_order_of_insertion_never_matters(
        steps in prop::collection::vec(
            (0..3_usize, prop::collection::vec(any::<prop::sample::Index>(), 1..3), 0..10_usize, 0..5_usize),
            1..24,
        ),
        order in prop::collection::vec(any::<u32>(), 24),
    ) {
        let genesis = genesis(BookKind::Household);
        let book = genesis.book_id();
        let mut ops = play_of(&steps, &book);
        ops.push((name(0), key(0), Control::new(BTreeSet::new(), ControlOp::Genesis(genesis))));
        let mut shuffled: Vec<_> = ops.iter().zip(order).collect();
        shuffled.sort_by_key(|(_, place)| *place);
        let (mut straight, mut mixed) = (Fold::new(book), Fold::new(book));
        for (hash, author, control) in ops.iter().rev() {
            straight.insert(*hash, *author, control.clone());
        }
        for ((hash, author, control), _) in shuffled {
            mixed.insert(*hash, *author, control.clone());
        }
        prop_assert!(straight.missing().is_empty());
        prop_assert_eq!(straight.state(), mixed.state());
        prop_assert_eq!(straight.control_heads(), mixed.control_heads());
        for (hash, ..) in &ops {
            prop_assert_eq!(straight.outcome(hash), mixed.outcome(hash));
        }
        for (key, device) in straight.state().devices() {
            let now = straight.allowed_at(&straight.control_heads(), key);
            prop_assert_eq!(now, straight.state().role(key), "heads and state agree");
            prop_assert!(device.is_removed() || now.is_some());
        }
    }
}
