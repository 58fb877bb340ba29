//! Pairing at the terminal: the ticket, the digits, the question. It decides nothing: whether the
//! digits agree is for people, or for whoever passes them on the command line.

use std::time::Duration;

use serde::Serialize;
use techo_vault::crypto::Cost;
use techo_vault::net::{Driver, NetError, Patience, SharedVault};
use techo_vault::pairing::{Digits, Ticket};
use techo_vault::store::StoreError;
use techo_vault::vault::{Pairing, Vault, VaultError};
use techo_wire::RelayAddress;

use crate::args::JoinArgs;
use crate::desk::{Desk, write_text};
use crate::error::Failure;
use crate::lang::say;
use crate::output::Output;
use crate::place;

/// How long a ticket serves.
const TICKET_LIFETIME: Duration = Duration::from_hours(1);

/// How one run of a pairing goes.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) digits: Option<String>,
    pub(super) refuse: bool,
    pub(super) no_wait: bool,
    pub(super) wait: Duration,
}

impl Turn {
    fn patience(&self) -> Patience {
        if self.no_wait {
            Patience::Once
        } else {
            Patience::Until(self.wait)
        }
    }
}

#[derive(Serialize)]
struct TicketShown {
    ticket: String,
    expires: u64,
}

#[derive(Serialize)]
struct DigitsShown<'a> {
    digits: String,
    other_device: &'a str,
}

#[derive(Serialize)]
struct Done {
    members: usize,
    devices: usize,
}

/// On the new device: a vault, a ticket, and what follows.
pub(super) fn join(desk: &Desk, args: &JoinArgs) -> Result<(), Failure> {
    let relay: RelayAddress = args.relay.parse()?;
    let lang = desk.lang();
    let name = args.device.clone();
    let name = name.unwrap_or_else(|| lang.of("新しい端末", "new device").to_owned());
    let vault = empty_vault(desk)?;
    let turn = Turn {
        digits: None,
        refuse: false,
        no_wait: args.no_wait,
        wait: args.wait,
    };
    Desk::drive(vault, async |driver, shared| {
        let ticket = driver.start_joining(relay, &name, TICKET_LIFETIME).await?;
        if let Some(file) = &args.out {
            write_text(file, &format!("{ticket}\n"))?;
        }
        show_ticket(desk, &ticket)?;
        if turn.no_wait {
            return Ok(());
        }
        newcomer(desk, driver, shared, &turn).await
    })
}

/// A vault that belongs to no family: the one in the folder, or a new one.
fn empty_vault(desk: &Desk) -> Result<Vault, Failure> {
    let dir = place::make(&desk.dir()?)?;
    let install = place::install(&dir)?;
    let empty = std::fs::read_dir(&dir)?.next().is_none();
    if !empty {
        let vault = desk.open()?;
        if vault.has_household() {
            return Err(VaultError::HasHousehold.into());
        }
        return Ok(vault);
    }
    let passphrase = desk.passphrase().fresh()?;
    let working = desk.progress(desk.lang().of("鍵を作っています", "Making keys"));
    let made = Vault::create_empty(&dir, &passphrase, Cost::FLOOR, &install);
    drop(working);
    match made {
        Err(VaultError::Store(StoreError::AlreadyAVault)) => desk.open(),
        made => Ok(made?),
    }
}

fn show_ticket(desk: &Desk, ticket: &Ticket) -> Result<(), Failure> {
    let lang = desk.lang();
    let text = ticket.to_string();
    let shown = TicketShown {
        ticket: text.clone(),
        expires: ticket.expires().millis(),
    };
    let until = super::device::until(desk, shown.expires);
    desk.out.show("ticket/1", &shown, |page| {
        page.line(&text);
    })?;
    if desk.out.can_ask()
        && let Some(code) = qr(&text)
    {
        desk.out.aside(&code);
    }
    desk.out.aside(&say!(
        lang,
        "この招待券({u}・1回限り)を、家族の端末で: techo device invite 招待券",
        "On a device of the family ({u}, once): techo device invite TICKET",
        u = until
    ));
    Ok(())
}

fn qr(text: &str) -> Option<String> {
    let code = qrcode::QrCode::with_error_correction_level(text, qrcode::EcLevel::L).ok()?;
    Some(code.render::<qrcode::render::unicode::Dense1x2>().build())
}

/// On a device of the family: answer a ticket, and what follows.
pub(super) fn invite(desk: &Desk, ticket: Ticket, turn: &Turn) -> Result<(), Failure> {
    let vault = desk.open()?;
    Desk::drive(vault, async |driver, shared| {
        let name = driver.answer_ticket(ticket).await?;
        desk.out.aside(&say!(
            desk.lang(),
            "「{n}」に応えました。",
            "Answered “{n}”.",
            n = name
        ));
        if turn.no_wait {
            return Ok(());
        }
        inviter(desk, driver, shared, turn).await
    })
}

/// Takes up the pairing that was left on this device.
pub(super) fn confirm(desk: &Desk, turn: &Turn) -> Result<(), Failure> {
    let vault = desk.open()?;
    let pairing = vault.pairing()?.ok_or(VaultError::NoPairing)?;
    Desk::drive(vault, async |driver, shared| match pairing {
        Pairing::Newcomer(_) => newcomer(desk, driver, shared, turn).await,
        Pairing::Inviter(_) => inviter(desk, driver, shared, turn).await,
    })
}

async fn newcomer(
    desk: &Desk,
    driver: &Driver,
    shared: &SharedVault,
    turn: &Turn,
) -> Result<(), Failure> {
    if turn.refuse {
        driver.forget_pairing().await?;
        return Err(Failure::Declined);
    }
    let (digits, other) = wait(desk, driver.await_offer(turn.patience())).await?;
    show_digits(desk, digits, &other)?;
    match compared(desk, digits, turn)? {
        Word::Same => {}
        Word::Different => return declined(turn, driver.forget_pairing().await),
        Word::Later => return Ok(()),
    }
    wait(desk, driver.finish_joining(turn.patience())).await?;
    let working = desk.progress(
        desk.lang()
            .of("記録を受け取っています", "Receiving records"),
    );
    let report = driver.sync(&|count| working.reached(count)).await?;
    drop(working);
    finished(desk, shared).await?;
    super::sync::failures(report)
}

async fn inviter(
    desk: &Desk,
    driver: &Driver,
    shared: &SharedVault,
    turn: &Turn,
) -> Result<(), Failure> {
    if turn.refuse {
        driver.refuse_invitation().await?;
        return Err(Failure::Declined);
    }
    let (digits, other) = wait(desk, driver.await_reveal(turn.patience())).await?;
    show_digits(desk, digits, &other)?;
    match compared(desk, digits, turn)? {
        Word::Same => {}
        Word::Different => return declined(turn, driver.refuse_invitation().await),
        Word::Later => return Ok(()),
    }
    driver.confirm_invitation(digits).await?;
    finished(desk, shared).await
}

async fn wait<T>(
    desk: &Desk,
    answer: impl Future<Output = Result<T, NetError>>,
) -> Result<T, Failure> {
    let lang = desk.lang();
    let waiting = desk.progress(lang.of(
        "もう一方の端末を待っています",
        "Waiting for the other device",
    ));
    let answer = answer.await;
    drop(waiting);
    Ok(answer?)
}

fn show_digits(desk: &Desk, digits: Digits, other: &str) -> Result<(), Failure> {
    let lang = desk.lang();
    let shown = DigitsShown {
        digits: digits.to_string(),
        other_device: other,
    };
    desk.out.show("digits/1", &shown, |page| {
        page.line(say!(
            lang,
            "相手の端末: {o}",
            "The other device: {o}",
            o = other
        ));
        page.line(say!(lang, "数字: {d}", "Digits: {d}", d = shown.digits));
    })?;
    Ok(())
}

/// What somebody says about the digits.
enum Word {
    Same,
    Different,
    /// Nobody has said anything yet: the pairing waits for `confirm`.
    Later,
}

fn compared(desk: &Desk, digits: Digits, turn: &Turn) -> Result<Word, Failure> {
    let word = |same| if same { Word::Same } else { Word::Different };
    if let Some(seen) = &turn.digits {
        let seen: Digits = seen.parse().map_err(NetError::Pairing)?;
        return Ok(word(seen == digits));
    }
    let lang = desk.lang();
    if turn.no_wait {
        desk.out.aside(lang.of(
            "もう一方の端末の数字と同じなら: techo device confirm --digits その数字",
            "If the other device shows the same: techo device confirm --digits THOSE",
        ));
        return Ok(Word::Later);
    }
    if !desk.out.can_ask() {
        return Err(Failure::DigitsNeeded);
    }
    let question = lang.of(
        "両方の端末に同じ数字が出ていますか?",
        "Do both devices show the same digits?",
    );
    Ok(word(Output::ask(question)?))
}

/// The digits differ: what was under way is over, whether or not the other side could be told.
fn declined(turn: &Turn, told: Result<(), NetError>) -> Result<(), Failure> {
    told?;
    Err(if turn.digits.is_some() {
        VaultError::DigitsDiffer.into()
    } else {
        Failure::Declined
    })
}

async fn finished(desk: &Desk, shared: &SharedVault) -> Result<(), Failure> {
    let done = shared
        .with(|vault| {
            Ok(Done {
                members: vault.members().len(),
                devices: vault.devices().len(),
            })
        })
        .await?;
    let lang = desk.lang();
    desk.out.show("paired/1", &done, |page| {
        page.line(say!(
            lang,
            "つながりました。メンバー{m}人、端末{d}台。",
            "Paired. Members: {m}, devices: {d}.",
            m = done.members,
            d = done.devices
        ));
    })?;
    Ok(())
}
