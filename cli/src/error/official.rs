//! Why official records, proofs and evidence are refused, in words.

use techo_jpki::Refusal;
use techo_vault::issued::IssuedError;

use super::{Exit, Told};
use crate::lang::{Lang, say};

pub(super) fn issued(lang: Lang, error: IssuedError) -> Told {
    let data = |code, ja: &str, en: &str| Told::new(code, Exit::Data, lang.of(ja, en));
    match error {
        IssuedError::Malformed => data(
            "issued-malformed",
            "ファイルが決まった形ではありません。",
            "The file is not in the expected form.",
        )
        .hint(lang.of(
            "全部写されているか確かめてください。",
            "Make sure that it was copied whole.",
        )),
        IssuedError::Signature => data(
            "issued-signature",
            "署名が合いません。内容が書き換えられています。",
            "The signature does not verify: the content was altered.",
        ),
        IssuedError::Key => data(
            "issued-key",
            "署名の鍵が、この発行者のものではありません。",
            "The signing key is not one of this issuer's.",
        )
        .hint(lang.of(
            "発行者ファイルが、その市区町村のものか確かめてください。",
            "Make sure that the issuer file is that city's.",
        )),
        IssuedError::Binding => data(
            "issued-binding",
            "別の人、または別の申込みのものです。",
            "It belongs to another person or enrolment.",
        ),
        IssuedError::Group => data(
            "issued-group",
            "見せた部分が、署名されたものではありません。",
            "A part that is shown is not the one that was signed.",
        ),
        IssuedError::Fork { index } => Told::new(
            "issued-fork",
            Exit::Data,
            say!(
                lang,
                "発行者が同じ番号({i})に二つの内容を署名しています。証拠を残しました。",
                "The issuer signed two different entries with number {i}. The proof is kept.",
                i = index
            ),
        ),
        other => Told::new(
            "issued-refused",
            Exit::Data,
            say!(
                lang,
                "公式記録として受け入れられません: {e}",
                "It is not accepted as an official record: {e}",
                e = other
            ),
        ),
    }
}

pub(super) fn evidence(lang: Lang, refusal: Refusal) -> Told {
    let no = |code, ja: &str, en: &str| Told::new(code, Exit::No, lang.of(ja, en));
    let fresh = lang.of(
        "新しいナンスを受け取って、もう一度 techo enrol を。",
        "Get a new nonce and run techo enrol again.",
    );
    match refusal {
        Refusal::NonceUnknown => no(
            "nonce-unknown",
            "この市区町村が出したナンスではありません。",
            "The nonce is not one of this city's.",
        )
        .hint(fresh),
        Refusal::NonceExpired => no(
            "nonce-expired",
            "ナンスの期限が切れています。",
            "The nonce has expired.",
        )
        .hint(fresh),
        Refusal::Replay => no(
            "nonce-used",
            "このナンスはもう使われています。",
            "The nonce was used before.",
        )
        .hint(fresh),
        Refusal::Expired => no(
            "certificate-expired",
            "証明書の有効期限が切れています。",
            "The certificate has expired.",
        ),
        Refusal::EnvironmentMismatch => no(
            "environment",
            "模擬と本番は混ぜられません。",
            "Simulated and genuine certificates are never mixed.",
        ),
        Refusal::RevocationUnavailable(_) => no(
            "revocation",
            "失効を確かめられないため、受け付けを保留します。",
            "Revocation could not be checked, so nothing is accepted.",
        ),
        Refusal::Malformed => Told::new(
            "evidence-malformed",
            Exit::Data,
            lang.of(
                "ファイルが決まった形ではありません。",
                "The file is not in the expected form.",
            ),
        ),
        other => Told::new(
            "evidence-refused",
            Exit::No,
            say!(
                lang,
                "本人確認の証拠を受け入れません: {e}",
                "The evidence is refused: {e}",
                e = other
            ),
        ),
    }
}
