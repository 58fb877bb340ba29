//! What a city's staff reads after each step.

use serde::Serialize;
use techo_city::{CityStatus, EnrolAnswer, PublishReport, Rejection, RejectionReason};
use techo_jpki::{Revocation, SimulatedPki};

use crate::error::Failure;
use crate::lang::{Lang, dates, say, words};
use crate::output::{Page, Table};

/// What a delivery achieved.
#[derive(Debug, Serialize)]
pub(super) struct Delivered {
    #[serde(rename = "delivered")]
    pub(super) count: usize,
    pub(super) waiting: usize,
    #[serde(skip)]
    pub(super) failure: Option<Failure>,
}

pub(super) fn delivered(lang: Lang, page: &mut Page, delivery: &Delivered) {
    page.line(say!(
        lang,
        "届けたもの {d}、まだのもの {w}",
        "delivered {d}, still waiting {w}",
        d = delivery.count,
        w = delivery.waiting
    ));
}

#[derive(Serialize)]
pub(super) struct Bound<'a> {
    resident: Option<&'a str>,
    simulated: bool,
    repeated: bool,
    revocation_checked: bool,
    follows: Option<String>,
    ended: usize,
    #[serde(flatten)]
    delivery: &'a Delivered,
}

impl<'a> Bound<'a> {
    pub(super) fn new(answer: &'a EnrolAnswer, delivery: &'a Delivered) -> Self {
        match answer {
            EnrolAnswer::Bound {
                resident,
                simulated,
                repeated,
                revocation,
                follows,
                ended,
                ..
            } => Self {
                resident: Some(resident),
                simulated: *simulated,
                repeated: *repeated,
                revocation_checked: *revocation == Revocation::NotRevoked,
                follows: follows.map(|id| id.to_string()),
                ended: *ended,
                delivery,
            },
            EnrolAnswer::Pending(_) | EnrolAnswer::Review(_) | EnrolAnswer::Refused(_) => Self {
                resident: None,
                simulated: false,
                repeated: false,
                revocation_checked: false,
                follows: None,
                ended: 0,
                delivery,
            },
        }
    }
}

pub(super) fn bound(lang: Lang, page: &mut Page, answer: &EnrolAnswer, delivery: &Delivered) {
    let EnrolAnswer::Bound {
        resident,
        simulated,
        repeated,
        revocation,
        follows,
        ended,
        ..
    } = answer
    else {
        return;
    };
    page.line(say!(
        lang,
        "住民 {r} と結びつけました。",
        "Bound to resident {r}.",
        r = resident
    ));
    if *repeated {
        page.line(lang.of(
            "この申込みにはすでに答えていました。",
            "This enrolment had been answered before.",
        ));
    }
    if follows.is_some() {
        page.line(lang.of(
            "同じ手帳の前の結びつきを引き継ぎます。",
            "It continues an earlier binding of the same handbook.",
        ));
    }
    if *ended > 0 {
        page.line(say!(
            lang,
            "代わりに終わりにした結びつき: {n}",
            "bindings ended in its place: {n}",
            n = ended
        ));
    }
    page.line(match revocation {
        Revocation::NotRevoked => lang.of("証明書の失効: ありません", "Revocation: none"),
        _ => lang.of("証明書の失効: 確かめていません", "Revocation: not checked"),
    });
    if *simulated {
        page.line(SimulatedPki::BANNER);
    }
    delivered(lang, page, delivery);
}

#[derive(Serialize)]
pub(super) struct Published<'a> {
    issued: usize,
    already: usize,
    nobody_bound: usize,
    rejected: Vec<Rejected<'a>>,
    #[serde(flatten)]
    delivery: &'a Delivered,
}

#[derive(Serialize)]
struct Rejected<'a> {
    file: &'a str,
    line: u64,
    reason: String,
}

impl<'a> Published<'a> {
    pub(super) fn new(report: &'a PublishReport, delivery: &'a Delivered) -> Self {
        let rejected = faults(report).map(|rejection| Rejected {
            file: &rejection.file,
            line: rejection.line,
            reason: reason(Lang::En, &rejection.reason),
        });
        Self {
            issued: report.issued,
            already: report.already,
            nobody_bound: nobody(report),
            rejected: rejected.collect(),
            delivery,
        }
    }
}

/// Lines that are wrong; those of residents who have not enrolled are not.
pub(super) fn faults(report: &PublishReport) -> impl Iterator<Item = &Rejection> {
    report
        .rejected
        .iter()
        .filter(|rejection| rejection.reason != RejectionReason::NobodyBound)
}

fn nobody(report: &PublishReport) -> usize {
    report.rejected.len() - faults(report).count()
}

pub(super) fn published(lang: Lang, page: &mut Page, report: &PublishReport, delivery: &Delivered) {
    page.line(say!(
        lang,
        "発行 {i}、発行済み {a}、申込みのない住民の行 {n}",
        "issued {i}, issued before {a}, lines of residents who have not enrolled {n}",
        i = report.issued,
        a = report.already,
        n = nobody(report)
    ));
    for rejection in faults(report) {
        let reason = reason(lang, &rejection.reason);
        page.line(say!(
            lang,
            "✗ {f} {l}行目: {r}",
            "✗ {f} line {l}: {r}",
            f = rejection.file,
            l = rejection.line,
            r = reason
        ));
    }
    delivered(lang, page, delivery);
}

fn reason(lang: Lang, reason: &RejectionReason) -> String {
    let text = match reason {
        RejectionReason::Columns => lang.of("列の数が違います", "not one cell for each column"),
        RejectionReason::MyNumber => lang.of("個人番号が入っています", "a cell holds a My Number"),
        RejectionReason::Resident => lang.of("宛名番号がありません", "no number of a resident"),
        RejectionReason::Kind => lang.of(
            "予防接種か健診か決まりません",
            "neither a vaccination nor a checkup, or both",
        ),
        RejectionReason::Date => lang.of(
            "日付がないか、ありえません",
            "no day, or one that does not exist",
        ),
        RejectionReason::FutureDate => lang.of("未来の日付です", "a day that has not come yet"),
        RejectionReason::BeforeBirth => lang.of("生まれる前の日付です", "a day before birth"),
        RejectionReason::NobodyBound => {
            lang.of("申込みがありません", "nobody has enrolled this resident")
        }
        RejectionReason::Changed => lang.of(
            "内容が発行済みのものと違います(correct を使ってください)",
            "issued with other content: use correct",
        ),
        RejectionReason::NotIssued => lang.of("発行されていません", "it was never issued"),
        RejectionReason::Ended => {
            lang.of("この方への発行は終わっています", "the binding has ended")
        }
        RejectionReason::Withdrawn => lang.of("取り消されています", "it was withdrawn"),
        RejectionReason::NotInForm { column } => {
            return say!(
                lang,
                "この記録にない列です: {c}",
                "no place for column {c}",
                c = words::field(lang, column)
            );
        }
        RejectionReason::Record(error) => return Failure::from(error.clone()).told(lang).message,
        _ => lang.of("発行できません", "not issued"),
    };
    text.to_owned()
}

#[derive(Serialize)]
pub(super) struct CityPage<'a> {
    name: &'a str,
    code: &'a str,
    issuer: String,
    key_set: u64,
    simulated: bool,
    open_nonces: usize,
    bindings: usize,
    residents: usize,
    issued: u64,
    waiting: usize,
    standing: usize,
    waiting_for_list: usize,
    waiting_for_review: usize,
    rechecked_at: Option<u64>,
}

impl<'a> CityPage<'a> {
    pub(super) fn new(status: &'a CityStatus) -> Self {
        Self {
            name: &status.name,
            code: &status.code,
            issuer: status.issuer.to_string(),
            key_set: status.key_set,
            simulated: status.simulated,
            open_nonces: status.open_nonces,
            bindings: status.bindings,
            residents: status.residents,
            issued: status.issued,
            waiting: status.pending,
            standing: status.standing,
            waiting_for_list: status.waiting,
            waiting_for_review: status.review,
            rechecked_at: status.rechecked_at,
        }
    }
}

pub(super) fn standing(lang: Lang, page: &mut Page, status: &CityStatus) {
    page.line(format!("{}  {}", status.name, status.code));
    let mut table = Table::indented(2);
    let mut row =
        |ja: &str, en: &str, value: String| table.row([lang.of(ja, en).to_owned(), value]);
    row(
        "結びついた住民",
        "Residents bound",
        status.residents.to_string(),
    );
    row(
        "続いている結びつき",
        "Bindings that stand",
        status.standing.to_string(),
    );
    row(
        "失効リストを待つ申込み",
        "Waiting for a list",
        status.waiting.to_string(),
    );
    row(
        "担当者を待つ申込み",
        "Waiting for a clerk",
        status.review.to_string(),
    );
    let rechecked = status.rechecked_at.map(dates::instant);
    row(
        "失効を確かめた日時",
        "Revocation asked about",
        rechecked.unwrap_or_else(|| "—".to_owned()),
    );
    row("発行した記録", "Entries issued", status.issued.to_string());
    row(
        "まだ届けていないもの",
        "Still waiting",
        status.pending.to_string(),
    );
    row(
        "使われていないナンス",
        "Open nonces",
        status.open_nonces.to_string(),
    );
    row("鍵の組の版", "Key set", status.key_set.to_string());
    row("発行者", "Issuer", status.issuer.to_string());
    page.table(&table);
    if status.simulated {
        page.line(SimulatedPki::BANNER);
    }
}
