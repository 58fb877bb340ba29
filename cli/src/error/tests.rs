use techo_client::ClientError;
use techo_vault::crypto::SlotError;
use techo_vault::store::StoreError;

use super::*;

fn every() -> Vec<Failure> {
    vec![
        Failure::Vault(SlotError::Wrong.into()),
        Failure::Vault(StoreError::NotAVault.into()),
        Failure::Vault(VaultError::Official),
        Failure::Net(ClientError::TimedOut.into()),
        Failure::Net(ClientError::WrongRelayKey.into()),
        Failure::Date("2026-02-30".parse::<techo_health::When>().unwrap_err()),
        Failure::Record(RecordError::LooksLikeMyNumber {
            field: "note".to_owned(),
        }),
        Failure::Issued(IssuedError::Signature),
        Failure::Evidence(Refusal::Replay),
        Failure::NoPassphrase,
        Failure::WhichMember,
        Failure::Declined,
        Failure::NotSound,
    ]
}

#[test]
fn exit_codes_follow_the_kind_of_failure() {
    let exits: Vec<u8> = every()
        .iter()
        .map(|failure| failure.told(Lang::En).exit as u8)
        .collect();
    assert_eq!(exits, [1, 1, 1, 4, 4, 2, 1, 3, 1, 2, 2, 1, 3]);
}

#[test]
fn every_failure_has_a_code_of_its_own_and_speaks_both_languages() {
    let mut codes = std::collections::BTreeSet::new();
    for failure in every() {
        let (ja, en) = (failure.told(Lang::Ja), failure.told(Lang::En));
        assert_eq!((ja.code, ja.exit), (en.code, en.exit));
        assert_ne!(ja.message, en.message);
        assert_eq!(ja.hint.is_some(), en.hint.is_some());
        assert!(codes.insert(en.code), "{}", en.code);
    }
}

#[test]
fn programs_get_the_exit_code_as_a_number() {
    let json = serde_json::to_value(Failure::NoPassphrase.told(Lang::En)).unwrap();
    assert_eq!(json["exit"], 2);
    assert_eq!(json["code"], "no-passphrase");
}
