use crate::doc::{DeriveError, IssuedFacts, IssuerDocument, Snapshot};
use techo_health::Value;

const ISSUER: [u8; 32] = [0x11; 32];
const BINDING: [u8; 32] = [0x22; 32];

type Groups = Vec<(&'static str, Vec<(String, String)>)>;

fn groups(index: u64) -> Groups {
    let pair = |key: &str, text: &str| (key.to_owned(), text.to_owned());
    vec![
        (
            "who",
            vec![pair("birth_date", "2026-04-03"), pair("name", "手帳 花子")],
        ),
        (
            "what",
            vec![pair("kind", "vaccination"), pair("vaccine", "JE")],
        ),
        ("where", vec![pair("lot", &format!("AB{index}"))]),
    ]
}

fn facts(index: u64, groups: &Groups) -> IssuedFacts<'_> {
    IssuedFacts {
        index,
        kind: u8::from(index == 1),
        supersedes: (index == 1).then_some(0),
        issued_at: 1_795_000_000_000 + index,
        entry: [u8::try_from(index % 256).unwrap(); 32],
        groups,
    }
}

fn document(entries: u64) -> IssuerDocument {
    let mut document = IssuerDocument::new(&ISSUER, &BINDING);
    for index in 0..entries {
        document.append(&[facts(index, &groups(index))]).unwrap();
    }
    document
}

#[test]
fn entries_are_read_back_by_index() {
    let records: Vec<_> = document(3).records().collect();
    assert_eq!(
        records.iter().map(|r| r.index).collect::<Vec<_>>(),
        [0, 1, 2]
    );
    let second = &records[1].fields;
    assert_eq!(second["kind"], Value::Int(1));
    assert_eq!(second["supersedes"], Value::Int(0));
    assert_eq!(second["issued_at"], Value::Int(1_795_000_000_001));
    assert_eq!(second["entry"], Value::from("01".repeat(32)));
    assert_eq!(second["what/vaccine"], "JE".into());
    assert_eq!(second["who/name"], "手帳 花子".into());
    assert_eq!(second["where/lot"], "AB1".into());
    assert!(!records[0].fields.contains_key("supersedes"));
}

#[test]
fn two_devices_derive_the_same_bytes_however_they_batch() {
    let one_by_one = document(40);
    let all: Vec<Groups> = (0..40).map(groups).collect();
    let entries: Vec<_> = (0..)
        .zip(&all)
        .map(|(index, groups)| facts(index, groups))
        .collect();
    let mut at_once = IssuerDocument::new(&ISSUER, &BINDING);
    at_once.append(&entries[..7]).unwrap();
    let mut at_once = IssuerDocument::load(&ISSUER, &BINDING, &at_once.save().unwrap()).unwrap();
    at_once.append(&entries[7..]).unwrap();
    assert_eq!(one_by_one.heads(), at_once.heads());
    assert_eq!(one_by_one.save().unwrap(), at_once.save().unwrap());
    let other = IssuerDocument::new(&ISSUER, &[0x23; 32]);
    assert_eq!(other.heads(), []);
}

/// Never edited: another layout is another derivation version.
#[test]
fn derivation_version_1_gives_these_bytes() {
    let document = document(2);
    assert_eq!(document.heads()[0].to_string(), GOLDEN_HEAD);
    let saved = document.changes();
    assert_eq!(
        data_encoding::HEXLOWER.encode(&saved),
        GOLDEN_CHANGES.replace(['\n', ' '], "")
    );
}

#[test]
fn entries_come_one_after_the_other_or_not_at_all() {
    let mut document = document(1);
    let heads = document.heads();
    let groups = groups(0);
    for index in [0, 2] {
        let refused = document.append(&[facts(index, &groups)]);
        assert_eq!(
            refused,
            Err(DeriveError::OutOfOrder {
                expected: 1,
                got: index
            })
        );
    }
    let gap = [facts(1, &groups), facts(3, &groups)];
    assert!(document.append(&gap).is_err());
    let repeated: Groups = vec![(
        "what",
        vec![("a".into(), "x".into()), ("a".into(), "y".into())],
    )];
    assert_eq!(
        document.append(&[facts(1, &repeated)]),
        Err(DeriveError::Layout)
    );
    let huge = IssuedFacts {
        issued_at: u64::MAX,
        ..facts(1, &groups)
    };
    assert_eq!(document.append(&[huge]), Err(DeriveError::Layout));
    assert_eq!((document.len(), document.heads()), (1, heads));
    document.append(&[facts(1, &groups)]).unwrap();
}

#[test]
fn a_saved_document_belongs_to_its_issuer_and_binding() {
    let snapshot = document(2).save().unwrap();
    assert_eq!(
        IssuerDocument::load(&ISSUER, &BINDING, &snapshot)
            .unwrap()
            .len(),
        2
    );
    let damaged = |issuer, binding, snapshot: &Snapshot| {
        IssuerDocument::load(issuer, binding, snapshot).map(|_| ()) == Err(DeriveError::Damaged)
    };
    assert!(damaged(&BINDING, &BINDING, &snapshot));
    let older = Snapshot {
        bytes: document(1).save().unwrap().bytes,
        ..snapshot.clone()
    };
    assert!(damaged(&ISSUER, &BINDING, &older));
    let empty = IssuerDocument::new(&ISSUER, &BINDING).save().unwrap();
    assert!(
        IssuerDocument::load(&ISSUER, &BINDING, &empty)
            .unwrap()
            .is_empty()
    );
}

const GOLDEN_HEAD: &str = "uh7kkajapv3ivrfborjd5q6saqldybgdbfyrm2dsd2afeyzm3onq";
const GOLDEN_CHANGES: &str = "
    856f4a834815c41101990200109a7b54fe6ed6d3ba11230114ddffee6a01010000000801040204156534014204560f57
    6e70020001090000010901760a30303030303030303030046b696e640a73757065727365646573096973737565645f61
    7405656e7472790e77686f2f62697274685f646174650877686f2f6e616d6509776861742f6b696e640c776861742f76
    616363696e650977686572652f6c6f740a7f00090176001400648608a601d601b60126360080bcd9f29e343030303030
    303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030
    3030303030303030303030323032362d30342d3033e6898be5b8b320e88ab1e5ad9076616363696e6174696f6e4a4541
    42300a00856f4a83a1fea50101bb02014815c41187ecdcd64a4093476dfb22b498898a9f8bd1ec11f16df61648d3417b
    109a7b54fe6ed6d3ba11230114ddffee6a020b00000008010402041565340142045610576f7002000109000001090b76
    0a30303030303030303031046b696e640a73757065727365646573096973737565645f617405656e7472790e77686f2f
    62697274685f646174650877686f2f6e616d6509776861742f6b696e640c776861742f76616363696e65097768657265
    2f6c6f740a7f0009017f00021479648608a601d601b6012636010081bcd9f29e34303130313031303130313031303130
    313031303130313031303130313031303130313031303130313031303130313031303130313031303130313031303130
    31323032362d30342d3033e6898be5b8b320e88ab1e5ad9076616363696e6174696f6e4a454142310a00
";
