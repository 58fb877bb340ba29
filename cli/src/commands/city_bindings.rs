//! `techo city lists`, `recheck` and `end`: bindings after they were made.

use std::path::Path;

use serde::Serialize;
use techo_city::{City, Doubt, EnrolAnswer, ListsReport, RecheckReport, Register};
use techo_jpki::RevocationReason;

use super::city_counter::{open, read_bytes, send};
use super::city_pages::{self as pages, Delivered};
use crate::clock;
use crate::desk::Desk;
use crate::error::Failure;
use crate::lang::{Lang, dates, say};
use crate::output::Page;

#[derive(Serialize)]
struct Lists {
    held: usize,
    newer: usize,
    revoked: usize,
    newest: Option<u64>,
    refused: Vec<RefusedFile>,
}

#[derive(Serialize)]
struct RefusedFile {
    file: String,
    reason: String,
}

pub(super) fn lists(desk: &Desk, dir: &Path, folder: &Path) -> Result<(), Failure> {
    let mut city = open(desk, dir)?;
    let report = take_lists(desk, &mut city, folder)?;
    let refused = report.refused.iter().map(|(file, fault)| RefusedFile {
        file: file.clone(),
        reason: fault.to_string(),
    });
    let lists = Lists {
        held: report.held,
        newer: report.newer,
        revoked: report.revoked,
        newest: report.newest,
        refused: refused.collect(),
    };
    let lang = desk.lang();
    desk.out.show("city-lists/1", &lists, |page| {
        show_lists(lang, page, &lists);
    })?;
    match (lists.held, lists.refused.len()) {
        (0, _) => Err(Failure::NoLists),
        (_, 0) => Ok(()),
        (_, count) => Err(Failure::ListsRefused { count }),
    }
}

/// Takes the lists in a folder; what is refused is for whoever asked to say.
pub(super) fn take_lists(
    desk: &Desk,
    city: &mut City,
    folder: &Path,
) -> Result<ListsReport, Failure> {
    let working = desk.progress(
        desk.lang()
            .of("失効リストを確かめています", "Verifying revocation lists"),
    );
    let report = city.load_revocation_lists(folder)?;
    drop(working);
    Ok(report)
}

fn show_lists(lang: Lang, page: &mut Page, lists: &Lists) {
    page.line(say!(
        lang,
        "失効リスト {h}(新しくなったもの {n}、失効の行 {r})",
        "revocation lists held {h} (newer now {n}, lines {r})",
        h = lists.held,
        n = lists.newer,
        r = lists.revoked
    ));
    if let Some(newest) = lists.newest {
        page.line(say!(
            lang,
            "最新のものの日時: {d}",
            "the newest is of {d}",
            d = dates::instant(newest)
        ));
    }
    for refused in &lists.refused {
        page.line(format!("✗ {}: {}", refused.file, refused.reason));
    }
    page.line(lang.of(
        "これからは、最新の失効リストなしにはだれも結びつけません。",
        "From now on nobody is bound without a current list.",
    ));
}

#[derive(Serialize)]
struct Rechecked<'a> {
    good: u64,
    open: u64,
    revoked: Vec<Doubtful>,
    bound: Vec<&'a str>,
    refused: usize,
    waiting_for_list: usize,
    waiting_for_review: usize,
    dropped: usize,
    resumed: bool,
    #[serde(flatten)]
    delivery: &'a Delivered,
}

/// A binding that a person has to look at.
#[derive(Serialize)]
pub(super) struct Doubtful {
    binding: String,
    resident: String,
    doubt: &'static str,
    reason: Option<&'static str>,
}

pub(super) fn recheck(
    desk: &Desk,
    dir: &Path,
    register: &Path,
    folder: Option<&Path>,
    go: bool,
) -> Result<(), Failure> {
    let register = Register::from_csv(&read_bytes(register)?)?;
    let mut city = open(desk, dir)?;
    if let Some(folder) = folder {
        take_lists(desk, &mut city, folder)?;
    }
    let lang = desk.lang();
    let working = desk.progress(lang.of("失効を確かめています", "Asking about revocation"));
    let reached = |count: u64| working.reached(usize::try_from(count).unwrap_or(usize::MAX));
    let report = city.recheck_watched(clock::now().millis(), &register, &reached)?;
    drop(working);
    let delivery = send(city, go)?;
    let rechecked = rechecked(&report, &delivery);
    desk.out.show("city-recheck/1", &rechecked, |page| {
        show_recheck(lang, page, &rechecked);
    })?;
    delivery.failure.map_or(Ok(()), Err)
}

fn rechecked<'a>(report: &'a RecheckReport, delivery: &'a Delivered) -> Rechecked<'a> {
    let revoked = report.revoked.iter().map(|(binding, resident, reason)| {
        let doubt = Doubt::Revoked(*reason);
        Doubtful::new(binding.to_string(), resident.clone(), doubt)
    });
    let bound = report.answered.iter().filter_map(|answer| match answer {
        EnrolAnswer::Bound { resident, .. } => Some(resident.as_str()),
        EnrolAnswer::Pending(_) | EnrolAnswer::Review(_) | EnrolAnswer::Refused(_) => None,
    });
    let bound: Vec<&str> = bound.collect();
    Rechecked {
        good: report.good,
        open: report.open,
        revoked: revoked.collect(),
        refused: report.answered.len() - bound.len(),
        bound,
        waiting_for_list: report.waiting,
        waiting_for_review: report.review,
        dropped: report.dropped,
        resumed: report.resumed,
        delivery,
    }
}

fn show_recheck(lang: Lang, page: &mut Page, done: &Rechecked<'_>) {
    page.line(say!(
        lang,
        "失効なし {g}、確かめられないもの {o}、失効 {r}",
        "not revoked {g}, not known {o}, revoked {r}",
        g = done.good,
        o = done.open,
        r = done.revoked.len()
    ));
    for revoked in &done.revoked {
        page.line(revoked.line(lang));
    }
    page.line(say!(
        lang,
        "待っていた申込み: 結びつけた {b}、断った {f}、リスト待ち {w}、担当者待ち {v}、期限切れ {d}",
        "enrolments that waited: bound {b}, refused {f}, for a list {w}, for a clerk {v}, dropped {d}",
        b = done.bound.len(),
        f = done.refused,
        w = done.waiting_for_list,
        v = done.waiting_for_review,
        d = done.dropped
    ));
    if !done.revoked.is_empty() {
        page.line(lang.of(
            "失効のことは市区町村の外に伝えないでください。終わりにするには: techo city end --revoked",
            "Nothing of this may be told outside the city. To end them: techo city end --revoked",
        ));
    }
    if done.waiting_for_review > 0 {
        page.line("techo city review --register FILE");
    }
    pages::delivered(lang, page, done.delivery);
}

impl Doubtful {
    pub(super) fn new(binding: String, resident: String, doubt: Doubt) -> Self {
        let (doubt, reason) = match doubt {
            Doubt::Revoked(reason) => ("revoked", Some(revocation(reason))),
            Doubt::RunOut => ("run_out", None),
            Doubt::NotInRegister => ("not_in_register", None),
            Doubt::NotGuardian => ("not_guardian", None),
            Doubt::OfAge => ("of_age", None),
            _ => ("unknown", None),
        };
        Self {
            binding,
            resident,
            doubt,
            reason,
        }
    }

    pub(super) fn line(&self, lang: Lang) -> String {
        let why = match self.doubt {
            "revoked" => lang.of("証明書が失効", "certificate revoked"),
            "run_out" => lang.of("証明書の期限切れ", "certificate run out"),
            "not_in_register" => lang.of("台帳にいない", "not in the register"),
            "not_guardian" => lang.of("台帳で保護者ではない", "no guardian by the register"),
            "of_age" => lang.of("子どもが18歳になった", "the child has come of age"),
            _ => lang.of("確認が必要", "to be looked at"),
        };
        let short: String = self.binding.chars().take(12).collect();
        let reason = self.reason.map(|r| format!(" ({r})")).unwrap_or_default();
        say!(
            lang,
            "{b}  住民 {r}  {w}{x}",
            "{b}  resident {r}  {w}{x}",
            b = short,
            r = self.resident,
            w = why,
            x = reason
        )
    }
}

fn revocation(reason: RevocationReason) -> &'static str {
    match reason {
        RevocationReason::KeyCompromise => "key_compromise",
        RevocationReason::AffiliationChanged => "affiliation_changed",
        RevocationReason::Superseded => "superseded",
        RevocationReason::CessationOfOperation => "cessation_of_operation",
        RevocationReason::CertificateHold => "certificate_hold",
        _ => "unspecified",
    }
}

#[derive(Serialize)]
struct Ended<'a> {
    ended: Vec<String>,
    #[serde(flatten)]
    delivery: &'a Delivered,
}

pub(super) fn end(desk: &Desk, dir: &Path, binding: Option<&str>, go: bool) -> Result<(), Failure> {
    let mut city = open(desk, dir)?;
    let now = clock::now().millis();
    let bindings = if let Some(text) = binding {
        vec![city.find_binding(text).ok_or(Failure::NoSuchBinding)?]
    } else {
        let doubtful = city.review(now, None).bindings.into_iter();
        let revoked = doubtful.filter(|b| matches!(b.doubt, Doubt::Revoked(_)));
        revoked.map(|b| b.binding).collect()
    };
    for binding in &bindings {
        city.end(now, *binding)?;
    }
    let delivery = send(city, go)?;
    let ended = Ended {
        ended: bindings.iter().map(ToString::to_string).collect(),
        delivery: &delivery,
    };
    let lang = desk.lang();
    desk.out.show("city-end/1", &ended, |page| {
        page.line(say!(
            lang,
            "終わりにした結びつき {n}。家族には「これ以上届きません」とだけ伝わります。",
            "Bindings ended: {n}. The family learns only that nothing more will come.",
            n = ended.ended.len()
        ));
        pages::delivered(lang, page, &delivery);
    })?;
    delivery.failure.map_or(Ok(()), Err)
}
