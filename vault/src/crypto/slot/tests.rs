use super::*;
use getrandom::SysRng;
use rand_core::UnwrapErr;

const VAULT: VaultId = VaultId::from_bytes([8; 16]);

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned())
}

fn slot(master: &MasterKey) -> Slot {
    let phrase = passphrase("あさがお 7");
    let mut rng = UnwrapErr(SysRng);
    Slot::create(
        &mut rng,
        VAULT,
        SlotKind::Passphrase,
        &phrase,
        Cost::FLOOR,
        master,
    )
    .unwrap()
}

#[test]
fn the_right_passphrase_gives_the_master_key_and_everything_else_one_error() {
    let master = MasterKey::generate(&mut UnwrapErr(SysRng));
    let slot = slot(&master);
    let right = passphrase("あさがお 7");
    assert_eq!(slot.unlock(VAULT, &right).unwrap().0, master.0);
    assert_eq!(
        slot.unlock(VAULT, &passphrase("あさがお 8")).unwrap_err(),
        SlotError::Wrong
    );
    let elsewhere = VaultId::from_bytes([9; 16]);
    assert_eq!(
        slot.unlock(elsewhere, &right).unwrap_err(),
        SlotError::Wrong
    );
    let altered = [
        Slot {
            kind: SlotKind::RecoveryKit,
            ..slot.clone()
        },
        Slot {
            salt: [0; 16],
            ..slot.clone()
        },
        Slot {
            wrapped: [0; 48],
            ..slot.clone()
        },
        Slot {
            commitment: [0; 32],
            ..slot.clone()
        },
    ];
    for slot in altered {
        assert_eq!(slot.unlock(VAULT, &right).unwrap_err(), SlotError::Wrong);
    }
}

#[test]
fn costs_outside_the_bounds_are_refused_before_any_work() {
    let master = MasterKey::generate(&mut UnwrapErr(SysRng));
    let slot = Slot {
        kind: SlotKind::Passphrase,
        salt: [0; 16],
        memory_kib: 65_536,
        passes: 3,
        lanes: 4,
        nonce: [0; 24],
        wrapped: [0; 48],
        commitment: master.0,
    };
    let cheap = [
        Slot {
            memory_kib: 65_535,
            ..slot.clone()
        },
        Slot {
            memory_kib: 0,
            ..slot.clone()
        },
        Slot {
            passes: 2,
            ..slot.clone()
        },
        Slot {
            lanes: 0,
            ..slot.clone()
        },
    ];
    let costly = [
        Slot {
            memory_kib: 4_194_305,
            ..slot.clone()
        },
        Slot {
            memory_kib: u32::MAX,
            ..slot.clone()
        },
        Slot {
            passes: 17,
            ..slot.clone()
        },
        Slot {
            lanes: 17,
            ..slot.clone()
        },
    ];
    for slot in cheap {
        assert_eq!(
            slot.unlock(VAULT, &passphrase("x")).unwrap_err(),
            SlotError::TooCheap
        );
    }
    for slot in costly {
        assert_eq!(
            slot.unlock(VAULT, &passphrase("x")).unwrap_err(),
            SlotError::TooCostly
        );
    }
}

#[test]
fn a_slot_has_one_encoding() {
    let slot = slot(&MasterKey::generate(&mut UnwrapErr(SysRng)));
    let bytes = techo_wire::canonical::encode(&slot);
    assert_eq!(bytes[..2], [0x88, 1]);
    assert_eq!(techo_wire::canonical::decode::<Slot>(&bytes).unwrap(), slot);
}

#[test]
fn stretching_agrees_with_another_implementation() {
    // Computed with OpenSSL's Argon2id and HKDF.
    let (kek, commitment) = stretch(VAULT, &[2; 16], Cost::FLOOR, &passphrase("password")).unwrap();
    let hex = |bytes: &[u8; 32]| data_encoding::HEXLOWER.encode(bytes);
    assert_eq!(
        hex(&kek),
        "776311a3f941d2441ef66ff762c37df6c56ef5ea5d2eb84f231ee8fa41338a0b"
    );
    assert_eq!(
        hex(&commitment),
        "7bf7ddf2e218fff32b36483d75222b859dbe2e3a85c97e61c1367227da7f5605"
    );
}

#[test]
fn the_keys_of_a_vault_are_all_different() {
    let master = MasterKey([1; 32]);
    let mut rng = UnwrapErr(SysRng);
    let keys = [
        master.keys(VAULT),
        master.index(VAULT),
        master.manifest(VAULT),
        master.city_keys(VAULT),
        master.city_log(VAULT),
        master.keys(VaultId::from_bytes([9; 16])),
    ];
    for (at, key) in keys.iter().enumerate() {
        let sealed = key.seal(&mut rng, b"place", b"plain");
        assert_eq!(sealed.len(), 5 + StorageKey::OVERHEAD);
        for (other_at, other) in keys.iter().enumerate() {
            assert_eq!(other.open(b"place", &sealed).is_ok(), at == other_at);
        }
        assert!(key.open(b"elsewhere", &sealed).is_err());
        assert!(key.open(b"place", &sealed[..20]).is_err());
    }
    let mac = master.header_mac(VAULT);
    let tag = mac.mac(b"header");
    assert!(mac.verify(b"header", &tag) && !mac.verify(b"Header", &tag));
    assert_ne!(master.city_tag(VAULT).mac(b"header"), tag);
    assert_ne!(master.blind(VAULT).blind(b"name")[..], tag[..16]);
}

#[test]
fn nothing_secret_shows_in_debug() {
    let phrase = passphrase("hidden");
    let master = MasterKey([0x77; 32]);
    let shown = format!("{phrase:?} {master:?} {:?}", master.keys(VAULT));
    assert_eq!(shown, "Passphrase(…) MasterKey(…) StorageKey(…)");
}
