use proptest::prelude::*;

use super::*;

#[test]
fn concurrent_values_are_shown_equal_on_both_sides_until_somebody_chooses() {
    let (mut a, mut b) = (Document::new(year()), Document::new(year()));
    let made = edit(&mut a, 1, &[create(1, &[("lot", "A"), ("note", "x")])]);
    apply(&mut b, 1, &made).unwrap();
    let from_a = edit(
        &mut a,
        1,
        &[put(1, "lot", "B"), put(1, "note", Value::Null)],
    );
    let from_b = edit(&mut b, 2, &[put(1, "lot", "C"), put(1, "note", "y")]);
    apply(&mut a, 2, &from_b).unwrap();
    apply(&mut b, 1, &from_a).unwrap();
    assert_eq!(records(&a), records(&b));
    assert_eq!(a.heads(), b.heads());
    assert_eq!(values(&a, 1, "lot"), ["B".into(), "C".into()]);
    assert_eq!(values(&a, 1, "note"), [Value::Null, "y".into()]);
    assert!(records(&a)[0].has_conflict());
    let chosen = edit(
        &mut a,
        1,
        &[put(1, "lot", "C"), put(1, "note", Value::Null)],
    );
    apply(&mut b, 1, &chosen).unwrap();
    assert_eq!(values(&b, 1, "lot"), ["C".into()]);
    assert!(!records(&b)[0].has_conflict());
    assert_sound(&mut b);
}

#[test]
fn the_same_value_written_twice_is_no_conflict() {
    let (mut a, mut b) = (Document::new(year()), Document::new(year()));
    let made = edit(&mut a, 1, &[create(1, &[("lot", "A")])]);
    apply(&mut b, 1, &made).unwrap();
    edit(&mut a, 1, &[put(1, "lot", "B")]);
    let from_b = edit(&mut b, 2, &[put(1, "lot", "B")]);
    apply(&mut a, 2, &from_b).unwrap();
    assert_eq!(values(&a, 1, "lot"), ["B".into()]);
}

#[test]
fn a_record_made_twice_hides_nothing() {
    let (mut a, mut b) = (Document::new(year()), Document::new(year()));
    let from_a = edit(
        &mut a,
        1,
        &[create(1, &[("lot", "A"), ("note", "only here")])],
    );
    let from_b = edit(&mut b, 2, &[create(1, &[("lot", "B")])]);
    apply(&mut a, 2, &from_b).unwrap();
    apply(&mut b, 1, &from_a).unwrap();
    assert_eq!(records(&a), records(&b));
    assert_eq!(records(&a).len(), 1);
    assert_eq!(values(&a, 1, "lot"), ["A".into(), "B".into()]);
    assert_eq!(values(&a, 1, "note"), ["only here".into()]);
    let chosen = edit(&mut a, 1, &[put(1, "lot", "A")]);
    apply(&mut b, 1, &chosen).unwrap();
    assert_eq!(values(&b, 1, "lot"), ["A".into()]);
    assert_eq!(values(&b, 1, "note"), ["only here".into()]);
    assert_sound(&mut a);
}

#[test]
fn what_a_feed_made_alone_is_judged_alike_before_and_after_others_arrive() {
    let (mut a, mut b) = (Document::new(year()), Document::new(year()));
    let first = edit(&mut a, 1, &[create(1, &[("a", "1")])]);
    let second = edit(&mut a, 1, &[put(1, "a", "2")]);
    let other = edit(&mut b, 2, &[create(1, &[("a", "9")]), create(2, &[])]);
    let mut orders = vec![
        vec![(1, &first), (1, &second), (2, &other)],
        vec![(1, &first), (2, &other), (1, &second)],
        vec![(2, &other), (1, &first), (1, &second)],
    ];
    let shown = orders.drain(..).map(|order| {
        let mut document = Document::new(year());
        for (author, change) in order {
            apply(&mut document, author, change).unwrap();
        }
        records(&document)
    });
    let shown: Vec<_> = shown.collect();
    assert!(shown.windows(2).all(|pair| pair[0] == pair[1]));
}

/// One step of a device in a family of three.
#[derive(Debug, Clone)]
enum Step {
    Create(u128, Value),
    Put(u128, u8, Value),
    Hear(u8),
}

fn step() -> impl Strategy<Value = (u8, Step)> {
    let value = || {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            "[a-c日]{0,3}".prop_map(Value::Text),
        ]
    };
    let step = prop_oneof![
        (0_u128..4, value()).prop_map(|(record, value)| Step::Create(record, value)),
        (0_u128..4, 0_u8..3, value())
            .prop_map(|(record, key, value)| Step::Put(record, key, value)),
        (0_u8..3).prop_map(Step::Hear),
    ];
    (0_u8..3, step)
}

/// Plays the steps; returns the devices, every change with its author, and how much each heard.
fn play(steps: Vec<(u8, Step)>) -> (Vec<Document>, Vec<(FeedId, Vec<u8>)>) {
    let mut devices: Vec<Document> = (0..3).map(|_| Document::new(year())).collect();
    let mut log: Vec<(u8, Vec<u8>)> = Vec::new();
    for (at, step) in steps {
        let device = &mut devices[usize::from(at)];
        let edits = match step {
            Step::Create(record, value) => {
                vec![Edit::Create {
                    uuid: uuid(record),
                    fields: [("f0".into(), value)].into(),
                }]
            }
            Step::Put(record, key, value) => vec![put(record, &format!("f{key}"), value)],
            Step::Hear(from) => {
                // Changes of one device arrive in order; those that wait for others are not ready.
                for (author, change) in log.iter().filter(|(author, _)| *author == from) {
                    match apply(device, *author, change) {
                        Ok(()) | Err(Refusal::MissingDeps { .. } | Refusal::Sequence { .. }) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
                continue;
            }
        };
        // Refused where the record is there already, or not yet.
        if let Ok(change) = device.edit(feed(at), &edits) {
            log.push((at, change));
        }
    }
    (
        devices,
        log.into_iter()
            .map(|(author, change)| (feed(author), change))
            .collect(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn merge_order_never_matters(steps in prop::collection::vec(step(), 1..40)) {
        let (mut devices, log) = play(steps);
        for device in &mut devices {
            // The order in which changes were made is a causal one.
            prop_assert!(device.apply(log.clone()).iter().all(Result::is_ok));
        }
        let [mut a, b, c] = <[Document; 3]>::try_from(devices).unwrap();
        prop_assert_eq!(a.heads(), b.heads());
        prop_assert_eq!(b.heads(), c.heads());
        prop_assert_eq!(records(&a), records(&b));
        prop_assert_eq!(records(&b), records(&c));
        let mut one_by_one = Document::new(year());
        for change in log {
            prop_assert!(one_by_one.apply(vec![change])[0].is_ok());
        }
        prop_assert_eq!(records(&a), records(&one_by_one));
        assert_sound(&mut a);
    }
}
