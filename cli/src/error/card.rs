//! Why a card did not serve, in words, with the next step.

use techo_jpki::CardError;

use super::{Exit, Told};
use crate::lang::{Lang, say};

pub(super) fn told(lang: Lang, error: CardError) -> Told {
    let no = |code, ja: &str, en: &str| Told::new(code, Exit::No, lang.of(ja, en));
    let data = |code, ja: &str, en: &str| Told::new(code, Exit::Data, lang.of(ja, en));
    let again = lang.of(
        "カードを置き直して、もう一度試してください。",
        "Put the card on the reader again and retry.",
    );
    let office = lang.of(
        "市区町村の窓口で署名用パスワードの初期化(再設定)を受けてください。",
        "A city office can reset the signature password.",
    );
    match error {
        CardError::Malformed => no("card", "カードのファイルではありません。", "This is not a card's file."),
        CardError::Signing => no("card-signing", "カードが正しく署名できませんでした。", "The card could not sign, or signed something else.").hint(again),
        CardError::NoService => no("card-no-service", "カードリーダーのサービス(PC/SC)が動いていません。", "The card service (PC/SC) is not running.")
            .hint(lang.of("Linuxでは pcscd を入れて起動してください(例: sudo systemctl start pcscd)。", "On Linux, install and start pcscd, for instance: sudo systemctl start pcscd.")),
        CardError::NoReader => no("card-no-reader", "カードリーダーが見つかりません。", "There is no such card reader.")
            .hint(lang.of("つないで、techo card status で名前を確かめてください。", "Connect it, and see its name with techo card status.")),
        CardError::NoCard => no("card-no-card", "リーダーにカードがありません。", "There is no card on the reader.")
            .hint(lang.of("マイナンバーカードを置いて、もう一度試してください。", "Put the My Number Card on it and retry.")),
        CardError::CardRemoved => no("card-removed", "途中でカードが離れました。", "The card was removed too early.").hint(lang.of(
            "カードを動かさずに、もう一度試してください。残り回数は techo card status で確かめられます。",
            "Retry and leave the card in place. techo card status shows the tries left.",
        )),
        CardError::SharingViolation => no("card-in-use", "ほかのプログラムがカードを使っています。", "Another program is using the card.")
            .hint(lang.of("そのプログラム(利用者クライアントソフトなど)を終えてから試してください。", "Close that program and retry.")),
        CardError::Reader => no("card-reader", "カードリーダーとの通信に失敗しました。", "The card reader failed.")
            .hint(lang.of("リーダーをつなぎ直してください。", "Disconnect and reconnect the reader.")),
        CardError::NotJpki => no("card-not-jpki", "マイナンバーカードではありません。", "This is not a My Number Card.")
            .hint(lang.of("マイナンバーカードを、向きを確かめて置いてください。", "Put a My Number Card on the reader, the right side up.")),
        CardError::UnsupportedToken => no("card-unsupported", "スマートフォンの電子証明書、または知らない世代のカードです。", "These are certificates in a phone, or a card of an unknown generation.")
            .hint(lang.of("カードそのものをお使いください。", "Use the card itself.")),
        CardError::NoSignCert => no("card-no-signature-certificate", "このカードには署名用電子証明書がありません。", "This card holds no signature certificate.").hint(lang.of(
            "15歳未満の方は、保護者のカードで --child を付けて申し込みます。それ以外の方は市区町村の窓口で発行を受けてください。",
            "For children under 15 a guardian enrols with their own card and --child. Others get the certificate at a city office.",
        )),
        CardError::NoAuthCert => no("card-no-authentication-certificate", "このカードには利用者証明用電子証明書がありません。", "This card holds no authentication certificate."),
        CardError::PinFormat => Told::new("card-password-form", Exit::Usage, lang.of(
            "署名用パスワードは英数字6〜16文字です。カードには何も送っていません。",
            "The signature password has 6 to 16 letters and digits. Nothing was sent to the card.",
        )).hint(lang.of("4桁の暗証番号ではありません。半角で入れてください。", "It is not the four-digit PIN. Type it in half width.")),
        CardError::PinWrong { left } => Told::new("card-password-wrong", Exit::No, say!(
            lang, "署名用パスワードが違います。残り{n}回です。", "The signature password is wrong. Tries left: {n}.", n = left
        )).hint(lang.of(
            "思い出せないときは、残りを使い切る前に市区町村の窓口へ。正しく入れると回数は元に戻ります。",
            "If you do not remember it, ask a city office before the tries are used up. The right one restores them.",
        )),
        CardError::LastTry => no("card-last-try", "残りが1回なので、パスワードを送りませんでした。", "One try is left, so the password was not sent.").hint(lang.of(
            "間違えるとカードの署名が使えなくなります。確かなら --last-try を付けてください。",
            "A mistake blocks signing. If you are sure, add --last-try.",
        )),
        CardError::PinBlocked => no("card-blocked", "署名用パスワードがロックされています。", "The signature password is blocked.").hint(office),
        CardError::Denied => no("card-denied", "カードが許可しませんでした。", "The card denied access.").hint(again),
        CardError::Status { status } => Told::new("card-status", Exit::Data, say!(
            lang, "カードが思いがけない答え({s})をしました。", "The card answered with an unexpected status ({s}).", s = format!("{status:04x}")
        )).hint(again),
        CardError::Answer => data("card-answer", "カードの答えが決まった形ではありません。", "The card's answer is not in the expected form.").hint(again),
        _ => data("card-other", "カードが使えませんでした。", "The card could not be used.").hint(again),
    }
}

/// Nothing to reach a reader with.
pub(super) fn no_support(lang: Lang) -> Told {
    Told::new("card-no-support", Exit::No, lang.of(
        "この techo は、カードリーダーを使わない作りです。",
        "This techo was built without card readers.",
    )).hint(lang.of(
        "リーダーを使える techo は、cargo build --release --features card で作れます(Linuxでは libpcsclite-dev と pkg-config が必要)。",
        "One with readers is built by: cargo build --release --features card (on Linux with libpcsclite-dev and pkg-config).",
    ))
}

/// Several cards lie on readers.
pub(super) fn which(lang: Lang, names: &[String]) -> Told {
    Told::new(
        "card-which-reader",
        Exit::Usage,
        lang.of(
            "カードが複数のリーダーにあります。",
            "Several readers have a card.",
        ),
    )
    .hint(say!(
        lang,
        "--reader で選んでください: {n}",
        "Choose with --reader: {n}",
        n = names.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_its_own_code_and_says_what_to_do_in_both_languages() {
        let all = [
            CardError::Signing,
            CardError::NoService,
            CardError::NoReader,
            CardError::NoCard,
            CardError::CardRemoved,
            CardError::SharingViolation,
            CardError::Reader,
            CardError::NotJpki,
            CardError::UnsupportedToken,
            CardError::NoSignCert,
            CardError::PinFormat,
            CardError::PinWrong { left: 2 },
            CardError::LastTry,
            CardError::PinBlocked,
            CardError::Denied,
            CardError::Status { status: 0x6f00 },
            CardError::Answer,
        ];
        let mut codes: Vec<&str> = all
            .iter()
            .map(|error| told(Lang::Ja, *error).code)
            .collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all.len());
        assert!(!codes.contains(&"card-other"));
        for error in all {
            let (ja, en) = (told(Lang::Ja, error), told(Lang::En, error));
            assert!(
                ja.hint.is_some() && ja.hint != en.hint && ja.message != en.message,
                "{error}"
            );
        }
    }
}
