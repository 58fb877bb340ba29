//! `techo prove` and `techo check`.

use std::collections::BTreeMap;

use serde::Serialize;
use techo_vault::issued::{GroupName, IssuedKind, IssuerFile, Proof, Proven};

use crate::args::{CheckArgs, GroupArg, ProveArgs};
use crate::desk::{Desk, read_text, write_text};
use crate::error::Failure;
use crate::lang::{Lang, dates, say, words};
use crate::output::{Output, Page, Table};

#[derive(Serialize)]
struct Proved<'a> {
    file: Option<String>,
    proof: &'a str,
    shown: Vec<&'static str>,
}

pub(super) fn prove(desk: &Desk, args: &ProveArgs) -> Result<(), Failure> {
    let show: Vec<GroupName> = GroupName::ALL
        .into_iter()
        .filter(|name| args.show.iter().any(|shown| group(*shown) == *name))
        .collect();
    let proof = desk.open()?.prove(&args.id, &show)?;
    let Some(out) = &args.out else {
        if !desk.out.is_json() {
            return Ok(Output::raw(&proof)?);
        }
        return told(desk, None, &proof, &show);
    };
    write_text(out, &proof)?;
    told(desk, Some(out.display().to_string()), &proof, &show)
}

fn told(desk: &Desk, file: Option<String>, proof: &str, show: &[GroupName]) -> Result<(), Failure> {
    let lang = desk.lang();
    let proved = Proved {
        file,
        proof,
        shown: show.iter().map(|name| name.as_str()).collect(),
    };
    desk.out.show("prove/1", &proved, |page| {
        let file = proved.file.as_deref().unwrap_or_default();
        page.line(say!(
            lang,
            "証明を {f} に書きました。",
            "Wrote the proof to {f}.",
            f = file
        ));
        let names = |shown: bool| {
            let all = GroupName::ALL
                .into_iter()
                .filter(|name| show.contains(name) == shown);
            let names: Vec<String> = all.map(|name| words::group(lang, name.as_str())).collect();
            names.join(lang.of("、", ", "))
        };
        page.line(say!(lang, "見せるもの: {n}", "Shown: {n}", n = names(true)));
        page.line(say!(lang, "隠すもの: {n}", "Hidden: {n}", n = names(false)));
    })?;
    Ok(())
}

fn group(arg: GroupArg) -> GroupName {
    match arg {
        GroupArg::Who => GroupName::Who,
        GroupArg::What => GroupName::What,
        GroupArg::Where => GroupName::Where,
    }
}

#[derive(Serialize)]
struct Checked<'a> {
    valid: bool,
    issuer: String,
    issuer_name: &'a str,
    issuer_code: &'a str,
    kind: &'static str,
    index: u64,
    issued_at: u64,
    shown: BTreeMap<&'static str, BTreeMap<&'a str, &'a str>>,
    hidden: Vec<&'static str>,
    knows_later_corrections: bool,
}

pub(super) fn check(desk: &Desk, args: &CheckArgs) -> Result<(), Failure> {
    let issuer = IssuerFile::from_text(&read_text(&args.issuer)?)?;
    let proven = Proof::from_text(&read_text(&args.proof)?)?.check(&issuer)?;
    let checked = Checked {
        valid: true,
        issuer: proven.issuer.to_string(),
        issuer_name: &proven.issuer_name,
        issuer_code: &proven.issuer_code,
        kind: kind(proven.kind),
        index: proven.index,
        issued_at: proven.issued_at,
        shown: proven
            .shown
            .iter()
            .map(|(name, group)| (name.as_str(), group.pairs().collect()))
            .collect(),
        hidden: proven.hidden.iter().map(|name| name.as_str()).collect(),
        knows_later_corrections: proven.knows_later_corrections(),
    };
    let lang = desk.lang();
    desk.out.show("check/1", &checked, |page| {
        show_checked(lang, page, &proven);
    })?;
    Ok(())
}

fn kind(kind: IssuedKind) -> &'static str {
    match kind {
        IssuedKind::Issue => "issue",
        IssuedKind::Correct => "correct",
        IssuedKind::Withdraw => "withdraw",
        IssuedKind::Heartbeat => "heartbeat",
        IssuedKind::End => "end",
    }
}

fn show_checked(lang: Lang, page: &mut Page, proven: &Proven) {
    let at = dates::instant(proven.issued_at);
    page.line(say!(
        lang,
        "✓ {n}({c})が {d} に署名したものです。書き換えられていません。",
        "✓ Signed by {n} ({c}) on {d}, and not altered since.",
        n = proven.issuer_name,
        c = proven.issuer_code,
        d = at
    ));
    for (name, group) in &proven.shown {
        page.line(format!("  {}", words::group(lang, name.as_str())));
        let mut table = Table::indented(4);
        for (key, text) in group
            .pairs()
            .filter(|(key, _)| !matches!(*key, "v" | "form"))
        {
            let value = if key == "kind" {
                words::kind(lang, text)
            } else {
                words::text_value(lang, key, text)
            };
            let label = if key == "kind" {
                lang.of("種類", "Kind").to_owned()
            } else {
                words::field(lang, key)
            };
            table.row([label, value]);
        }
        page.table(&table);
    }
    for name in &proven.hidden {
        let name = words::group(lang, name.as_str());
        page.line(say!(
            lang,
            "  {n}: 隠されています",
            "  {n}: hidden",
            n = name
        ));
    }
    page.line(lang.of(
        "この証明だけでは、後で訂正・取消されたかどうかはわかりません。",
        "This proof alone cannot say whether the record was corrected or withdrawn later.",
    ));
}
