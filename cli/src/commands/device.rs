//! `techo device`.

use std::io::Read as _;

use super::pairing::{self, Turn};
use crate::args::DeviceCommand;
use crate::desk::Desk;
use crate::error::Failure;
use crate::lang::{dates, say, words};
use crate::output::Table;

pub(super) fn run(desk: &Desk, command: DeviceCommand) -> Result<(), Failure> {
    match command {
        DeviceCommand::List => list(desk),
        DeviceCommand::Join(args) => pairing::join(desk, &args),
        DeviceCommand::Invite {
            ticket,
            no_wait,
            wait,
        } => {
            let ticket = ticket_text(ticket)?
                .parse()
                .map_err(techo_vault::net::NetError::Pairing)?;
            pairing::invite(
                desk,
                ticket,
                &Turn {
                    digits: None,
                    refuse: false,
                    no_wait,
                    wait,
                },
            )
        }
        DeviceCommand::Confirm {
            digits,
            refuse,
            no_wait,
            wait,
        } => pairing::confirm(
            desk,
            &Turn {
                digits,
                refuse,
                no_wait,
                wait,
            },
        ),
    }
}

fn ticket_text(typed: String) -> Result<String, Failure> {
    if typed != "-" {
        return Ok(typed);
    }
    let mut text = String::new();
    std::io::stdin()
        .take(MAX_TICKET)
        .read_to_string(&mut text)?;
    Ok(text)
}

const MAX_TICKET: u64 = 8192;

fn list(desk: &Desk) -> Result<(), Failure> {
    let devices = desk.open()?.devices();
    let lang = desk.lang();
    desk.out.show("device-list/1", &devices, |page| {
        let mut table = Table::default();
        for device in &devices {
            let note = match (device.this, device.removed) {
                (_, true) => lang.of("外された", "removed"),
                (true, false) => lang.of("この端末", "this device"),
                (false, false) => "",
            };
            let key: String = device.key.chars().take(8).collect();
            table.row([
                device.name.clone(),
                words::role(lang, &device.role),
                note.to_owned(),
                key,
            ]);
        }
        page.table(&table);
    })?;
    Ok(())
}

/// Until when a ticket serves, for people.
pub(super) fn until(desk: &Desk, millis: u64) -> String {
    let at = dates::instant(millis);
    say!(desk.lang(), "{a} まで", "until {a}", a = at)
}
