//! What a family types.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::{TabledArgs, parse};

/// Makes a vault.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// What the family calls this device.
    #[arg(long, value_name = "NAME")]
    pub(crate) device: Option<String>,
    /// The relay over which the devices keep in step.
    #[arg(long, value_name = "HOST:PORT#KEY")]
    pub(crate) relay: Option<String>,
}

/// Members.
#[derive(Debug, Args)]
pub(crate) struct MemberArgs {
    #[command(subcommand)]
    pub(crate) command: MemberCommand,
}

/// What can be done with members.
#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Add a member, with or without a device of their own.
    #[command(
        after_help = "Example:\n  techo member add みほん花 --born 令和6年10月1日 --sex female --kana みほんはな"
    )]
    Add(MemberAddArgs),
    /// List the members.
    #[command(after_help = "Example:\n  techo member list")]
    List,
    /// Change a member's profile.
    #[command(
        after_help = "Examples:\n  techo member amend みほん花 --set blood_type=A --set gestation_at_birth=38w4d\n  techo member amend みほん花 --clear name_romaji"
    )]
    Amend(MemberAmendArgs),
    /// Show one member.
    #[command(after_help = "Example:\n  techo member show みほん花")]
    Show {
        /// A name, a part of it, or an id.
        member: String,
    },
}

/// A new member.
#[derive(Debug, Args)]
pub(crate) struct MemberAddArgs {
    /// The name as it is written.
    pub(crate) name: String,
    /// The birth date, as in 2024-10-01 or 令和6年10月1日.
    #[arg(long, value_name = "DATE")]
    pub(crate) born: Option<String>,
    /// female or male.
    #[arg(long)]
    pub(crate) sex: Option<String>,
    /// The name in kana.
    #[arg(long, value_name = "NAME")]
    pub(crate) kana: Option<String>,
    /// The name in Latin letters, for certificates abroad.
    #[arg(long, value_name = "NAME")]
    pub(crate) romaji: Option<String>,
    /// How far the pregnancy was at birth, as in 38w4d or 38週4日.
    #[arg(long, value_name = "WEEKS")]
    pub(crate) gestation: Option<String>,
    /// Which child of its mother, from 1.
    #[arg(long, value_name = "N")]
    pub(crate) birth_order: Option<String>,
    /// A, B, O, AB or in other words.
    #[arg(long, value_name = "TYPE")]
    pub(crate) blood_type: Option<String>,
    /// Write a value that looks impossible: somebody has looked at it twice.
    #[arg(long)]
    pub(crate) confirm: bool,
}

/// Changes to a profile.
#[derive(Debug, Args)]
pub(crate) struct MemberAmendArgs {
    /// A name, a part of it, or an id.
    pub(crate) member: String,
    /// A field and its new value; may be given several times.
    #[arg(long, value_name = "FIELD=VALUE", value_parser = parse::pair)]
    pub(crate) set: Vec<(String, String)>,
    /// A field to remove; may be given several times.
    #[arg(long, value_name = "FIELD")]
    pub(crate) clear: Vec<String>,
    /// Write a value that looks impossible: somebody has looked at it twice.
    #[arg(long)]
    pub(crate) confirm: bool,
}

/// A new record.
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    #[command(subcommand)]
    pub(crate) kind: AddKind,
}

/// Kinds of record that the family writes.
#[derive(Debug, Subcommand)]
pub(crate) enum AddKind {
    /// One dose of a vaccine.
    #[command(
        after_help = "Example:\n  techo add vaccination MR --member みほん花 --date 2025-10-05 --lot Y012A --facility みほん小児科"
    )]
    Vaccination(VaccinationArgs),
    /// A height, a weight, a temperature …
    #[command(after_help = "Example:\n  techo add measurement weight 10.2 kg --member みほん花")]
    Measurement(MeasurementArgs),
    /// A health checkup.
    #[command(
        after_help = "Examples:\n  techo add checkup 18m --member みほん花 --date R8.4.3 --judgement healthy --finding teeth=12本\n  techo add checkup --form 18m --finding weight_kg=10.4 --finding skin=所見なし"
    )]
    Checkup(CheckupArgs),
    /// Words.
    #[command(
        after_help = "Example:\n  techo add note \"初めて歩いた\" --member みほん花 --title 成長 --date 2025-11-20"
    )]
    Note(NoteArgs),
    /// Every other kind.
    #[command(flatten)]
    Tabled(TabledArgs),
}

/// What every new record has.
#[derive(Debug, Clone, Args)]
pub(crate) struct NewRecord {
    /// Whose record it is; needed when the family has several members.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) member: Option<String>,
    /// When, as in 2026-04-03, R8.4.3, 2026-04 or 6歳頃 [default: today in Japan].
    #[arg(long, short, value_name = "DATE")]
    pub(crate) date: Option<String>,
    /// Any other field of the kind; may be given several times (docs/records.md).
    #[arg(long, value_name = "FIELD=VALUE", value_parser = parse::pair)]
    pub(crate) field: Vec<(String, String)>,
    /// normal, private (left out of copies unless asked for) or never-share.
    #[arg(long, value_name = "WORD")]
    pub(crate) sensitivity: Option<String>,
    /// Write a value that looks impossible: somebody has looked at it twice.
    #[arg(long)]
    pub(crate) confirm: bool,
}

/// A vaccination.
#[derive(Debug, Args)]
pub(crate) struct VaccinationArgs {
    /// A code or a name: MR, 5種混合, BCG …
    pub(crate) vaccine: String,
    #[command(flatten)]
    pub(crate) new: NewRecord,
    /// The product's name.
    #[arg(long)]
    pub(crate) product: Option<String>,
    /// Who made it.
    #[arg(long)]
    pub(crate) maker: Option<String>,
    /// The lot number on the sticker.
    #[arg(long)]
    pub(crate) lot: Option<String>,
    /// The amount in millilitres.
    #[arg(long, value_name = "ML")]
    pub(crate) dose_ml: Option<String>,
    /// Which dose of its series, from 1.
    #[arg(long, value_name = "N")]
    pub(crate) dose: Option<i64>,
    /// Where.
    #[arg(long)]
    pub(crate) facility: Option<String>,
    /// By whom.
    #[arg(long)]
    pub(crate) doctor: Option<String>,
    /// A voluntary vaccination (任意), not a routine one (定期).
    #[arg(long)]
    pub(crate) voluntary: bool,
    /// How the person reacted.
    #[arg(long)]
    pub(crate) reaction: Option<String>,
    /// Anything else.
    #[arg(long)]
    pub(crate) note: Option<String>,
}

/// A measurement.
#[derive(Debug, Args)]
pub(crate) struct MeasurementArgs {
    /// height, weight, head, chest, temperature … or 身長, 体重 …
    pub(crate) quantity: String,
    /// The value, digit by digit as read off.
    #[arg(allow_negative_numbers = true)]
    pub(crate) value: String,
    /// The unit: cm, kg, g, Cel …
    pub(crate) unit: String,
    #[command(flatten)]
    pub(crate) new: NewRecord,
    /// lying or standing.
    #[arg(long)]
    pub(crate) posture: Option<String>,
    /// Where.
    #[arg(long)]
    pub(crate) facility: Option<String>,
    /// Anything else.
    #[arg(long)]
    pub(crate) note: Option<String>,
}

/// A checkup.
#[derive(Debug, Args)]
pub(crate) struct CheckupArgs {
    /// 1m, 3-4m, 18m, 3y … or 1歳6か月児健診 …
    #[arg(required_unless_present = "form")]
    pub(crate) checkup: Option<String>,
    /// Write by a form, which checks every item (techo checkup forms).
    #[arg(long, value_name = "FORM")]
    pub(crate) form: Option<String>,
    #[command(flatten)]
    pub(crate) new: NewRecord,
    /// healthy, observe, examine, or words.
    #[arg(long)]
    pub(crate) judgement: Option<String>,
    /// One finding; may be given several times.
    #[arg(long, value_name = "CODE=TEXT", value_parser = parse::pair)]
    pub(crate) finding: Vec<(String, String)>,
    /// Where.
    #[arg(long)]
    pub(crate) facility: Option<String>,
    /// By whom.
    #[arg(long)]
    pub(crate) doctor: Option<String>,
    /// Anything else.
    #[arg(long)]
    pub(crate) note: Option<String>,
}

/// A note.
#[derive(Debug, Args)]
pub(crate) struct NoteArgs {
    /// The words.
    pub(crate) text: String,
    #[command(flatten)]
    pub(crate) new: NewRecord,
    /// A title.
    #[arg(long)]
    pub(crate) title: Option<String>,
}

/// Which records to list.
#[derive(Debug, Args)]
pub(crate) struct TimelineArgs {
    /// Only this member's.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) member: Option<String>,
    /// Only this kind: vaccination, measurement, pregnancy, illness …
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// Only so many, the newest.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) latest: Option<u16>,
}

/// One record.
#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    #[command(subcommand)]
    pub(crate) command: RecordCommand,
}

/// What can be done with a record.
#[derive(Debug, Subcommand)]
pub(crate) enum RecordCommand {
    /// Show a record, its history and its proof.
    #[command(after_help = "Example:\n  techo record show 3f9a2c")]
    Show {
        /// The record's id or the end of it, as the timeline shows.
        id: String,
    },
    /// Change fields of a record that the family wrote.
    #[command(
        after_help = "Examples:\n  techo record amend 3f9a2c --set text=新しい言葉\n  techo record amend 3f9a2c --clear title"
    )]
    Amend(AmendArgs),
}

/// Changes to a record.
#[derive(Debug, Args)]
pub(crate) struct AmendArgs {
    /// The record's id or the end of it, as the timeline shows.
    pub(crate) id: String,
    /// A field and its new value; may be given several times.
    #[arg(long, value_name = "FIELD=VALUE", value_parser = parse::pair)]
    pub(crate) set: Vec<(String, String)>,
    /// A field to remove; may be given several times.
    #[arg(long, value_name = "FIELD")]
    pub(crate) clear: Vec<String>,
    /// Write a value that looks impossible: somebody has looked at it twice.
    #[arg(long)]
    pub(crate) confirm: bool,
}

/// Devices.
#[derive(Debug, Args)]
pub(crate) struct DeviceArgs {
    #[command(subcommand)]
    pub(crate) command: DeviceCommand,
}

/// What can be done with devices.
#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// List the family's devices.
    #[command(after_help = "Example:\n  techo device list")]
    List,
    /// On the new device: make a vault and a ticket, and wait to be let in.
    #[command(
        after_help = "Example:\n  techo --vault ./tablet device join --relay relay.example:4433#KEY --device \"Father's tablet\""
    )]
    Join(JoinArgs),
    /// On a device of the family: answer the new device's ticket.
    #[command(after_help = "Example:\n  techo device invite techo1-ticket:AbCd…")]
    Invite {
        /// The ticket that the new device shows, or `-` to read it from standard input.
        ticket: String,
        /// Take one step and return; continue with `techo device confirm`.
        #[arg(long)]
        no_wait: bool,
        /// How long to wait for the other device, in seconds.
        #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = parse::seconds)]
        wait: Duration,
    },
    /// On either device: take up a pairing that was left, and compare the digits.
    #[command(
        after_help = "Examples:\n  techo device confirm\n  techo device confirm --digits 123456\n  techo device confirm --refuse"
    )]
    Confirm {
        /// The digits that the other device shows.
        #[arg(long, value_name = "NNNNNN", value_parser = parse::digits)]
        digits: Option<String>,
        /// The digits differ: stop this pairing.
        #[arg(long, conflicts_with = "digits")]
        refuse: bool,
        /// Take one step and return.
        #[arg(long)]
        no_wait: bool,
        /// How long to wait for the other device, in seconds.
        #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = parse::seconds)]
        wait: Duration,
    },
}

/// A new device.
#[derive(Debug, Args)]
pub(crate) struct JoinArgs {
    /// The family's relay.
    #[arg(long, value_name = "HOST:PORT#KEY")]
    pub(crate) relay: String,
    /// What the family calls this device.
    #[arg(long, value_name = "NAME")]
    pub(crate) device: Option<String>,
    /// Print the ticket and return; continue with `techo device confirm`.
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// How long to wait for the other device, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = parse::seconds)]
    pub(crate) wait: Duration,
    /// Also write the ticket to a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// How to sync.
#[derive(Debug, Args)]
pub(crate) struct SyncArgs {
    /// Stay and keep in step until Ctrl-C.
    #[arg(long)]
    pub(crate) watch: bool,
    /// Enter this relay for the whole family first.
    #[arg(long, value_name = "HOST:PORT#KEY")]
    pub(crate) relay: Option<String>,
}
