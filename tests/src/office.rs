//! A city with a simulated PKI in a temporary folder, and enrolment in one call. It holds no
//! assertions.

use std::path::Path;

use techo_city::{City, CityPlan, EnrolAnswer, IssuerPki, Register};
use techo_client::Client;
use techo_jpki::simulated::{Holder, LeafProfile, SimulatedAuthority, SimulatedCard, Validity};
use techo_jpki::{
    Attributes, Bundle, Child, EnrolmentStatement, SimulatedPki, StatementPlan, consent,
};
use techo_vault::book::MemberId;
use techo_vault::crypto::{Cost, Passphrase};
use techo_vault::issued::seal_enrolment;
use techo_vault::vault::Vault;

use crate::family::NOW;

const REGISTER: &[u8] = include_bytes!("../../cli/city/examples/register.csv");
/// The city's export: two children's vaccinations and checkups.
pub const EXPORT: &[u8] = include_bytes!("../../cli/city/examples/export.csv");
/// The same first row with another lot number.
pub const CORRECTION: &[u8] = include_bytes!("../../cli/city/examples/correction.csv");

/// A town office.
#[derive(Debug)]
pub struct Office {
    /// The issuer.
    pub city: City,
    /// Its residents.
    pub register: Register,
    /// The mother's card.
    pub card: SimulatedCard,
    /// Who issued it.
    pub authority: SimulatedAuthority,
}

impl Office {
    /// Opens a new office in `dir`.
    pub fn open(dir: &Path) -> Self {
        let acknowledged = SimulatedPki::acknowledge();
        let authority = SimulatedAuthority::generate(&acknowledged, NOW.millis()).expect("keys");
        let roots = vec![authority.root().expect("a root")];
        let plan = CityPlan {
            name: "見本市",
            code: "999999",
            passphrase: &Passphrase::new("町役場の合言葉".to_owned()),
            root_passphrase: &Passphrase::new("金庫の合言葉".to_owned()),
            cost: Cost::FLOOR,
            pki: IssuerPki::Simulated {
                acknowledged,
                roots,
            },
        };
        let city = City::init(dir, &plan, NOW.millis()).expect("a city");
        let holder = Holder::new(
            "見本　はな子",
            "1990-04-12",
            2,
            "見本県見本市架空町１丁目２番３号",
        );
        let profile = LeafProfile::genuine(holder, Validity::five_years(NOW.millis()));
        let card = authority.issue(&profile).expect("a card");
        Self {
            city,
            register: Register::from_csv(REGISTER).expect("a register"),
            card,
            authority,
        }
    }

    /// Enrols the child さくら for a member of the mother's vault; the binding waits for delivery.
    pub fn enrol(&mut self, vault: &mut Vault, member: &MemberId) {
        let answer = self.ask(vault, member);
        assert!(
            matches!(answer, EnrolAnswer::Bound { .. }),
            "the city binds the child"
        );
    }

    /// Hands in an enrolment of the child さくら and returns what the city answers.
    pub fn ask(&mut self, vault: &mut Vault, member: &MemberId) -> EnrolAnswer {
        let nonce = self.city.nonce(NOW.millis()).expect("a nonce");
        let issuer = self.city.issuer_file().clone();
        let request = vault.begin_enrolment(member, &issuer, NOW).expect("keys");
        let child = Child {
            salt: [5; 32],
            attributes: Attributes {
                name: "見本　さくら".to_owned(),
                birth_date: "2024-05-06".to_owned(),
                gender: 2,
                address: "見本県見本市架空町１丁目２番３号".to_owned(),
            },
        };
        let statement = EnrolmentStatement::new(&StatementPlan {
            city_code: issuer.code(),
            issuer: issuer.id().to_bytes(),
            handle: request.handle,
            issuer_only_key: request.issuer_only_key,
            feed_key: &request.feed_key,
            inbox_descriptor: &request.inbox_descriptor,
            child: Some(&child),
            nonce: *nonce.nonce(),
            consent: consent::JAPANESE,
            now: NOW.millis(),
        })
        .following(request.follows);
        let proof = vault
            .sign_enrolment(&request.handle, &statement.proof_bytes())
            .expect("a proof");
        let bundle = Bundle::sign(
            &statement,
            &self.card,
            |_| proof,
            &request.feed_key,
            &request.inbox_descriptor,
            Some(&child),
        );
        let bundle = bundle.expect("a signature").to_bytes();
        let keys = issuer.latest().expect("a key set");
        let mut rng = techo_vault::store::system_entropy();
        let text = seal_enrolment(&mut rng, keys, &bundle).expect("sealed");
        self.city
            .enrol(NOW.millis(), &text, &self.register)
            .expect("an answer")
    }

    /// Puts everything that waits into the inboxes.
    pub async fn deliver(&mut self) -> usize {
        let client = Client::new().expect("a client");
        let report = self
            .city
            .deliver(&client, NOW.millis())
            .await
            .expect("a report");
        assert!(report.failures.is_empty(), "{:?}", report.failures);
        client.close().await;
        report.delivered
    }
}
