//! One file a command group: parse, call the use case, print.

mod item;
mod init;
mod member;
mod add;
mod timeline;
mod due;
mod checkup;
mod record;
mod export;
mod import;
mod pairing;
mod device;
mod sync;
mod status;
mod issuers;
mod card;
mod holder;
mod enrol;
mod rebind;
mod proof;
mod city_pages;
mod city_counter;
mod city_bindings;
mod city_review;
mod city;
mod relay;
mod schedule;
mod growth;
mod messages;
mod remind;

use techo_health::When;

use crate::args::{Arguments, Command};
use crate::clock;
use crate::desk::Desk;
use crate::error::Failure;
use crate::output::Output;

/// Does what was typed.
pub(crate) fn run(arguments: Arguments, out: Output) -> Result<(), Failure> {
    let desk = Desk::new(&arguments.common, out);
    match arguments.command {
        Command::Init(args) => init::run(&desk, &args),
        Command::Member(args) => member::run(&desk, args.command),
        Command::Add(args) => add::run(&desk, args.kind),
        Command::Timeline(args) => timeline::run(&desk, &args),
        Command::Growth(args) => growth::run(&desk, &args),
        Command::Checkup(args) => checkup::run(&desk, &args.command),
        Command::Due(args) => due::run(&desk, &args),
        Command::Messages(args) => messages::run(&desk, &args),
        Command::Remind(args) => remind::run(&desk, &args),
        Command::Record(args) => record::run(&desk, args.command),
        Command::Export(args) => export::run(&desk, &args),
        Command::Import(args) => import::run(&desk, &args),
        Command::Device(args) => device::run(&desk, args.command),
        Command::Sync(args) => sync::run(&desk, &args),
        Command::Status => status::status(&desk),
        Command::Card(args) => card::run(&desk, &args.command),
        Command::Enrol(args) => enrol::run(&desk, &args),
        Command::Rebind(args) => rebind::run(&desk, &args),
        Command::Issuers => issuers::run(&desk),
        Command::Prove(args) => proof::prove(&desk, &args),
        Command::Check(args) => proof::check(&desk, &args),
        Command::Doctor => status::doctor(&desk),
        Command::Schedule(args) => schedule::run(&desk, &args.command),
        Command::Relay(args) => relay::run(&desk, args.command),
        Command::City(args) => city::run(&desk, &args.dir, args.command),
        Command::Demo(args) => crate::demo::run(&desk, args.keep.as_deref()),
    }
}

/// A date as typed; today in Japan if nothing was.
fn date_or_today(typed: Option<&str>) -> Result<When, Failure> {
    match typed {
        Some(text) => Ok(text.parse()?),
        None => Ok(When::from(clock::today())),
    }
}
