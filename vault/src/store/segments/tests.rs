use std::collections::BTreeMap;
use std::io::ErrorKind;

use proptest::prelude::*;

use super::*;
use crate::store::disk::power::{PowerDisk, Spared};
use crate::store::{BookTag, FrameKind};

const SEGMENT_1: &str = "segments/000000000001.seg";

fn vault() -> VaultId {
    VaultId::from_bytes([9; 16])
}

fn frame(body: &[u8]) -> Frame {
    Frame {
        tag: BookTag::from_bytes([3; 8]),
        kind: FrameKind::Envelope,
        body: body.to_vec(),
    }
}

fn open(disk: &PowerDisk, durable: Position) -> (Segments, Opening) {
    open_rotating(disk, durable, 4096)
}

fn open_rotating(disk: &PowerDisk, durable: Position, rotate_at: u64) -> (Segments, Opening) {
    let surveys = survey(disk, vault()).unwrap();
    Segments::open(Arc::new(disk.clone()), vault(), durable, rotate_at, surveys).unwrap()
}

/// One batch of one frame for each body, and where they lie.
fn filled(disk: &PowerDisk, bodies: &[&[u8]]) -> (Segments, Vec<Location>) {
    let (log, _) = open(disk, Position::START);
    let places = bodies
        .iter()
        .map(|body| log.append(&[vec![frame(body)]]).unwrap()[0][0]);
    let places = places.collect();
    (log, places)
}

type Gaps = Vec<(u64, u64, u64)>;

/// Every body, and every stretch that holds none.
fn shown(log: &Segments) -> (Vec<Vec<u8>>, Gaps) {
    let (mut bodies, mut damage) = (Vec::new(), Vec::new());
    let end = log
        .scan(Position::START, &mut |scanned| {
            match scanned {
                Scanned::Frame { location, frame } => {
                    assert_eq!(log.read(location).unwrap(), frame);
                    bodies.push(frame.body);
                }
                Scanned::Damage { segment, from, to } => damage.push((segment, from, to)),
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(end, log.end());
    (bodies, damage)
}

#[test]
fn what_is_appended_is_read_and_scanned_in_order_over_segments() {
    let disk = PowerDisk::new();
    let bodies: Vec<Vec<u8>> = (0..40_u8).map(|n| vec![n; 500]).collect();
    let slices: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
    let (log, places) = filled(&disk, &slices);
    assert!(
        log.end().segment() > 3,
        "the log moved on to further segments"
    );
    assert_eq!(shown(&log), (bodies.clone(), Vec::new()));
    let (again, opening) = open(&disk, log.end());
    assert_eq!(opening, Opening::default());
    assert_eq!(again.end(), log.end());
    assert_eq!(shown(&again).0, bodies);
    assert_eq!(again.read(places[17]).unwrap(), frame(&bodies[17]));
    let mut seen = 0;
    let stopped = again.scan(places[17].position(), &mut |_| {
        seen += 1;
        if seen == 2 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert_eq!(stopped.unwrap(), places[19].position());
}

#[test]
fn a_place_that_holds_no_frame_is_refused() {
    let disk = PowerDisk::new();
    let (log, places) = filled(&disk, &[b"one", b"two"]);
    let inside = Position::new(1, places[0].position().offset() + 1);
    for place in [inside, Position::START, log.end(), Position::new(7, 32)] {
        let at = Location::new(place);
        assert!(matches!(log.read(at), Err(StoreError::NoFrame { at: named }) if named == at));
    }
}

#[test]
fn a_torn_tail_is_cut_at_the_last_whole_batch() {
    for lost in 1..40 {
        let disk = PowerDisk::new();
        let (log, _) = filled(&disk, &[b"kept"]);
        let kept = log.end();
        log.append(&[vec![frame(b"never"), frame(b"told")]])
            .unwrap();
        disk.tamper(SEGMENT_1, |bytes| bytes.truncate(bytes.len() - lost));
        let (log, opening) = open(&disk, kept);
        assert_eq!(
            opening,
            Opening {
                damage: Vec::new(),
                cut: Some(kept)
            }
        );
        assert_eq!(shown(&log), (vec![b"kept".to_vec()], Vec::new()));
        log.append(&[vec![frame(b"next")]]).unwrap();
        assert_eq!(shown(&log).0, [b"kept".to_vec(), b"next".to_vec()]);
    }
}

#[test]
fn a_segment_shorter_than_the_manifest_says_is_reported_and_left_alone() {
    let disk = PowerDisk::new();
    let (log, places) = filled(&disk, &[b"one", b"two", b"three"]);
    let durable = log.end();
    let found = places[2].position();
    disk.tamper(SEGMENT_1, |bytes| {
        bytes.truncate(usize::try_from(found.offset()).unwrap());
    });
    let (log, opening) = open(&disk, durable);
    assert_eq!(opening.damage, [Damage::Shorter { found, durable }]);
    let place = log.append(&[vec![frame(b"four")]]).unwrap()[0][0];
    assert!(
        place.position() > durable,
        "a place that was in use never holds another frame"
    );
    let bodies = [b"one".to_vec(), b"two".to_vec(), b"four".to_vec()];
    assert_eq!(shown(&log), (bodies.to_vec(), Vec::new()));
}

#[test]
fn a_missing_segment_is_named() {
    let disk = PowerDisk::new();
    let bodies: Vec<Vec<u8>> = (0..20_u8).map(|n| vec![n; 1000]).collect();
    let slices: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
    let (log, places) = filled(&disk, &slices);
    let end = log.end();
    disk.remove("segments/000000000002.seg").unwrap();
    let (log, opening) = open(&disk, end);
    assert_eq!(
        opening.damage,
        [Damage::SegmentsMissing { first: 2, last: 2 }]
    );
    let left = places
        .iter()
        .filter(|at| at.position().segment() != 2)
        .count();
    let (shown, damage) = shown(&log);
    assert_eq!((shown.len(), damage), (left, vec![(2, 0, 0)]));
    disk.remove(&file_name(end.segment())).unwrap();
    let (_, opening) = open(&disk, end);
    assert!(matches!(opening.damage[1], Damage::Shorter { durable, .. } if durable == end));
}

#[test]
fn a_damaged_header_costs_no_frame() {
    let disk = PowerDisk::new();
    let (log, _) = filled(&disk, &[b"one"]);
    disk.tamper(SEGMENT_1, |bytes| bytes[12] ^= 1);
    let (log, opening) = open(&disk, log.end());
    assert_eq!(
        opening.damage,
        [Damage::Bytes {
            segment: 1,
            from: 0,
            to: HEADER
        }]
    );
    assert_eq!(shown(&log).0, [b"one".to_vec()]);
}

#[test]
fn a_failed_write_leaves_no_trace_and_the_next_succeeds() {
    let disk = PowerDisk::new();
    let (log, _) = filled(&disk, &[b"one"]);
    let end = log.end();
    disk.fail(1, false, ErrorKind::StorageFull);
    let error = log.append(&[vec![frame(b"two")]]).unwrap_err();
    assert!(matches!(error, StoreError::DiskFull(_)) && error.is_retryable());
    assert_eq!(
        (log.end(), disk.length(SEGMENT_1).unwrap()),
        (end, Some(end.offset()))
    );
    log.append(&[vec![frame(b"three")]]).unwrap();
    assert_eq!(shown(&log).0, [b"one".to_vec(), b"three".to_vec()]);
}

#[test]
fn after_a_failed_sync_nothing_is_written_until_opened_again() {
    let disk = PowerDisk::new();
    let (log, _) = filled(&disk, &[b"one"]);
    disk.fail(2, false, ErrorKind::Other);
    let error = log.append(&[vec![frame(b"two")]]).unwrap_err();
    assert!(matches!(error, StoreError::Disk(_)) && !error.is_retryable());
    let refused = log.append(&[vec![frame(b"three")]]);
    assert!(matches!(refused, Err(StoreError::Stopped)));
    assert_eq!(shown(&log).0, [b"one".to_vec()]);
    let (log, opening) = open(&disk, log.end());
    assert_eq!(opening, Opening::default());
    log.append(&[vec![frame(b"three")]]).unwrap();
    assert_eq!(shown(&log).0, [b"one".to_vec(), b"three".to_vec()]);
}

#[test]
fn what_a_dead_process_wrote_is_durable_before_it_counts() {
    let disk = PowerDisk::new();
    let (log, _) = filled(&disk, &[b"one"]);
    disk.fail(2, true, ErrorKind::Other);
    assert!(log.append(&[vec![frame(b"two")]]).is_err());
    disk.fail(1_000_000, false, ErrorKind::Other);
    let both = [b"one".to_vec(), b"two".to_vec()];
    let (log, _) = open(&disk, log.end());
    assert_eq!(shown(&log).0, both);
    let (log, _) = open(&disk.cut_power(Spared::Nothing), log.end());
    assert_eq!(shown(&log).0, both);
}

#[test]
fn a_log_whose_end_cannot_be_cut_back_stops() {
    let disk = PowerDisk::new();
    let (log, _) = filled(&disk, &[b"one"]);
    let end = log.end();
    disk.fail(1, true, ErrorKind::Other);
    assert!(log.append(&[vec![frame(&[7; 99])]]).is_err());
    assert!(matches!(
        log.append(&[vec![frame(b"three")]]),
        Err(StoreError::Stopped)
    ));
    let (log, opening) = open(&disk.cut_power(Spared::Everything), end);
    assert_eq!(opening.cut, Some(end));
    assert_eq!(shown(&log), (vec![b"one".to_vec()], Vec::new()));
}

#[test]
fn a_frame_hidden_in_a_damaged_one_does_not_hide_what_follows() {
    let disk = PowerDisk::new();
    let mut inner = vec![0; 40];
    frame::encode(&frame(b"inner"), false, &mut inner).unwrap();
    let (log, places) = filled(&disk, &[b"one", &inner, b"three"]);
    let damaged = usize::try_from(places[1].position().offset()).unwrap();
    disk.tamper(SEGMENT_1, |bytes| bytes[damaged + 3] ^= 0x40);
    let (log, _) = open(&disk, log.end());
    let (bodies, _) = shown(&log);
    assert_eq!(bodies.first().unwrap(), b"one");
    assert_eq!(bodies.last().unwrap(), b"three");
}

/// What to do to a file that lay on a bad disk.
#[derive(Clone, Debug)]
enum Wound {
    Flip(prop::sample::Index, u8),
    Zero(prop::sample::Index),
    Truncate(prop::sample::Index),
}

fn wound() -> impl Strategy<Value = Wound> {
    prop_oneof![
        (any::<prop::sample::Index>(), 0..8_u8).prop_map(|(at, bit)| Wound::Flip(at, bit)),
        any::<prop::sample::Index>().prop_map(Wound::Zero),
        any::<prop::sample::Index>().prop_map(Wound::Truncate),
    ]
}

impl Wound {
    /// Damages `bytes` and says which of them are no longer what they were.
    fn inflict(&self, bytes: &mut Vec<u8>) -> (usize, usize) {
        match self {
            Self::Flip(at, bit) => {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
                (at, at + 1)
            }
            Self::Zero(at) => {
                let from = at.index(bytes.len()) / 4096 * 4096;
                let to = bytes.len().min(from + 4096);
                bytes[from..to].fill(0);
                (from, to)
            }
            Self::Truncate(at) => {
                let (at, to) = (at.index(bytes.len()), bytes.len());
                bytes.truncate(at);
                (at, to)
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn damage_is_named_and_everything_else_is_read(
        sizes in proptest::collection::vec(0..3000_usize, 1..12), wound in wound(),
    ) {
        let disk = PowerDisk::new();
        let log = open_rotating(&disk, Position::START, ROTATE_AT).0;
        let mut kept = BTreeMap::new();
        for (n, size) in (1..).zip(sizes) {
            let body = vec![n; size];
            let at = log.append(&[vec![frame(&body)]]).unwrap()[0][0];
            kept.insert(usize::try_from(at.position().offset()).unwrap(), body);
        }
        let durable = log.end();
        let mut hurt = (0, 0);
        disk.tamper(SEGMENT_1, |bytes| hurt = wound.inflict(bytes));
        let (log, opening) = open(&disk, durable);
        let untouched: Vec<_> = kept
            .into_iter()
            .filter(|(at, body)| at + frame::HEAD + body.len() <= hurt.0 || *at >= hurt.1)
            .map(|(_, body)| body)
            .collect();
        prop_assert!(!opening.damage.is_empty() && opening.cut.is_none());
        prop_assert_eq!(shown(&log).0, untouched);
    }

    #[test]
    fn a_power_cut_tears_no_batch_and_loses_none_that_was_acknowledged(
        batches in proptest::collection::vec(proptest::collection::vec(0..900_usize, 1..4), 1..12),
        cut_after in 0..40_u64, seed: u64,
    ) {
        let disk = PowerDisk::new();
        let acknowledged = until_the_disk_fails(&disk, &batches, cut_after);
        for spared in [Spared::Nothing, Spared::Some(seed), Spared::Everything] {
            let found = after_the_cut(&disk, spared);
            prop_assert!(found.is_some_and(|whole| whole >= acknowledged));
        }
    }
}

/// Commits until the change after `changes` fails for good; returns how many were acknowledged.
fn until_the_disk_fails(disk: &PowerDisk, batches: &[Vec<usize>], changes: u64) -> usize {
    let (log, _) = open(disk, Position::START);
    disk.fail(changes + 1, true, ErrorKind::Other);
    let batch = |n: usize| move |&size: &usize| frame(&vec![u8::try_from(n).unwrap(); size]);
    let commit = |(n, sizes): (usize, &Vec<usize>)| {
        log.append(&[sizes
            .iter()
            .map(batch(n + 1))
            .chain([frame(&[0])])
            .collect()])
            .is_ok()
    };
    batches
        .iter()
        .enumerate()
        .take_while(|&entry| commit(entry))
        .count()
}

/// How many whole batches lie on the disk after the cut; `None` if one is torn.
fn after_the_cut(disk: &PowerDisk, spared: Spared) -> Option<usize> {
    let (log, opening) = open(&disk.cut_power(spared), Position::START);
    let (bodies, damage) = shown(&log);
    let ends = bodies.iter().filter(|body| body.as_slice() == [0]).count();
    let whole = bodies.is_empty() || bodies.last().is_some_and(|body| body == &[0]);
    (whole && damage.is_empty() && opening.damage.is_empty()).then_some(ends)
}

#[test]
fn the_power_cut_test_notices_a_sync_that_does_nothing() {
    let disk = PowerDisk::new().whose_sync_is_a_lie();
    let acknowledged = until_the_disk_fails(&disk, &vec![vec![100]; 8], 1000);
    assert_eq!(acknowledged, 8);
    assert_ne!(after_the_cut(&disk, Spared::Nothing), Some(8));
}

#[test]
fn a_full_disk_at_any_write_loses_nothing_acknowledged() {
    for nth in 1..40 {
        let disk = PowerDisk::new();
        let (log, _) = open(&disk, Position::START);
        disk.fail(nth, false, ErrorKind::StorageFull);
        let mut kept = Vec::new();
        for n in 0..14_u8 {
            let body = vec![n; 700];
            if log.append(&[vec![frame(&body)]]).is_ok() {
                kept.push(body);
            }
        }
        assert!(
            kept.len() >= 12 || matches!(log.append(&[vec![frame(&[])]]), Err(StoreError::Stopped))
        );
        assert_eq!(shown(&log).0, kept);
        let (log, opening) = open(&disk, log.end());
        assert_eq!((opening, shown(&log).0), (Opening::default(), kept));
    }
}
