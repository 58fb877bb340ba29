//! Vaults that do not open, and are untouched by the attempt.

use std::fs;
use std::path::Path;

use techo_tests::family::{Device, NOW, add_child, copy_folder, shown, write};
use techo_vault::crypto::{Cost, Passphrase, SlotError};
use techo_vault::store::StoreError;
use techo_vault::vault::{Vault, VaultError};

/// A closed vault with a few records, and what it shows.
fn prepared(root: &Path, name: &str) -> (Device, String) {
    let device = Device::new(root, name);
    let mut vault = device.found(name);
    let hana = add_child(&mut vault, "手帳 はな");
    for number in 0..5 {
        write(&mut vault, &hana, &format!("{name} {number}"));
    }
    let all = shown(&vault);
    vault.close().expect("closes");
    (device, all)
}

fn try_open(device: &Device) -> StoreError {
    match Vault::open(&device.dir, &Device::passphrase(), &device.install()) {
        Err(VaultError::Store(error)) => error,
        other => panic!("not refused by the store: {other:?}"),
    }
}

#[test]
fn a_wrong_passphrase_opens_nothing_and_harms_nothing() {
    let root = tempfile::tempdir().expect("a folder");
    let (device, all) = prepared(root.path(), "phone");
    for wrong in ["", "ひらけ手帳", "ひらけ手帳 open "] {
        let opened = Vault::open(
            &device.dir,
            &Passphrase::new(wrong.to_owned()),
            &device.install(),
        );
        assert!(matches!(
            opened,
            Err(VaultError::Store(StoreError::Unlock(SlotError::Wrong)))
        ));
    }
    assert_eq!(shown(&device.open()), all);
}

#[test]
fn a_vault_is_open_once_at_a_time() {
    let root = tempfile::tempdir().expect("a folder");
    let (device, all) = prepared(root.path(), "phone");
    let first = device.open();
    assert!(matches!(try_open(&device), StoreError::InUse));
    assert_eq!(shown(&first), all);
    first.close().expect("closes");
    assert_eq!(shown(&device.open()), all);
}

#[test]
fn a_folder_without_a_vault_and_one_with_a_vault_are_told_apart() {
    let root = tempfile::tempdir().expect("a folder");
    let empty = Device::new(root.path(), "empty");
    assert!(matches!(try_open(&empty), StoreError::NotAVault));
    assert!(!empty.dir.exists(), "looking makes no folder");
    let (device, all) = prepared(root.path(), "phone");
    let over = Vault::create(
        &device.dir,
        &Device::passphrase(),
        Cost::FLOOR,
        &device.install(),
        "phone",
        NOW,
    );
    assert!(matches!(
        over,
        Err(VaultError::Store(StoreError::AlreadyAVault))
    ));
    assert_eq!(shown(&device.open()), all);
}

#[test]
fn a_header_that_is_newer_damaged_cut_short_or_gone_is_named() {
    let root = tempfile::tempdir().expect("a folder");
    let (device, all) = prepared(root.path(), "phone");
    let path = device.dir.join("header");
    let sound = fs::read(&path).expect("a header");
    let attempt = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("written");
        try_open(&device)
    };

    let mut newer = sound.clone();
    newer[8..10].copy_from_slice(&2u16.to_be_bytes());
    assert!(matches!(
        attempt(&newer),
        StoreError::NewerFormat { found: 2, known: 1 }
    ));
    let mut tag = sound.clone();
    *tag.last_mut().expect("a byte") ^= 1;
    assert!(matches!(attempt(&tag), StoreError::HeaderDamaged));
    for length in [9, 10, 13, 14, sound.len() / 2, sound.len() - 1] {
        let error = attempt(&sound[..length]);
        assert!(
            matches!(error, StoreError::HeaderDamaged),
            "{length}: {error:?}"
        );
    }
    for length in [0, 4] {
        let error = attempt(&sound[..length]);
        assert!(
            matches!(error, StoreError::NotAVault),
            "{length}: {error:?}"
        );
    }
    fs::remove_file(&path).expect("removed");
    assert!(matches!(try_open(&device), StoreError::HeaderDamaged));

    fs::write(&path, &sound).expect("written");
    assert_eq!(shown(&device.open()), all);
}

#[test]
fn parts_of_another_vault_under_the_same_passphrase_are_refused() {
    let root = tempfile::tempdir().expect("a folder");
    let (device, all) = prepared(root.path(), "phone");
    let (other, _) = prepared(root.path(), "tablet");
    let sound = root.path().join("sound");
    copy_folder(&device.dir, &sound);
    let restore = || {
        fs::remove_dir_all(&device.dir).expect("removed");
        copy_folder(&sound, &device.dir);
    };

    // The header alone: it unlocks, and the key it gives opens none of this vault's keys.
    fs::copy(other.dir.join("header"), device.dir.join("header")).expect("copied");
    assert!(matches!(
        try_open(&device),
        StoreError::KeyFileDamaged { .. }
    ));
    restore();

    // A key file of the other vault beside this one's.
    let foreign = fs::read_dir(other.dir.join("keys"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| !path.ends_with("install"))
        .expect("a key file");
    let name = foreign.file_name().expect("a name");
    fs::copy(&foreign, device.dir.join("keys").join(name)).expect("copied");
    assert!(matches!(
        try_open(&device),
        StoreError::KeyFileDamaged { .. }
    ));
    restore();
    assert_eq!(shown(&device.open()), all);

    // Its log: nothing of it is shown, and what is missing here is named.
    fs::remove_dir_all(device.dir.join("segments")).expect("removed");
    copy_folder(&other.dir.join("segments"), &device.dir.join("segments"));
    fs::remove_dir_all(device.dir.join("index")).expect("removed");
    let mut vault = device.open();
    assert!(!shown(&vault).contains("tablet"));
    let report = vault.doctor().expect("a report");
    assert!(!report.damage.is_empty() && !report.lost.is_empty());
    drop(vault);
    restore();
    assert_eq!(shown(&device.open()), all);
}
