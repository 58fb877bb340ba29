use std::path::PathBuf;
use std::sync::LazyLock;

use techo_client::{Client, InboxEvent, ProveKey};
use techo_jpki::simulated::{Holder, LeafProfile, SimulatedAuthority, SimulatedCard, Validity};
use techo_jpki::{
    Attributes, Bundle, Child, EnrolmentStatement, Refusal, Revocation, StatementPlan, consent,
};
use techo_relay::{Config, Relay, RunningRelay};
use techo_vault::crypto::SealKey;
use techo_vault::issued::{
    Acceptance, BindingId, EnrolmentTerms, InboxDescriptor, IssuedBook, IssuedKind, IssuerOnlyKey,
    IssuerPayload, RebindPlan, feed_key_hash, seal_enrolment, seal_rebind,
};
use techo_wire::{Label, RelayAddress, RelayKey, Role};

use super::*;
use crate::{EnrolAnswer, EnrolRefusal, PublishReport, Register, RejectionReason, ReviewReason};

/// 2026-11-22 in Japan.
pub(super) const NOW: u64 = 1_795_300_000_000;
pub(super) const REGISTER: &[u8] = include_bytes!("../../examples/register.csv");
pub(super) const EXPORT: &[u8] = include_bytes!("../../examples/export.csv");
pub(super) const CORRECTION: &[u8] = include_bytes!("../../examples/correction.csv");
const ADDRESS: &str = "見本県見本市架空町1丁目2番3号";

/// Made once: RSA keys take their time.
pub(super) static AUTHORITY: LazyLock<SimulatedAuthority> =
    LazyLock::new(|| SimulatedAuthority::generate(&SimulatedPki::acknowledge(), NOW).unwrap());
pub(super) static MOTHER: LazyLock<SimulatedCard> =
    LazyLock::new(|| card("見本　はな子", "1990-04-12", 2));

pub(super) static FATHER: LazyLock<SimulatedCard> =
    LazyLock::new(|| card("見本　たろう", "1988-11-03", 1));

pub(super) struct Office {
    pub(super) _dir: tempfile::TempDir,
    pub(super) path: PathBuf,
    pub(super) city: City,
    pub(super) register: Register,
    /// What the clock says.
    pub(super) now: u64,
}

pub(super) fn passphrase() -> Passphrase {
    Passphrase::new("町役場の合言葉".to_owned())
}

pub(super) fn office() -> Office {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("city");
    let acknowledged = SimulatedPki::acknowledge();
    let roots = vec![AUTHORITY.root().unwrap()];
    let plan = CityPlan {
        name: "見本市",
        code: "999999",
        passphrase: &passphrase(),
        root_passphrase: &Passphrase::new("金庫の合言葉".to_owned()),
        cost: Cost::FLOOR,
        pki: IssuerPki::Simulated {
            acknowledged,
            roots,
        },
    };
    let city = City::init(&path, &plan, NOW).unwrap();
    let register = Register::from_csv(REGISTER).unwrap();
    Office {
        _dir: dir,
        path,
        city,
        register,
        now: NOW,
    }
}

/// A family's side of one enrolment.
pub(super) struct Family {
    feed: SealKey,
    inbox: SigningKey,
    proof: [u8; 32],
    handle: [u8; 32],
    relay: RelayAddress,
}

fn family_at(relay: RelayAddress) -> Family {
    Family {
        feed: SealKey::generate(&mut rng()),
        inbox: SigningKey::generate(&mut rng()),
        proof: random(),
        handle: random(),
        relay,
    }
}

pub(super) fn family() -> Family {
    family_at(RelayAddress::new("localhost", 4433, RelayKey::from_bytes([9; 32])).unwrap())
}

impl Family {
    fn descriptor(&self) -> InboxDescriptor {
        InboxDescriptor::new(self.relay.clone(), self.inbox.inbox())
    }

    /// The same key, and everything else anew: what a device keeps when it asks for other keys.
    pub(super) fn renewed(&self) -> Self {
        Self {
            proof: self.proof,
            ..family()
        }
    }

    pub(super) fn rebind(&self, office: &Office, follows: BindingId, sequence: u64) -> String {
        let plan = RebindPlan {
            follows,
            sequence,
            handle: techo_vault::book::EnrolmentHandle::from_bytes(self.handle),
            feed: self.feed.public(),
            inbox: self.descriptor(),
        };
        let key = SigningKey::from_seed(&self.proof);
        let keys = office.city.issuer_file().latest().unwrap();
        seal_rebind(&mut rng(), keys, &key, &plan).unwrap()
    }

    fn issuer_only(&self) -> [u8; 32] {
        SigningKey::from_seed(&self.proof).public()
    }

    pub(super) fn terms(&self) -> EnrolmentTerms {
        EnrolmentTerms {
            handle: techo_vault::book::EnrolmentHandle::from_bytes(self.handle),
            issuer_only_key: IssuerOnlyKey::from_bytes(self.issuer_only()),
            feed_key: feed_key_hash(self.feed.public().as_bytes()),
            inbox_descriptor: self.descriptor().hash(),
        }
    }

    pub(super) fn request(
        &self,
        office: &Office,
        nonce: &NonceFile,
        card: &SimulatedCard,
        child: Option<&Child>,
    ) -> String {
        self.request_following(office, nonce, (card, child), None)
    }

    /// A request that wants to continue an earlier binding.
    pub(super) fn request_following(
        &self,
        office: &Office,
        nonce: &NonceFile,
        (card, child): (&SimulatedCard, Option<&Child>),
        follows: Option<BindingId>,
    ) -> String {
        let feed = self.feed.public().as_bytes().to_vec();
        let descriptor = self.descriptor().to_bytes();
        let statement = EnrolmentStatement::new(&StatementPlan {
            city_code: "999999",
            issuer: *nonce.issuer(),
            handle: self.handle,
            issuer_only_key: self.issuer_only(),
            feed_key: &feed,
            inbox_descriptor: &descriptor,
            child,
            nonce: *nonce.nonce(),
            consent: consent::JAPANESE,
            now: office.now,
        })
        .following(follows.map(BindingId::to_bytes));
        let bundle =
            Bundle::sign_with_seed(&statement, card, &self.proof, &feed, &descriptor, child);
        let keys = office.city.issuer_file().latest().unwrap();
        seal_enrolment(&mut rng(), keys, &bundle.unwrap().to_bytes()).unwrap()
    }
}

pub(super) fn card(name: &str, birth: &str, gender: u8) -> SimulatedCard {
    let holder = Holder::new(name, birth, gender, "見本県見本市架空町１丁目２番３号");
    let profile = LeafProfile::genuine(holder, Validity::five_years(NOW));
    AUTHORITY.issue(&profile).unwrap()
}

pub(super) fn sakura() -> Child {
    Child {
        salt: random(),
        attributes: Attributes {
            name: "見本さくら".into(),
            birth_date: "2024-05-06".into(),
            gender: 2,
            address: ADDRESS.into(),
        },
    }
}

pub(super) fn enrol_child(office: &mut Office, family: &Family) -> BindingId {
    let nonce = office.city.nonce(NOW).unwrap();
    let request = family.request(office, &nonce, &MOTHER, Some(&sakura()));
    match office.city.enrol(NOW, &request, &office.register).unwrap() {
        EnrolAnswer::Bound {
            binding, resident, ..
        } => {
            assert_eq!(resident, "1000003");
            binding
        }
        other => panic!("{other:?}"),
    }
}

fn reasons(report: &PublishReport) -> Vec<(u64, RejectionReason)> {
    report
        .rejected
        .iter()
        .map(|r| (r.line, r.reason.clone()))
        .collect()
}

/// What a family holds once everything was delivered, without a relay.
pub(super) fn held(office: &Office, family: &Family, binding: BindingId) -> IssuedBook {
    let state = &office.city.state.bindings[&binding];
    let verified = state
        .bound
        .binding
        .verify(&office.city.file, &family.terms())
        .unwrap();
    let mut book = IssuedBook::new(verified);
    for entry in state.pending.values() {
        book.accept(&office.city.file, entry).unwrap();
    }
    book
}

#[test]
fn a_city_opens_again_with_its_passphrase_only_and_once_at_a_time() {
    let office = office();
    assert!(matches!(
        City::open(&office.path, &passphrase()),
        Err(CityError::InUse)
    ));
    let issuer = office.city.issuer_file().clone();
    let Office {
        _dir: dir,
        path,
        city,
        ..
    } = office;
    drop(city);
    let wrong = City::open(&path, &Passphrase::new("違う".to_owned()));
    assert!(matches!(wrong, Err(CityError::Passphrase(_))));
    let again = City::open(&path, &passphrase()).unwrap();
    assert_eq!(again.issuer_file(), &issuer);
    assert!(again.status(NOW).simulated);
    assert!(matches!(
        City::open(dir.path(), &passphrase()),
        Err(CityError::NotACity(_))
    ));
}

#[test]
fn a_new_entry_key_needs_the_root_and_leaves_the_journal_readable() {
    let mut office = office();
    let root = office.city.root_key().unwrap();
    let wrong = office
        .city
        .renew_key(&root, &passphrase(), NOW)
        .unwrap_err();
    assert!(matches!(wrong, CityError::Passphrase(_)));
    let vault = Passphrase::new("金庫の合言葉".to_owned());
    let before = office.city.issuer_file().clone();
    office.city.nonce(NOW).unwrap();
    assert_eq!(office.city.renew_key(&root, &vault, NOW).unwrap(), 2);
    let family = family();
    let binding = enrol_child(&mut office, &family);
    let Err(CityError::Undelivered) = office.city.renew_key(&root, &vault, NOW) else {
        panic!()
    };
    office.city.publish(NOW, EXPORT, "export.csv").unwrap();
    assert_eq!(held(&office, &family, binding).entries().len(), 7);
    let Office {
        _dir, path, city, ..
    } = office;
    drop(city);
    let city = City::open(&path, &passphrase()).unwrap();
    let status = city.status(NOW);
    assert_eq!(
        (status.key_set, status.issued, status.open_nonces),
        (2, 7, 1)
    );
    let mut pinned = before;
    let newest = city.issuer_file().latest().unwrap().signed().clone();
    assert_eq!(
        pinned.adopt(&newest),
        Ok(true),
        "who pinned the issuer before can follow"
    );
    assert_eq!(pinned.id(), city.issuer_file().id());
}

#[test]
fn a_city_for_real_residents_trusts_no_simulated_card() {
    let mut office = office();
    let dir = tempfile::tempdir().unwrap();
    let plan = CityPlan {
        name: "見本市",
        code: "999999",
        passphrase: &passphrase(),
        root_passphrase: &passphrase(),
        cost: Cost::FLOOR,
        pki: IssuerPki::Production,
    };
    drop(City::init(dir.path(), &plan, NOW).unwrap());
    office.city = City::open(dir.path(), &passphrase()).unwrap();
    assert!(!office.city.status(NOW).simulated);
    let nonce = office.city.nonce(NOW).unwrap();
    let request = family().request(&office, &nonce, &MOTHER, None);
    let answer = office.city.enrol(NOW, &request, &office.register).unwrap();
    let untrusted = EnrolRefusal::Evidence(Refusal::UntrustedIssuer);
    assert_eq!(answer, EnrolAnswer::Refused(untrusted));
}

#[test]
fn a_guardian_enrols_a_child_once_and_every_answer_says_simulated() {
    let mut office = office();
    let family = family();
    let nonce = office.city.nonce(NOW).unwrap();
    let request = family.request(&office, &nonce, &MOTHER, Some(&sakura()));
    let first = office.city.enrol(NOW, &request, &office.register).unwrap();
    let EnrolAnswer::Bound {
        binding,
        simulated: true,
        repeated: false,
        ..
    } = first
    else {
        panic!("{first:?}")
    };
    let EnrolAnswer::Bound {
        environment,
        revocation,
        ..
    } = &first
    else {
        panic!()
    };
    assert_eq!(environment.to_string(), "SIMULATED-JPKI-NOT-GENUINE");
    assert_eq!(*revocation, Revocation::NotChecked);
    let again = office.city.enrol(NOW, &request, &office.register).unwrap();
    let EnrolAnswer::Bound {
        binding: same,
        repeated: true,
        ..
    } = again
    else {
        panic!("{again:?}")
    };
    assert_eq!(same, binding);
    let book = held(&office, &family, binding);
    assert!(book.binding().is_simulated());
    assert_eq!(book.binding().relation(), 1);
    assert_eq!(book.binding().revocation_checked_at(), None);
    assert!(book.binding().not_after() > NOW);
}

#[test]
fn a_nonce_serves_once_and_ten_minutes_even_after_a_restart() {
    let mut office = office();
    let nonce = office.city.nonce(NOW).unwrap();
    let card = card("見本　はな子", "1990-04-12", 1);
    let wrong = family().request(&office, &nonce, &card, None);
    let answer = office.city.enrol(NOW, &wrong, &office.register).unwrap();
    assert_eq!(answer, EnrolAnswer::Review(ReviewReason::NotInRegister));
    let right = family().request(&office, &nonce, &MOTHER, None);
    let old = office.city.nonce(NOW).unwrap();
    let late = family().request(&office, &old, &MOTHER, None);
    let Office {
        _dir,
        path,
        city,
        register,
        ..
    } = office;
    drop(city);
    let mut city = City::open(&path, &passphrase()).unwrap();
    let refused = |refusal| EnrolAnswer::Refused(EnrolRefusal::Evidence(refusal));
    assert_eq!(
        city.enrol(NOW, &right, &register).unwrap(),
        refused(Refusal::Replay)
    );
    let expired = city.enrol(NOW + 600_001, &late, &register).unwrap();
    assert_eq!(expired, refused(Refusal::NonceExpired));
    assert_eq!(
        city.enrol(NOW, &late, &register).unwrap(),
        refused(Refusal::Replay)
    );
}

#[test]
fn who_is_not_in_the_register_or_no_guardian_is_for_a_person_to_decide() {
    let mut office = office();
    let stranger = {
        let holder = Holder::new("例示みどり", "1993-01-30", 2, "見本県見本市例示町4番5号");
        let profile = LeafProfile::genuine(holder, Validity::five_years(NOW));
        AUTHORITY.issue(&profile).unwrap()
    };
    let nonce = office.city.nonce(NOW).unwrap();
    let request = family().request(&office, &nonce, &stranger, Some(&sakura()));
    let answer = office.city.enrol(NOW, &request, &office.register).unwrap();
    assert_eq!(answer, EnrolAnswer::Review(ReviewReason::NotGuardian));
    let answer = office
        .city
        .enrol(NOW, "techo-enrolment-v1\nAAAA\n", &office.register)
        .unwrap();
    assert_eq!(answer, EnrolAnswer::Refused(EnrolRefusal::NotOpened));
    assert_eq!(office.city.status(NOW).bindings, 0);
}

#[test]
fn a_my_number_in_a_childs_name_or_address_is_refused_and_nothing_is_kept() {
    let mut office = office();
    for (name, address) in [
        ("見本さくら123456789018", ADDRESS),
        ("見本さくら", "見本市1234-5678-9018"),
        ("見本さくら", "一二三四五六七八九〇一八"),
    ] {
        let mut child = sakura();
        child.attributes.name = name.into();
        child.attributes.address = address.into();
        let nonce = office.city.nonce(NOW).unwrap();
        let request = family().request(&office, &nonce, &MOTHER, Some(&child));
        let answer = office.city.enrol(NOW, &request, &office.register).unwrap();
        let refused = EnrolRefusal::Evidence(Refusal::Attributes);
        assert_eq!(answer, EnrolAnswer::Refused(refused));
    }
    let status = office.city.status(NOW);
    assert_eq!((status.review, status.waiting, status.bindings), (0, 0, 0));
}

#[test]
fn a_my_number_in_any_column_of_an_export_or_register_is_refused() {
    let mut office = office();
    enrol_child(&mut office, &family());
    let columns = crate::row::columns();
    for column in &columns {
        let other = if column.name == "resident_id" {
            "date"
        } else {
            "resident_id"
        };
        let csv = format!(
            "{},{other},vaccine\n１２３４-５６７８-９０１８,1000003,MR\n",
            column.name
        );
        let csv = csv.replace("vaccine,resident_id,vaccine", "vaccine,resident_id,note");
        match office.city.publish(NOW, csv.as_bytes(), "hidden.csv") {
            Ok(report) => {
                assert_eq!(report.issued, 0, "{}", column.name);
                let hidden = (2, RejectionReason::MyNumber);
                assert_eq!(reasons(&report), [hidden], "{}", column.name);
            }
            Err(error) => assert!(matches!(error, CityError::Sheet(_)), "{}", column.name),
        }
    }
    let cells = ["4", "試験", "1990-01-02", "2", "見本市", "1"];
    for column in 0..cells.len() {
        let mut cells = cells.map(str::to_owned);
        cells[column] += " 1234\u{200b}56789018";
        let header = std::str::from_utf8(REGISTER)
            .unwrap()
            .lines()
            .next()
            .unwrap();
        let csv = format!("{header}\n{}\n", cells.join(","));
        let error = Register::from_csv(csv.as_bytes()).unwrap_err();
        let CityError::Register(fault) = error else {
            panic!("{error:?}")
        };
        assert_eq!((fault.line, fault.column), (2, Some("my_number")));
    }
}

#[test]
fn the_same_file_issues_once_in_either_encoding_and_after_a_restart() {
    let mut office = office();
    let family = family();
    let binding = enrol_child(&mut office, &family);
    let report = office.city.publish(NOW, EXPORT, "export.csv").unwrap();
    assert_eq!((report.issued, report.already), (7, 0));
    assert_eq!(reasons(&report), [(9, RejectionReason::NobodyBound)]);
    assert_eq!(report.rejected[0].file, "export.csv");
    let text = std::str::from_utf8(EXPORT).unwrap();
    let (sjis, _, lossy) = encoding_rs::SHIFT_JIS.encode(text);
    assert!(!lossy);
    let with_mark = [b"\xef\xbb\xbf", EXPORT].concat();
    for same in [&sjis[..], &with_mark] {
        let report = office.city.publish(NOW, same, "export.csv").unwrap();
        assert_eq!((report.issued, report.already), (0, 7));
    }
    let book = held(&office, &family, binding);
    let record = book.records()[0]
        .current()
        .unwrap()
        .groups()
        .record()
        .unwrap();
    let techo_health::Record::Vaccination(dose) = record else {
        panic!()
    };
    assert_eq!(dose.vaccine.as_str(), "DPTIPVHib");
    assert_eq!(dose.lot.as_deref(), Some("MH5A-2417"));
    let groups = book.records()[6].current().unwrap().groups().clone();
    assert_eq!(groups.what.text("checkup"), Some("18m"));
    assert_eq!(groups.what.text("findings/weight_kg"), Some("10.4"));
    assert_eq!(
        groups.what.text("note"),
        Some("次回は3歳,持ち物は母子健康手帳")
    );
    assert_eq!(groups.who.text("name"), Some("見本　さくら"));
    assert_eq!(groups.place.text("facility"), Some("見本市保健センター"));
    let Office {
        _dir, path, city, ..
    } = office;
    drop(city);
    let mut city = City::open(&path, &passphrase()).unwrap();
    let report = city.publish(NOW, EXPORT, "export.csv").unwrap();
    assert_eq!((report.issued, report.already), (0, 7));
    assert_eq!(city.status(NOW).issued, 7);
}

#[test]
fn a_family_bound_later_gets_what_was_published_before() {
    let mut office = office();
    enrol_child(&mut office, &family());
    office.city.publish(NOW, EXPORT, "export.csv").unwrap();
    let nonce = office.city.nonce(NOW).unwrap();
    let request = family().request(&office, &nonce, &FATHER, Some(&sakura()));
    let answer = office.city.enrol(NOW, &request, &office.register).unwrap();
    assert!(matches!(answer, EnrolAnswer::Bound { ended: 0, .. }));
    let report = office.city.publish(NOW, EXPORT, "export.csv").unwrap();
    assert_eq!((report.issued, report.already), (7, 7));
}

#[test]
fn a_correction_supersedes_and_a_changed_line_is_not_published_over() {
    let mut office = office();
    let family = family();
    let binding = enrol_child(&mut office, &family);
    let early = office
        .city
        .correct(NOW, CORRECTION, "correction.csv")
        .unwrap();
    assert_eq!(reasons(&early), [(2, RejectionReason::NotIssued)]);
    office.city.publish(NOW, EXPORT, "export.csv").unwrap();
    let changed = office
        .city
        .publish(NOW, CORRECTION, "correction.csv")
        .unwrap();
    assert_eq!(reasons(&changed), [(2, RejectionReason::Changed)]);
    let corrected = office
        .city
        .correct(NOW, CORRECTION, "correction.csv")
        .unwrap();
    assert_eq!((corrected.issued, corrected.already), (1, 0));
    let again = office
        .city
        .correct(NOW, CORRECTION, "correction.csv")
        .unwrap();
    assert_eq!((again.issued, again.already), (0, 1));
    let book = held(&office, &family, binding);
    let record = book.record(0).unwrap();
    let lots: Vec<_> = record
        .versions()
        .map(|v| v.groups().place.text("lot").unwrap().to_owned())
        .collect();
    assert_eq!(lots, ["MH5A-2417", "MH5A-2471"]);
    let withdrawn = office
        .city
        .withdraw(NOW, CORRECTION, "correction.csv")
        .unwrap();
    assert_eq!(withdrawn.issued, 1);
    let book = held(&office, &family, binding);
    assert!(book.record(0).unwrap().current().is_none());
    let after = office
        .city
        .publish(NOW, CORRECTION, "correction.csv")
        .unwrap();
    assert_eq!(reasons(&after), [(2, RejectionReason::Withdrawn)]);
}

#[test]
fn every_bad_line_is_reported_and_the_good_ones_go_on() {
    let mut office = office();
    enrol_child(&mut office, &family());
    let header = "resident_id,vaccine,checkup,date,dose_no,lot,weight_kg,eyes,note\n";
    let lines: [(&str, Option<RejectionReason>); 14] = [
        ("1000003,MR,,2025-05-20,1,A1,,,", None),
        (
            "1000003,MR,,2025-02-30,1,A1,,,",
            Some(RejectionReason::Date),
        ),
        ("1000003,MR,,2025,1,A1,,,", Some(RejectionReason::Date)),
        (
            "1000003,MR,,2026-11-23,1,A1,,,",
            Some(RejectionReason::FutureDate),
        ),
        (
            "1000003,MR,,2024-05-05,1,A1,,,",
            Some(RejectionReason::BeforeBirth),
        ),
        (
            "1000005,MR,,2025-05-20,1,A1,,,",
            Some(RejectionReason::NobodyBound),
        ),
        (",MR,,2025-05-20,1,A1,,,", Some(RejectionReason::Resident)),
        ("1000003,,,2025-05-20,1,A1,,,", Some(RejectionReason::Kind)),
        (
            "1000003,MR,18m,2025-05-20,1,A1,,,",
            Some(RejectionReason::Kind),
        ),
        ("1000003,MR,,2025-05-20", Some(RejectionReason::Columns)),
        (
            "1000003,MR,,2025-05-21,1,A1,,,番号1234 5678 9018",
            Some(RejectionReason::MyNumber),
        ),
        (
            "1000003,MR,,2025-05-20,1,A1,10,,",
            Some(RejectionReason::NotInForm {
                column: "weight_kg",
            }),
        ),
        (
            "1000003,,18m,2025-11-18,,,10.4,異常なし,",
            Some(RejectionReason::NotInForm { column: "eyes" }),
        ),
        ("1000003,,18m,2025-11-18,,,10.4,,", None),
    ];
    let csv = lines
        .iter()
        .fold(header.to_owned(), |csv, (line, _)| csv + line + "\n");
    let report = office
        .city
        .publish(NOW, csv.as_bytes(), "mixed.csv")
        .unwrap();
    assert_eq!(report.issued, 2);
    let expected: Vec<_> = (2..)
        .zip(&lines)
        .filter_map(|(line, (_, reason))| Some((line, reason.clone()?)))
        .collect();
    assert_eq!(reasons(&report), expected);
    let heavy = format!("{header}1000003,,18m,2025-11-19,,,1040,,\n");
    let report = office
        .city
        .publish(NOW, heavy.as_bytes(), "heavy.csv")
        .unwrap();
    assert!(matches!(
        reasons(&report)[..],
        [(
            2,
            RejectionReason::Record(techo_health::RecordError::Implausible { .. })
        )]
    ));
}

#[test]
fn the_folder_shows_no_name_and_no_lot() {
    let mut office = office();
    enrol_child(&mut office, &family());
    office.city.publish(NOW, EXPORT, "export.csv").unwrap();
    let mut files = 0;
    for file in std::fs::read_dir(&office.path).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        files += 1;
        for secret in ["さくら", "MH5A-2417", "1000003"] {
            let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!found, "{secret}");
        }
    }
    assert!(files >= 5);
}

struct Owner<'a>(&'a SigningKey);

impl ProveKey for Owner<'_> {
    fn public(&self) -> [u8; 32] {
        self.0.public()
    }

    fn sign(&self, label: Label, message: &[u8]) -> [u8; 64] {
        self.0.sign(label, message)
    }
}

async fn relay(dir: &Path) -> RunningRelay {
    relay_that_lets_prove(dir, 1_024).await
}

async fn relay_that_lets_prove(dir: &Path, boxes: usize) -> RunningRelay {
    let mut config = Config::new(dir);
    config.limits.proofs = boxes;
    config.listen = vec!["127.0.0.1:0".parse().unwrap()];
    Relay::start(config).await.unwrap()
}

async fn inbox(client: &Client, family: &Family) -> Vec<IssuerPayload> {
    let connection = client.connect(&family.relay).await.unwrap();
    let id = family.inbox.inbox();
    connection
        .prove(Role::Inbox, id, &Owner(&family.inbox))
        .await
        .unwrap();
    let mut stream = connection.fetch_inbox(id, None, false).await.unwrap();
    let mut payloads = Vec::new();
    while let Some(InboxEvent::Items(items)) = stream.next().await.unwrap() {
        for (_, item) in items {
            payloads.push(IssuerPayload::open(&family.feed, id, &item).unwrap());
        }
    }
    payloads
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_signed_arrives_once_in_order_and_only_where_it_was_asked_for() {
    let store = tempfile::tempdir().unwrap();
    let relay = relay(store.path()).await;
    let client = Client::new().unwrap();
    let family = family_at(relay.address_for("127.0.0.1").unwrap());
    let mut office = office();
    enrol_child(&mut office, &family);
    office.city.publish(NOW, EXPORT, "export.csv").unwrap();

    let refused = office.city.deliver(&client, NOW).await.unwrap();
    assert_eq!((refused.delivered, refused.pending), (0, 8));
    assert_eq!(
        refused.failures.len(),
        1,
        "the inbox has not admitted the city yet"
    );

    admit(&office, &client, &family).await;

    let report = office.city.deliver(&client, NOW).await.unwrap();
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    assert_eq!((report.delivered, report.pending), (8, 0));
    office
        .city
        .correct(NOW, CORRECTION, "correction.csv")
        .unwrap();
    let report = office.city.deliver(&client, NOW).await.unwrap();
    assert_eq!((report.delivered, report.pending), (1, 0));
    let report = office.city.deliver(&client, NOW).await.unwrap();
    assert_eq!(report.delivered, 0);

    let payloads = inbox(&client, &family).await;
    let Some((IssuerPayload::Binding { binding, .. }, entries)) = payloads.split_first() else {
        panic!("the binding comes first")
    };
    let issuer = office.city.issuer_file();
    let mut book = IssuedBook::new(binding.verify(issuer, &family.terms()).unwrap());
    for (index, payload) in (0..).zip(entries) {
        let IssuerPayload::Issued { entry, .. } = payload else {
            panic!()
        };
        assert_eq!(book.accept(issuer, entry), Ok(Acceptance::New(index)));
    }
    assert_eq!(book.entries().len(), 8);
    assert_eq!(book.entries()[7].kind(), IssuedKind::Correct);
    relay.stop().await;
}

/// Lets the city put into the family's inbox.
async fn admit(office: &Office, client: &Client, family: &Family) {
    let append = office.city.issuer_file().latest().unwrap().append();
    let connection = client.connect(&family.relay).await.unwrap();
    let id = family.inbox.inbox();
    connection
        .prove(Role::Inbox, id, &Owner(&family.inbox))
        .await
        .unwrap();
    connection.admit_key(id, append, 1 << 20).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_inboxes_are_filled_over_as_many_connections_as_the_relay_asks_for() {
    let store = tempfile::tempdir().unwrap();
    let relay = relay_that_lets_prove(store.path(), 2).await;
    let client = Client::new().unwrap();
    let mut office = office();
    let address = relay.address_for("127.0.0.1").unwrap();
    let families: Vec<_> = (0..5).map(|_| family_at(address.clone())).collect();
    let guardians: Vec<_> = (1..=5).map(|n| format!("2{n}")).collect();
    let mut csv = std::str::from_utf8(REGISTER)
        .unwrap()
        .replace("1000001;1000002", &guardians.join(";"));
    for (family, id) in families.iter().zip(&guardians) {
        let row = format!("{id},見本{id},1990-01-{id},3,見本県見本市架空町１丁目２番３号,\n");
        csv.push_str(&row);
        office.register = Register::from_csv(csv.as_bytes()).unwrap();
        let card = card(&format!("見本{id}"), &format!("1990-01-{id}"), 3);
        let nonce = office.city.nonce(NOW).unwrap();
        let request = family.request(&office, &nonce, &card, Some(&sakura()));
        let answer = office.city.enrol(NOW, &request, &office.register).unwrap();
        assert!(matches!(answer, EnrolAnswer::Bound { ended: 0, .. }));
        admit(&office, &client, family).await;
    }
    // More than one round for each inbox.
    let days = (1..=28).flat_map(|day| (1..=3).map(move |month| (month, day)));
    let header = "resident_id,vaccine,date\n".to_owned();
    let csv = days.fold(header, |csv, (month, day)| {
        csv + &format!("1000003,FLU,2026-{month:02}-{day:02}\n")
    });
    let report = office
        .city
        .publish(NOW, csv.as_bytes(), "many.csv")
        .unwrap();
    assert_eq!(report.issued, 5 * 84);
    let report = office.city.deliver_by(&client, NOW, 2).await.unwrap();
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    assert_eq!((report.delivered, report.pending), (5 * 85, 0));
    let issuer = office.city.issuer_file();
    for family in &families {
        let payloads = inbox(&client, family).await;
        let Some((IssuerPayload::Binding { binding, .. }, entries)) = payloads.split_first() else {
            panic!("the binding comes first")
        };
        let mut book = IssuedBook::new(binding.verify(issuer, &family.terms()).unwrap());
        for payload in entries {
            let IssuerPayload::Issued { entry, .. } = payload else {
                panic!()
            };
            book.accept(issuer, entry).unwrap();
        }
        assert_eq!(book.entries().len(), 84);
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_that_is_away_keeps_everything_pending() {
    let store = tempfile::tempdir().unwrap();
    let gone = {
        let relay = relay(store.path()).await;
        let address = relay.address_for("127.0.0.1").unwrap();
        relay.stop().await;
        address
    };
    let mut office = office();
    enrol_child(&mut office, &family_at(gone));
    let timings = techo_client::Timings {
        connect: std::time::Duration::from_millis(300),
        ..techo_client::Timings::default()
    };
    let client = Client::with_timings(timings).unwrap();
    let report = office.city.deliver(&client, NOW).await.unwrap();
    assert_eq!(
        (report.delivered, report.pending, report.failures.len()),
        (0, 1, 1)
    );
    assert!(report.failures[0].error.is_retryable());
}
