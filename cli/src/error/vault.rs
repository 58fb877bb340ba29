//! What the vault refuses, in words.

use techo_vault::crypto::SlotError;
use techo_vault::store::StoreError;
use techo_vault::vault::VaultError;

use super::{Exit, Told, net, official, record};
use crate::lang::{Lang, say};

pub(super) fn told(lang: Lang, error: &VaultError) -> Told {
    match error {
        VaultError::Store(error) => store(lang, error),
        VaultError::Slot(error) => slot(lang, *error),
        VaultError::Record(error) => record::told(lang, error),
        VaultError::Pairing(error) => net::pairing(lang, error),
        VaultError::Issued(error) => official::issued(lang, *error),
        VaultError::KeysDamaged => damaged(lang, "keys-damaged"),
        VaultError::Document(_) | VaultError::Write(_) => Told::new(
            "not-written",
            Exit::No,
            lang.of(
                "この内容は1件の記録として書けません(長すぎます)。",
                "This does not fit one record; it is probably too long.",
            ),
        ),
        VaultError::Stopped => Told::new(
            "stopped",
            Exit::Data,
            lang.of(
                "ディスクへの書き込みに失敗したため止まりました。それまでの記録は無事です。",
                "Writing to the disk failed, so the vault stopped. What was saved before is safe.",
            ),
        )
        .hint(lang.of(
            "空き容量を確かめ、techo doctor を実行してください。",
            "Check the free space and run techo doctor.",
        )),
        plain => family(lang, plain),
    }
}

fn family(lang: Lang, error: &VaultError) -> Told {
    let no = |code, ja: &str, en: &str| Told::new(code, Exit::No, lang.of(ja, en));
    match error {
        VaultError::NoHousehold => no(
            "no-family",
            "この手帳はまだどの家族のものでもありません。",
            "This vault belongs to no family yet.",
        )
        .hint(lang.of(
            "ペアリングの続きは techo device confirm です。",
            "Finish pairing with techo device confirm.",
        )),
        VaultError::HasHousehold => no(
            "has-family",
            "この手帳はすでに家族のものです。",
            "This vault belongs to a family already.",
        ),
        VaultError::UnknownMember => no(
            "unknown-member",
            "そのメンバーはいません。",
            "There is no such member.",
        )
        .hint("techo member list"),
        VaultError::AmbiguousMember => no(
            "ambiguous-member",
            "当てはまるメンバーが何人もいます。",
            "Several members fit.",
        )
        .hint(lang.of("名前を最後まで書いてください。", "Give the whole name.")),
        VaultError::DigitsDiffer => no(
            "digits-differ",
            "数字が違います。何も渡していません。",
            "The digits differ. Nothing was handed over.",
        )
        .hint(lang.of(
            "もう一度はじめから: 新しい端末で techo device join",
            "Begin again with techo device join on the new device.",
        )),
        VaultError::NoPairing => no(
            "no-pairing",
            "途中のペアリングはありません。",
            "No pairing is under way.",
        )
        .hint("techo device join / techo device invite"),
        VaultError::UnknownIssuer => no(
            "unknown-issuer",
            "その発行者は登録されていません。",
            "The family trusts no such issuer.",
        )
        .hint("techo issuers"),
        VaultError::NotEnrolled => no(
            "not-enrolled",
            "この発行者への申込みはまだ終わっていません。",
            "This issuer has not bound the member yet.",
        )
        .hint("techo enrol / techo sync"),
        VaultError::NotHolder => no(
            "not-holder",
            "申込みをした端末だけが、カードなしで鍵を替えられます。",
            "Only the device that enrolled can change the keys without the card.",
        )
        .hint(lang.of(
            "その端末がないときは、カードで申し込み直してください: techo enrol",
            "Where it is gone, enrol anew with the card: techo enrol",
        )),
        VaultError::NoRelay => no(
            "no-relay",
            "リレーがまだ決まっていません。",
            "The family has no relay yet.",
        )
        .hint("techo sync --relay HOST:PORT#KEY"),
        VaultError::NameTooLong { max } => Told::new(
            "name-too-long",
            Exit::Usage,
            say!(
                lang,
                "名前は{m}文字までです。",
                "A name has at most {m} characters.",
                m = max
            ),
        ),
        other => record_of(lang, other),
    }
}

fn record_of(lang: Lang, error: &VaultError) -> Told {
    let no = |code, ja: &str, en: &str| Told::new(code, Exit::No, lang.of(ja, en));
    match error {
        VaultError::UnknownRecord | VaultError::UnknownBook => no(
            "unknown-record",
            "その記録はありません。",
            "There is no such record.",
        )
        .hint("techo timeline"),
        VaultError::AmbiguousRecord => no(
            "ambiguous-record",
            "当てはまる記録がいくつもあります。",
            "Several records fit.",
        )
        .hint(lang.of("idをもっと長く書いてください。", "Give more of the id.")),
        VaultError::Official => no(
            "official",
            "公式記録は家族が書き換えられません。",
            "An official record cannot be changed by the family.",
        )
        .hint(lang.of(
            "techo add note でメモを添えるか、市区町村に訂正を求めてください。",
            "Add a note with techo add note, or ask the city to correct it.",
        )),
        VaultError::NotOfficial => no(
            "not-official",
            "家族が書いた記録は他の人に証明できません。",
            "What the family wrote cannot be proven to others.",
        ),
        VaultError::Withdrawn => no(
            "withdrawn",
            "市区町村がこの記録を取り消しました。",
            "The city withdrew this record.",
        ),
        VaultError::NewerRecord => no(
            "newer-record",
            "新しい版のTechoが書いた記録です。",
            "A newer version of Techo wrote this record.",
        )
        .hint(lang.of("Techoを更新してください。", "Update Techo.")),
        _ => no("refused", "手帳が断りました。", "The vault refused."),
    }
}

fn store(lang: Lang, error: &StoreError) -> Told {
    let told = |code, exit, ja: &str, en: &str| Told::new(code, exit, lang.of(ja, en));
    match error {
        StoreError::NotAVault => told(
            "not-a-vault",
            Exit::No,
            "このフォルダーに手帳はありません。",
            "There is no vault in this folder.",
        )
        .hint(lang.of(
            "techo init で作るか、--vault DIR で場所を指定してください。",
            "Make one with techo init, or name the place with --vault DIR.",
        )),
        StoreError::AlreadyAVault => told(
            "already-a-vault",
            Exit::No,
            "このフォルダーにはもう手帳があります。",
            "There is a vault in this folder already.",
        ),
        StoreError::NewerFormat { .. } => told(
            "newer-format",
            Exit::No,
            "新しい版のTechoで作られた手帳です。",
            "A newer version of Techo made this vault.",
        )
        .hint(lang.of(
            "Techoを更新してください。手帳はそのままです。",
            "Update Techo. The vault was left as it is.",
        )),
        StoreError::Unlock(error) => slot(lang, *error),
        StoreError::InUse => told(
            "in-use",
            Exit::No,
            "別のプログラムがこの手帳を使っています。",
            "Another program has this vault open.",
        )
        .hint(lang.of(
            "techo sync --watch などを終えてから、もう一度。",
            "End techo sync --watch or whatever it is, and try again.",
        )),
        StoreError::DiskFull(_) => told(
            "disk-full",
            Exit::Data,
            "ディスクがいっぱいです。今の記録は保存されていません。",
            "The disk is full. What you just wrote was not saved.",
        )
        .hint(lang.of("空きを作って、もう一度。", "Make room and try again.")),
        StoreError::Disk(cause) => {
            let text = say!(
                lang,
                "ディスクの読み書きに失敗しました: {e}",
                "The disk failed: {e}",
                e = cause
            );
            Told::new("disk", Exit::Data, text)
        }
        StoreError::Stopped => told(
            "stopped",
            Exit::Data,
            "ディスクの失敗の後、書き込みを止めました。",
            "The vault stopped writing after the disk failed.",
        )
        .hint("techo doctor"),
        _ => damaged(lang, "damaged"),
    }
}

fn damaged(lang: Lang, code: &'static str) -> Told {
    let text = lang.of(
        "手帳のファイルが傷んでいます。",
        "The vault's files are damaged.",
    );
    Told::new(code, Exit::Data, text).hint(lang.of(
        "フォルダーをそのまま写して残し、別の端末から techo device invite で迎え直せます。",
        "Keep a copy of the folder as it is; another device can let this one in again with techo device invite.",
    ))
}

fn slot(lang: Lang, error: SlotError) -> Told {
    match error {
        SlotError::Wrong => Told::new(
            "wrong-passphrase",
            Exit::No,
            lang.of("合言葉が違います。", "The passphrase is wrong."),
        )
        .hint(lang.of(
            "大文字・小文字、かな漢字変換を確かめてください。",
            "Check capitals and the input method.",
        )),
        SlotError::Memory => Told::new(
            "memory",
            Exit::No,
            lang.of(
                "合言葉を確かめるメモリーが足りません。",
                "There is not enough memory to check the passphrase.",
            ),
        )
        .hint(lang.of(
            "他のプログラムを閉じて、もう一度。",
            "Close other programs and try again.",
        )),
        _ => Told::new(
            "slot-refused",
            Exit::Data,
            lang.of(
                "手帳の見出しに許されない値があります。",
                "The vault's header holds values that are not allowed.",
            ),
        ),
    }
}
