//! `techo rebind`: other keys for a standing enrolment, without the card.

use serde::Serialize;

use crate::args::RebindArgs;
use crate::clock;
use crate::desk::{Desk, write_text};
use crate::error::Failure;
use crate::lang::say;

#[derive(Serialize)]
struct Rebound<'a> {
    member: String,
    issuer: &'a str,
    file: String,
}

pub(super) fn run(desk: &Desk, args: &RebindArgs) -> Result<(), Failure> {
    let mut vault = desk.open()?;
    let member = Desk::member(&vault, args.member.as_deref())?;
    let text = vault.rebind(&member.id, &args.issuer, clock::now())?;
    write_text(&args.out, &text)?;
    let rebound = Rebound {
        member: member.id.to_string(),
        issuer: &args.issuer,
        file: args.out.display().to_string(),
    };
    let lang = desk.lang();
    desk.out.show("rebind/1", &rebound, |page| {
        page.line(say!(
            lang,
            "{f} を{c}に渡してください。カードは要りません。",
            "Hand {f} to {c}. No card is needed.",
            f = rebound.file,
            c = rebound.issuer
        ));
        page.line(lang.of(
            "市区町村が答えるまで、外した端末は新しい公式記録をまだ読めるかもしれません。",
            "Until the city answers, a removed device may still read new official records.",
        ));
    })?;
    super::enrol::open_inbox(desk, vault)
}
