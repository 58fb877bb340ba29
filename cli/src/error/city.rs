//! What goes wrong at a city, in words for its staff.

use techo_city::{CityError, EnrolRefusal, ReviewReason, SheetError};
use techo_jpki::simulated::SimulatedError;

use super::{Exit, NotBound, Told, net, official};
use crate::lang::{Lang, say};

pub(super) fn told(lang: Lang, error: &CityError) -> Told {
    let no = |code, ja: &str, en: &str| Told::new(code, Exit::No, lang.of(ja, en));
    match error {
        CityError::NotACity(_) => no(
            "not-a-city",
            "市区町村のフォルダーではありません。",
            "This is not a city's folder.",
        )
        .hint("techo city --dir DIR init …"),
        CityError::Exists(_) => no(
            "city-exists",
            "フォルダーが空ではありません。",
            "The folder is not empty.",
        ),
        CityError::InUse => no(
            "city-in-use",
            "別のプログラムがこのフォルダーを使っています。",
            "Another program uses this folder.",
        ),
        CityError::Passphrase(_) => no(
            "wrong-passphrase",
            "合言葉が違います。",
            "The passphrase is wrong.",
        ),
        CityError::Identity => Told::new(
            "city-identity",
            Exit::Usage,
            lang.of(
                "6桁のコードと名前が必要です。",
                "A six-digit code and a name are needed.",
            ),
        ),
        CityError::Register(fault) => {
            let column = fault.column.unwrap_or("—");
            let text = say!(
                lang,
                "台帳の{l}行目が正しくありません(列 {c})。",
                "Line {l} of the register is wrong (column {c}).",
                l = fault.line,
                c = column
            );
            Told::new("register", Exit::No, text).hint("docs/city-csv.md")
        }
        CityError::Sheet(error) => sheet(lang, error),
        CityError::Issuer(error) => official::issued(lang, *error),
        CityError::Client(error) => net::client(lang, error),
        CityError::Pack(error) => super::record::pack(lang, error),
        CityError::PackOfAnother => no(
            "pack-of-another",
            "お知らせのファイルの issuer が、この市区町村のものではありません。",
            "The pack of messages names another issuer.",
        )
        .hint(lang.of(
            "techo city status に出る発行者のidを issuer に書いてください。",
            "Write the issuer's id that techo city status shows into issuer.",
        )),
        CityError::PackTooLong => no(
            "pack-too-long",
            "届けるお知らせは、ひとつのファイルで12,000バイトまでです。",
            "A pack that is published has at most 12,000 bytes.",
        )
        .hint(lang.of(
            "id の違う、いくつかのファイルに分けてください。",
            "Divide it into several files with different ids.",
        )),
        CityError::Roots(_) => no(
            "production-pki",
            "この版には本番のJPKIのルートがありません。",
            "This version ships no production roots of JPKI.",
        )
        .hint("--simulated-pki"),
        CityError::Disk(cause) => Told::new(
            "disk",
            Exit::Data,
            say!(
                lang,
                "ディスクの読み書きに失敗しました: {e}",
                "The disk failed: {e}",
                e = cause
            ),
        ),
        other => Told::new(
            "city-damaged",
            Exit::Data,
            say!(
                lang,
                "市区町村のフォルダーが傷んでいるため、何も発行しません: {e}",
                "The city's folder is damaged, so nothing is issued: {e}",
                e = other
            ),
        )
        .hint(lang.of(
            "最新の控えから戻してください。",
            "Restore the newest backup.",
        )),
    }
}

fn sheet(lang: Lang, error: &SheetError) -> Told {
    let text = match error {
        SheetError::Encoding => lang
            .of(
                "UTF-8でもShift_JISでもありません。",
                "It is neither UTF-8 nor Shift_JIS.",
            )
            .to_owned(),
        SheetError::NoHeader => lang
            .of("見出しの行がありません。", "There is no header line.")
            .to_owned(),
        SheetError::UnknownColumn { column } => say!(
            lang,
            "{c}列目の見出しがわかりません。",
            "Column {c} has an unknown name.",
            c = column
        ),
        SheetError::DoubledColumn { name } => say!(
            lang,
            "列 {n} が2回あります。",
            "Column {n} stands twice.",
            n = name
        ),
        SheetError::MissingColumn { name } => say!(
            lang,
            "列 {n} がありません。",
            "Column {n} is missing.",
            n = name
        ),
        SheetError::MyNumberColumn { column } => say!(
            lang,
            "{c}列目は個人番号です。取り除いてから出力してください。",
            "Column {c} is for My Numbers; remove it before exporting.",
            c = column
        ),
        other => say!(
            lang,
            "表として読めません: {e}",
            "It cannot be read as a table: {e}",
            e = other
        ),
    };
    Told::new("sheet", Exit::No, text).hint("docs/city-csv.md")
}

pub(super) fn rejected(lang: Lang, count: usize) -> Told {
    let text = say!(
        lang,
        "{n}行を発行していません。",
        "{n} lines were not issued.",
        n = count
    );
    Told::new("lines-rejected", Exit::No, text).hint("docs/city-csv.md")
}

pub(super) fn simulated(lang: Lang, error: &SimulatedError) -> Told {
    Told::new(
        "simulated",
        Exit::No,
        say!(
            lang,
            "模擬のカードを作れません: {e}",
            "The simulated card could not be made: {e}",
            e = error
        ),
    )
}

pub(super) fn not_bound(lang: Lang, why: NotBound) -> Told {
    match why {
        NotBound::Refused(EnrolRefusal::Evidence(refusal)) => official::evidence(lang, refusal),
        NotBound::Refused(EnrolRefusal::NotOpened) => Told::new(
            "enrolment-not-opened",
            Exit::No,
            lang.of(
                "この市区町村あての申込みではありません。",
                "This enrolment is not addressed to this city.",
            ),
        ),
        NotBound::Refused(EnrolRefusal::Follows) => Told::new(
            "enrolment-follows",
            Exit::No,
            lang.of(
                "引き継ごうとした結びつきは、ほかの人のものか、もう続いていません。",
                "What it wants to continue is another person's, or does not stand any more.",
            ),
        )
        .hint(lang.of(
            "ご本人のカードで、新しい手帳から申し込み直してください。",
            "Enrol anew, with the person's own card.",
        )),
        NotBound::Refused(_) => Told::new(
            "enrolment-inbox",
            Exit::Data,
            lang.of(
                "届け先が正しくありません。",
                "Where to deliver is not well formed.",
            ),
        ),
        NotBound::Review(reason) => review(lang, reason),
    }
}

fn review(lang: Lang, reason: ReviewReason) -> Told {
    let (_, ja, en) = review_reason(reason);
    Told::new("review", Exit::No, lang.of(ja, en)).hint(lang.of(
        "まだ何も結びつけていません。申込みは担当者の確認を待っています: techo city review",
        "Nobody was bound yet. The enrolment waits for a clerk: techo city review",
    ))
}

/// Why a person has to look: for programs, in Japanese, in English.
pub(crate) fn review_reason(reason: ReviewReason) -> (&'static str, &'static str, &'static str) {
    match reason {
        ReviewReason::SubstitutedCharacters => (
            "substituted_characters",
            "証明書の氏名か住所に代替文字があります。",
            "The certificate replaced characters of the name or address.",
        ),
        ReviewReason::NotInRegister => (
            "not_in_register",
            "4情報の合う住民が台帳にいません。",
            "The register holds nobody with these four attributes.",
        ),
        ReviewReason::SeveralInRegister => (
            "several_in_register",
            "4情報の合う住民が台帳に何人もいます。",
            "The register holds several with these attributes.",
        ),
        ReviewReason::NotGuardian => (
            "not_guardian",
            "台帳では、カードの持ち主はこの子どもの保護者ではありません。",
            "The register does not name the card's holder as guardian of this child.",
        ),
        ReviewReason::OldEnough => (
            "old_enough",
            "15歳以上の子どもは、自分のカードで申し込めます。",
            "A child of fifteen or more can enrol with a card of its own.",
        ),
        _ => (
            "review",
            "担当者の確認が必要です。",
            "A person has to look at this.",
        ),
    }
}

pub(super) fn no_lists(lang: Lang) -> Told {
    Told::new(
        "no-lists",
        Exit::No,
        lang.of(
            "使える失効リストがひとつもありません。",
            "There is no revocation list that counts.",
        ),
    )
    .hint(lang.of(
        "このフォルダーに .crl(DER)を置いてください。それまでだれも結びつけません。",
        "Put lists (.crl, DER) into that folder. Until then nobody is bound.",
    ))
}

pub(super) fn lists_refused(lang: Lang, count: usize) -> Told {
    let text = say!(
        lang,
        "{n}個のファイルは失効リストとして使えません。ほかは受け取りました。",
        "{n} files are no revocation lists that count. The others were taken.",
        n = count
    );
    Told::new("lists-refused", Exit::Data, text).hint(lang.of(
        "発行元から取り直してください。",
        "Fetch them from the authority again.",
    ))
}

pub(super) fn not_found(lang: Lang) -> Told {
    Told::new(
        "not-found",
        Exit::No,
        lang.of(
            "見つからないか、ひとつに決まりません。",
            "There is none, or more than one.",
        ),
    )
    .hint("techo city review --register FILE")
}
