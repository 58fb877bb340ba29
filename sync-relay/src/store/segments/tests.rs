use super::*;
use proptest::prelude::*;

fn body<'a>(key: &'a [u8], value: &'a [u8]) -> Frame<'a> {
    Frame {
        kind: Kind::Body,
        key,
        value,
    }
}

fn open(dir: &Path) -> Segments {
    Segments::open(dir, 4_096, None).unwrap()
}

fn keys(segments: &Segments) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    for segment in segments.numbers().unwrap() {
        let start = Position { segment, offset: 0 };
        let mut each = |_: Place, frame: Frame<'_>, _: bool| {
            keys.push(frame.key.to_vec());
            Ok(())
        };
        segments.scan(start, &mut each).unwrap();
    }
    keys
}

fn file(dir: &Path) -> PathBuf {
    files::path(dir, 1)
}

/// Makes every write to the last segment fail, and every attempt to take one back.
pub(crate) fn spoil(segments: &Segments) {
    let number = segments.reached().segment;
    let salt = segments.segment(number).unwrap().salt;
    let file = std::fs::File::open(files::path(&segments.dir, number)).unwrap();
    let mut open = segments.open.lock().unwrap();
    open.retain(|(known, _)| *known != number);
    open.push_back((number, Arc::new(Segment { file, salt })));
}

#[test]
fn segments_follow_one_another_and_frames_are_found_where_they_lie() {
    let dir = tempfile::tempdir().unwrap();
    let mut places = Vec::new();
    for n in 0..20u8 {
        let segments = open(dir.path());
        let value = vec![n; 700];
        let key = [n; 3];
        let found = segments.append(&[body(&key, &value)]).unwrap();
        places.extend(found.into_iter().map(|place| (place, key, value.clone())));
    }
    let segments = open(dir.path());
    assert_eq!(segments.numbers().unwrap(), [1, 2, 3, 4]);
    for (place, key, value) in places {
        assert_eq!(segments.read(place, &key).unwrap(), Some(value));
        assert_eq!(segments.read(place, b"other").unwrap(), None);
    }
    assert_eq!(keys(&segments).len(), 20);
}

#[test]
fn damage_takes_one_frame_and_not_those_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    let places = open(dir.path())
        .append(&[
            body(b"a", &[1; 50]),
            body(b"b", &[2; 50]),
            body(b"c", &[3; 50]),
        ])
        .unwrap();
    let mut bytes = std::fs::read(file(dir.path())).unwrap();
    bytes[places[1].start.offset as usize + 3] ^= 1;
    std::fs::write(file(dir.path()), bytes).unwrap();
    let segments = open(dir.path());
    assert_eq!(keys(&segments), [b"a", b"c"]);
    assert_eq!(segments.read(places[1], b"b").unwrap(), None);
    assert_eq!(segments.read(places[2], b"c").unwrap(), Some(vec![3; 50]));
}

#[test]
fn a_value_that_looks_like_a_frame_is_none_even_where_the_log_is_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let mut forged = Vec::new();
    let salt = frame::Salt([0; 16]);
    frame::encode(&body(b"forged", b"x"), false, salt, &mut forged).unwrap();
    let segments = open(dir.path());
    let places = segments.append(&[body(b"a", &forged)]).unwrap();
    segments.append(&[body(b"b", b"y")]).unwrap();
    let mut bytes = std::fs::read(file(dir.path())).unwrap();
    bytes[places[0].start.offset as usize] ^= 1;
    std::fs::write(file(dir.path()), bytes).unwrap();
    assert_eq!(keys(&open(dir.path())), [b"b"]);
}

#[test]
fn what_a_failed_write_left_behind_does_not_count() {
    let dir = tempfile::tempdir().unwrap();
    let segments = open(dir.path());
    segments.append(&[body(b"a", b"x")]).unwrap();
    let sure = segments.reached();
    segments.append(&[body(b"b", b"y")]).unwrap();
    drop(segments);
    let segments = Segments::open(dir.path(), 4_096, Some(sure)).unwrap();
    assert_eq!(keys(&segments), [b"a"]);
}

#[test]
fn a_segment_without_its_header_is_passed_over_and_its_number_not_used_again() {
    for length in [0, 10, 32, 100] {
        let dir = tempfile::tempdir().unwrap();
        open(dir.path()).append(&[body(b"a", &[1; 99])]).unwrap();
        let bytes = vec![7; length];
        std::fs::write(file(dir.path()), bytes).unwrap();
        let segments = open(dir.path());
        segments.append(&[body(b"b", b"y")]).unwrap();
        assert_eq!(segments.reached().segment, 2);
        assert_eq!(keys(&segments), [b"b"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]
    #[test]
    fn a_torn_end_takes_whole_batches_and_only_those_that_it_reaches(
        sizes in proptest::collection::vec(1..5_usize, 1..6), cut: prop::sample::Index, junk: bool,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let segments = Segments::open(dir.path(), u32::MAX, None).unwrap();
        let (mut ends, mut written) = (Vec::new(), 0_u8);
        for size in sizes {
            let keys: Vec<[u8; 1]> = (0..size).map(|_| { written += 1; [written] }).collect();
            let batch: Vec<_> = keys.iter().map(|key| body(key, &[9; 30])).collect();
            segments.append(&batch).unwrap();
            ends.push((segments.reached().offset as usize, written));
        }
        drop(segments);
        let mut bytes = std::fs::read(file(dir.path())).unwrap();
        let kept = files::HEADER + cut.index(bytes.len() - files::HEADER + 1);
        bytes.truncate(kept);
        if junk {
            bytes.extend([b'T'; 40]);
        }
        std::fs::write(file(dir.path()), bytes).unwrap();
        let left = ends.iter().rev().find(|(end, _)| *end <= kept).map_or(0, |(_, n)| *n);
        for _ in 0..2 {
            let segments = open(dir.path());
            let expected: Vec<Vec<u8>> = (1..=left).map(|n| vec![n]).collect();
            prop_assert_eq!(keys(&segments), expected);
        }
    }
}
