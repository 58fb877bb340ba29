//! What can be typed: every command, option and example. Decides nothing about what they do.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod checkup;
mod card;
mod family;
mod growth;
mod due;
mod issuer;
mod messages;
mod operator;
mod schedule;
mod tabled;
mod copies;
mod japanese;
mod parse;

pub(crate) use card::{CardArgs, CardCommand, SlotArgs, UnlockArgs};
pub(crate) use checkup::{CheckupsArgs, CheckupsCommand};
pub(crate) use copies::{ExportArgs, ExportFormat, ImportArgs};
pub(crate) use due::DueArgs;
pub(crate) use family::{
    AddArgs, AddKind, AmendArgs, CheckupArgs, DeviceArgs, DeviceCommand, InitArgs, JoinArgs,
    MeasurementArgs, MemberAddArgs, MemberAmendArgs, MemberArgs, MemberCommand, NewRecord,
    NoteArgs, RecordArgs, RecordCommand, SyncArgs, TimelineArgs, VaccinationArgs,
};
pub(crate) use growth::{AgesArg, GrowthArgs, MeasureArg, ReferenceArg};
pub(crate) use issuer::{CheckArgs, EnrolArgs, GroupArg, ProveArgs, RebindArgs};
pub(crate) use messages::{MessagesArgs, RemindArgs, TitlesArg};
pub(crate) use operator::{CityArgs, CityCommand, DemoArgs, RelayArgs, RelayCommand};
pub(crate) use parse::{Stop, parse};
pub(crate) use schedule::{ScheduleArgs, ScheduleCommand};
pub(crate) use tabled::TabledArgs;

/// A family's own encrypted copy of its health records.
#[derive(Debug, Parser)]
#[command(
    name = "techo",
    version,
    propagate_version = true,
    after_help = "\
Examples:
  techo demo                            the whole story, in one folder
  techo init --device \"Mother's phone\"  make a vault on this device
  techo member add みほん花 --born 2024-10-01
  techo timeline"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// The vault's folder [default: the platform's data folder; or `TECHO_VAULT`].
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) vault: Option<PathBuf>,
    /// The language of people: ja or en [default: `LANG`].
    #[arg(long, global = true, value_name = "ja|en")]
    pub(crate) lang: Option<LangArg>,
    /// Print JSON for programs (docs/json.md).
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Read the passphrase from the first line of a file [or `TECHO_PASSPHRASE_FILE`].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// A language, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LangArg {
    /// 日本語.
    Ja,
    /// English.
    En,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a vault on this device for a new family.
    #[command(
        after_help = "Example:\n  techo init --device \"Mother's phone\" --relay relay.example:4433#KEY"
    )]
    Init(InitArgs),
    /// The members of the family.
    Member(MemberArgs),
    /// Write something down: a vaccination, a measurement, a pregnancy, an illness …
    Add(AddArgs),
    /// Everything that happened, in order.
    #[command(
        after_help = "Example:\n  techo timeline --member みほん花 --kind vaccination\n  techo timeline --latest 20"
    )]
    Timeline(TimelineArgs),
    /// How a child has grown, among the curves of the handbook or of WHO.
    #[command(
        after_help = "Examples:\n  techo growth --member みほん花\n  techo growth --member みほん花 --svg hana.svg\n  techo growth --member みほん花 --reference who --table"
    )]
    Growth(GrowthArgs),
    /// What is due for everybody: vaccinations, checkups, the next visits.
    #[command(
        after_help = "Examples:\n  techo due\n  techo due --member みほん花 --days 365\n  techo due --all --wareki"
    )]
    Due(DueArgs),
    /// Checkups: the forms on which findings are written; needs no vault.
    Checkup(CheckupsArgs),
    /// Messages that fit everybody's age, week of pregnancy or season; matched on this device alone.
    #[command(
        after_help = "Examples:\n  techo messages\n  techo messages --member みほん花 --weeks-ahead 4"
    )]
    Messages(MessagesArgs),
    /// What is coming: as a list, as a calendar file for phones, or told in time.
    #[command(
        after_help = "Examples:\n  techo remind\n  techo remind --ics family.ics\n  techo remind --ics family.ics --titles full\n  techo remind --watch"
    )]
    Remind(RemindArgs),
    /// One record: show it with its history, or change what the family wrote.
    Record(RecordArgs),
    /// Copy records into a file in the clear, for other programs.
    #[command(
        after_help = "Examples:\n  techo export --out records.json\n  techo export --member みほん花 --format csv --out hana.csv"
    )]
    Export(ExportArgs),
    /// Take records from such a file.
    #[command(after_help = "Example:\n  techo import records.json --member みほん花")]
    Import(ImportArgs),
    /// The family's devices: let a new one in.
    Device(DeviceArgs),
    /// Exchange what is new with the relay.
    #[command(
        after_help = "Examples:\n  techo sync\n  techo sync --watch      stay and keep in step"
    )]
    Sync(SyncArgs),
    /// How the vault stands: what is held, what is still on its way.
    #[command(after_help = "Example:\n  techo status --json")]
    Status,
    /// Ask a city for official records, with a My Number Card.
    #[command(
        after_help = "Examples:\n  techo enrol --member みほん花 --issuer mihon.techo-issuer --nonce mihon.nonce \\\n      --card --child --address 見本県見本市1-2-3 --out hana.enrolment\n  techo enrol --issuer mihon.techo-issuer --nonce mihon.nonce --simulated-card mother.card --out mother.enrolment"
    )]
    Enrol(EnrolArgs),
    /// Ask a city to use other keys from now on: after a device was removed. Needs no card.
    #[command(
        after_help = "Example:\n  techo rebind --member さくら --issuer 見本市 --out sakura.rebind"
    )]
    Rebind(RebindArgs),
    /// My Number Cards: what is on the reader, and what a city would see.
    Card(CardArgs),
    /// The cities whose records the family accepts.
    #[command(after_help = "Example:\n  techo issuers")]
    Issuers,
    /// Make a file that proves one official record to others.
    #[command(after_help = "Example:\n  techo prove 3f9a2c --show who,what --out mr.techo-proof")]
    Prove(ProveArgs),
    /// Check such a file, offline, with nothing but the city's issuer file.
    #[command(after_help = "Example:\n  techo check mr.techo-proof --issuer mihon.techo-issuer")]
    Check(CheckArgs),
    /// Read the whole vault and say what is damaged, missing or lost.
    #[command(after_help = "Example:\n  techo doctor")]
    Doctor,
    /// Vaccinations: what is due by the schedule; needs no vault.
    Schedule(ScheduleArgs),
    /// For a city: publish records that residents can check.
    City(CityArgs),
    /// For an operator: run a relay.
    Relay(RelayArgs),
    /// Play the whole story with separate programs in one folder.
    #[command(
        after_help = "Examples:\n  techo demo\n  techo demo --keep ./demo      leave everything there to try by hand"
    )]
    Demo(DemoArgs),
}

#[cfg(test)]
mod tests;
