//! What is typed about official records: by the family that asks for them and by those who check.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::card::{SlotArgs, UnlockArgs};

/// An enrolment.
#[derive(Debug, Args)]
pub(crate) struct EnrolArgs {
    /// Whose records are asked for.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) member: Option<String>,
    /// The city's issuer file.
    #[arg(long, value_name = "FILE")]
    pub(crate) issuer: PathBuf,
    /// The nonce file that the city gave for this enrolment.
    #[arg(long, value_name = "FILE")]
    pub(crate) nonce: PathBuf,
    /// Sign with the My Number Card on a reader.
    #[arg(
        long,
        required_unless_present = "simulated_card",
        conflicts_with = "simulated_card"
    )]
    pub(crate) card: bool,
    #[command(flatten)]
    pub(crate) slot: SlotArgs,
    #[command(flatten)]
    pub(crate) unlock: UnlockArgs,
    /// The member is a child of the card's holder.
    #[arg(long)]
    pub(crate) child: bool,
    /// The child's address as the city's register has it.
    #[arg(long, requires = "child")]
    pub(crate) address: Option<String>,
    /// Agree to the consent text without being asked; it is printed all the same.
    #[arg(long)]
    pub(crate) agree: bool,
    /// Where to put the file that goes to the city.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// Other keys for an enrolment.
#[derive(Debug, Args)]
pub(crate) struct RebindArgs {
    /// Whose official records.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) member: Option<String>,
    /// The city: its name, code or id, as issuers shows.
    #[arg(long, value_name = "CITY")]
    pub(crate) issuer: String,
    /// Where to put the file that goes to the city.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// A part of an official record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GroupArg {
    /// Name and birth date.
    Who,
    /// What was done, and when.
    What,
    /// Clinic, doctor, lot.
    Where,
}

/// A proof to make.
#[derive(Debug, Args)]
pub(crate) struct ProveArgs {
    /// The record's id or the end of it, as the timeline shows.
    pub(crate) id: String,
    /// What to show; the rest stays hidden.
    #[arg(
        long,
        value_name = "GROUPS",
        value_delimiter = ',',
        default_value = "who,what"
    )]
    pub(crate) show: Vec<GroupArg>,
    /// Where to put the proof [default: print it].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// A proof to check.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The proof file.
    pub(crate) proof: PathBuf,
    /// The issuer file, got from the city itself.
    #[arg(long, value_name = "FILE")]
    pub(crate) issuer: PathBuf,
}
