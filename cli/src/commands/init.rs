//! `techo init`.

use serde::Serialize;
use techo_vault::crypto::Cost;
use techo_vault::vault::Vault;
use techo_wire::RelayAddress;

use crate::args::InitArgs;
use crate::desk::Desk;
use crate::error::Failure;
use crate::lang::say;
use crate::{clock, place};

#[derive(Serialize)]
struct Made<'a> {
    vault: String,
    device: &'a str,
    relay: Option<String>,
}

pub(super) fn run(desk: &Desk, args: &InitArgs) -> Result<(), Failure> {
    let relay = args
        .relay
        .as_deref()
        .map(str::parse::<RelayAddress>)
        .transpose()?;
    let passphrase = desk.passphrase().fresh()?;
    let dir = place::make(&desk.dir()?)?;
    let install = place::install(&dir)?;
    let lang = desk.lang();
    let device = args
        .device
        .as_deref()
        .unwrap_or(lang.of("最初の端末", "first device"));
    let working = desk.progress(lang.of("鍵を作っています", "Making keys"));
    let now = clock::now();
    let mut vault = Vault::create(&dir, &passphrase, Cost::FLOOR, &install, device, now)?;
    if let Some(relay) = relay.clone() {
        vault.add_relay(relay, now)?;
    }
    drop(working);
    let made = Made {
        vault: dir.display().to_string(),
        device,
        relay: relay.map(|relay| relay.to_string()),
    };
    desk.out.show("init/1", &made, |page| {
        page.line(say!(
            lang,
            "手帳を作りました: {d}",
            "Made a vault: {d}",
            d = made.vault
        ));
        page.line(lang.of(
            "合言葉を忘れると、だれにも開けられません。紙に書いて、しまっておいてください。",
            "Nobody can open it without the passphrase. Write it down and keep it safe.",
        ));
        page.line(lang.of(
            "次は: techo member add 名前 --born 生年月日",
            "Next: techo member add NAME --born DATE",
        ));
    })?;
    Ok(())
}
