//! `techo status`, `techo doctor`.

use techo_vault::vault::{DoctorReport, LostEntry, Status};

use crate::desk::Desk;
use crate::error::Failure;
use crate::lang::{Lang, say};
use crate::output::{Page, Table};

pub(super) fn status(desk: &Desk) -> Result<(), Failure> {
    let vault = desk.open()?;
    let status = vault.status();
    let lang = desk.lang();
    desk.out
        .show("status/1", &status, |page| show_status(lang, page, &status))?;
    Ok(())
}

fn show_status(lang: Lang, page: &mut Page, status: &Status) {
    let mut table = Table::default();
    let mut row =
        |ja: &str, en: &str, value: String| table.row([lang.of(ja, en).to_owned(), value]);
    row("メンバー", "Members", status.members.to_string());
    row("手元の記入", "Entries held", status.entries.to_string());
    row(
        "まだ届いていない記入",
        "Entries missing",
        status.missing.to_string(),
    );
    row(
        "待っている記入",
        "Entries waiting",
        status.waiting.to_string(),
    );
    page.table(&table);
    for relay in &status.relays {
        let host = relay.address.split('#').next().unwrap_or_default();
        let state = if relay.behind == 0 {
            lang.of("すべて預けました", "holds everything").to_owned()
        } else {
            say!(
                lang,
                "まだ預けていない記入 {n}",
                "{n} entries not there yet",
                n = relay.behind
            )
        };
        page.line(say!(
            lang,
            "リレー {h}  {s}",
            "Relay {h}  {s}",
            h = host,
            s = state
        ));
        page.line(format!("  {}", relay.address));
    }
    if status.relays.is_empty() {
        page.line(lang.of(
            "リレーはまだありません。techo sync --relay HOST:PORT#KEY",
            "No relay yet: techo sync --relay HOST:PORT#KEY",
        ));
    }
    listed(page, lang.of("隔離", "Quarantined"), &status.quarantined);
    listed(page, lang.of("傷み", "Damage"), &status.damage);
}

fn listed(page: &mut Page, what: &str, lines: &[String]) {
    for line in lines {
        page.line(format!("⚠ {what}: {line}"));
    }
}

pub(super) fn doctor(desk: &Desk) -> Result<(), Failure> {
    let mut vault = desk.open()?;
    let lang = desk.lang();
    let working = desk.progress(lang.of("すべて読んでいます", "Reading everything"));
    let report = vault.doctor()?;
    drop(working);
    desk.out
        .show("doctor/1", &report, |page| show_doctor(lang, page, &report))?;
    if report.is_sound() {
        Ok(())
    } else {
        Err(Failure::NotSound)
    }
}

fn show_doctor(lang: Lang, page: &mut Page, report: &DoctorReport) {
    page.line(say!(
        lang,
        "{n}件を読み、確かめました。",
        "Read and checked {n} frames.",
        n = report.frames
    ));
    listed(page, lang.of("傷み", "Damage"), &report.damage);
    for lost in &report.lost {
        page.line(format!("⚠ {}", describe(lang, lost)));
    }
    listed(page, lang.of("隔離", "Quarantined"), &report.quarantined);
    if report.refused_controls > 0 {
        page.line(say!(
            lang,
            "認められなかった操作 {n}",
            "Control ops that do not stand: {n}",
            n = report.refused_controls
        ));
    }
    if report.forks > 0 {
        page.line(say!(
            lang,
            "⚠ 市区町村が矛盾した署名をした証拠 {n}",
            "⚠ Proofs that an issuer contradicted itself: {n}",
            n = report.forks
        ));
    }
    if report.retired > 0 {
        page.line(say!(
            lang,
            "端末が古い状態に戻されたあとの記入 {n}。書き直してあり、元の記入は証拠として残しています。",
            "Entries written after this device was set back: {n}. They were sent again; the originals are kept as evidence.",
            n = report.retired
        ));
    }
    if report.is_sound() {
        page.line(lang.of("問題ありません。", "Everything is sound."));
    }
}

fn describe(lang: Lang, lost: &LostEntry) -> String {
    let whose = lost
        .member
        .as_deref()
        .unwrap_or(lang.of("家族の手帳", "the household"));
    let (from, to) = (lost.from, lost.to);
    let what = say!(
        lang,
        "{w}: 「{d}」の記入 {f}〜{t} がそろっていません",
        "{w}: entries {f}–{t} of “{d}” are not whole here",
        w = whose,
        d = lost.device,
        f = from,
        t = to
    );
    let hope = match (lost.content_held, lost.at_relay) {
        (true, _) => lang.of("(内容は読めます)", " (their content is still shown)"),
        (false, true) => lang.of(
            "(リレーにあります。techo sync で戻ります)",
            " (a relay has them: techo sync)",
        ),
        (false, false) => lang.of(
            "(ほかの端末だけが持っているかもしれません)",
            " (only another device may have them)",
        ),
    };
    format!("{what}{hope}")
}
