//! `techo sync`.

use serde::Serialize;
use techo_vault::net::{Change, Driver, RelayReport, SharedVault, SyncReport};
use techo_vault::vault::FindingView;
use techo_wire::RelayAddress;

use crate::args::SyncArgs;
use crate::clock;
use crate::desk::Desk;
use crate::error::Failure;
use crate::lang::{Lang, say};
use crate::output::Page;

pub(super) fn run(desk: &Desk, args: &SyncArgs) -> Result<(), Failure> {
    let relay = args
        .relay
        .as_deref()
        .map(str::parse::<RelayAddress>)
        .transpose()?;
    let mut vault = desk.open()?;
    if let Some(relay) = relay {
        vault.add_relay(relay, clock::now())?;
    }
    Desk::drive(vault, async |driver, shared| {
        if args.watch {
            watch(desk, driver, shared).await
        } else {
            once(desk, driver).await
        }
    })
}

async fn once(desk: &Desk, driver: &Driver) -> Result<(), Failure> {
    let lang = desk.lang();
    let working = desk.progress(lang.of("やり取りしています", "Exchanging"));
    let report = driver.sync(&|count| working.reached(count)).await?;
    drop(working);
    desk.out.show("sync/1", &report, |page| {
        for relay in &report.relays {
            show_relay(lang, page, relay);
        }
        if report.damaged > 0 {
            page.line(say!(
                lang,
                "手元で傷んでいた記録が{n}件ありました。",
                "{n} entries were damaged on this device.",
                n = report.damaged
            ));
        }
    })?;
    failures(report)
}

/// A relay that was not reached is a failure, after everything else was shown.
pub(super) fn failures(report: SyncReport) -> Result<(), Failure> {
    match report.failures.into_iter().next() {
        Some((_, error)) => Err(Failure::Incomplete(Box::new(error))),
        None => Ok(()),
    }
}

fn show_relay(lang: Lang, page: &mut Page, report: &RelayReport) {
    let mut parts = vec![say!(
        lang,
        "送信 {s}、受信 {r}",
        "sent {s}, received {r}",
        s = report.sent,
        r = report.received
    )];
    let mut add = |count: usize, ja: &str, en: &str| {
        if count > 0 {
            parts.push(format!("{} {count}", lang.of(ja, en)));
        }
    };
    add(report.official, "公式記録", "official records");
    add(report.bindings, "本人確認", "verifications");
    add(report.granted, "新しい手帳", "new books");
    add(report.healed, "修復", "healed");
    add(report.refused, "受け入れなかったもの", "refused");
    let host = report.address.split('#').next().unwrap_or_default();
    page.line(format!("{host}  {}", parts.join(lang.of("、", ", "))));
    for refusal in &report.refusals {
        page.line(format!("  ✗ {refusal}"));
    }
    let set_back: u64 = report.findings.iter().filter_map(said_again).sum();
    if set_back > 0 {
        show_set_back(lang, page, set_back);
    }
    let others = report.findings.iter();
    for finding in others.filter(|finding| said_again(finding).is_none()) {
        page.line(format!("  ⚠ {}", describe(lang, finding)));
    }
}

/// How many entries were said again, if that is what was found: every handbook tells its own.
fn said_again(finding: &FindingView) -> Option<u64> {
    match finding {
        FindingView::SetBack { entries, .. } => Some(*entries),
        FindingView::Rollback { .. }
        | FindingView::Fork { .. }
        | FindingView::Withheld { .. }
        | FindingView::Contradiction { .. } => None,
    }
}

fn show_set_back(lang: Lang, page: &mut Page, entries: u64) {
    page.line(format!("  ⚠ {}", set_back(lang, entries)));
    page.line(lang.of(
        "    戻した覚えがなければ、だれかがこの手帳の写しを使っているかもしれません。",
        "    If nobody restored it, somebody may be using a copy of this vault.",
    ));
    page.line(lang.of(
        "    控えの置き場所と合言葉を知る人を確かめ、techo device list に知らない端末がないか見てください。",
        "    Check where backups lie and who knows the passphrase, and look for unknown devices: techo device list.",
    ));
}

fn set_back(lang: Lang, entries: u64) -> String {
    say!(
        lang,
        "この端末は古い状態に戻されていました。そのあとここで書いた{n}件は書き直して残し、リレーに届いていた記録は取り直します。",
        "This device had been set back to an older state. The {n} entries written here since are kept and sent again; what the relay had received is fetched.",
        n = entries
    )
}

fn describe(lang: Lang, finding: &FindingView) -> String {
    match finding {
        FindingView::Rollback {
            acknowledged,
            shown,
        } => {
            let shown = shown.map_or_else(|| "—".to_owned(), |shown| shown.to_string());
            say!(
                lang,
                "リレーが以前に受け取った記録を見せません({a} → {s})。手元から補いました。",
                "The relay shows less than it had signed for ({a} → {s}); it was filled again from here.",
                a = acknowledged,
                s = shown
            )
        }
        FindingView::Fork { sequence } => {
            say!(
                lang,
                "同じ場所({s})に二つの違う記録があります。",
                "Two different entries claim the same place ({s}).",
                s = sequence
            )
        }
        FindingView::SetBack { entries, .. } => set_back(lang, *entries),
        FindingView::Withheld { sequence } => {
            say!(
                lang,
                "別の端末が見た記録({s})を、リレーが渡しません。",
                "The relay withholds an entry ({s}) that another device has seen.",
                s = sequence
            )
        }
        FindingView::Contradiction { sequence } => {
            say!(
                lang,
                "リレーは同じ場所({s})に別の記録があると言いますが、見せません。",
                "The relay names another entry at one place ({s}), and does not show it.",
                s = sequence
            )
        }
    }
}

/// One thing that happened while watching, for programs.
#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "event")]
enum Event<'a> {
    InStep { report: &'a RelayReport },
    Moved { report: &'a RelayReport },
    Away { seconds: f32 },
}

async fn watch(desk: &Desk, driver: &Driver, shared: &SharedVault) -> Result<(), Failure> {
    let relays = shared.with(|vault| Ok(vault.relays())).await?;
    let Some(relay) = relays.first() else {
        return Err(techo_vault::vault::VaultError::NoRelay.into());
    };
    desk.out
        .aside(desk.lang().of("Ctrl-Cで終わります。", "Ctrl-C ends."));
    let stop = async { drop(tokio::signal::ctrl_c().await) };
    let tell = |change: Change| {
        // Whoever read the output has gone; the vault is kept in step all the same.
        drop(show_change(desk, &change));
    };
    Ok(Box::pin(driver.watch(relay, stop, &tell)).await?)
}

fn show_change(desk: &Desk, change: &Change) -> std::io::Result<()> {
    let lang = desk.lang();
    match change {
        Change::InStep(report) => desk.out.show("watch/1", &Event::InStep { report }, |page| {
            show_relay(lang, page, report);
            page.line(lang.of("  最新です", "  in step"));
        }),
        Change::Moved(report) => desk.out.show("watch/1", &Event::Moved { report }, |page| {
            show_relay(lang, page, report);
        }),
        Change::Away(_, pause) => {
            let seconds = pause.as_secs_f32();
            desk.out.show("watch/1", &Event::Away { seconds }, |page| {
                page.line(say!(
                    lang,
                    "リレーにつながりません。{s}秒後にもう一度。",
                    "The relay is away; trying again in {s} s.",
                    s = format!("{seconds:.1}")
                ));
            })
        }
    }
}
