//! What is typed about My Number Cards.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// A card.
#[derive(Debug, Args)]
pub(crate) struct CardArgs {
    #[command(subcommand)]
    pub(crate) command: CardCommand,
}

/// What can be asked of a card beside an enrolment.
#[derive(Debug, Subcommand)]
pub(crate) enum CardCommand {
    /// Readers, cards, validity and tries left; sends no password to the card.
    #[command(
        after_help = "Examples:\n  techo card status\n  techo card status --simulated-card mother.card"
    )]
    Status(SlotArgs),
    /// What a city would see: the signature certificate, shown to its holder and sent nowhere.
    #[command(
        after_help = "Examples:\n  techo card certificate\n  techo card certificate --reader Sony"
    )]
    Certificate {
        #[command(flatten)]
        slot: SlotArgs,
        #[command(flatten)]
        unlock: UnlockArgs,
    },
}

/// Where the card is.
#[derive(Debug, Clone, Args)]
pub(crate) struct SlotArgs {
    /// The card reader: its name or a part of it [default: the only one with a card].
    #[arg(long, value_name = "NAME")]
    pub(crate) reader: Option<String>,
    /// A simulated card's file; it stands in the place of a My Number Card, and proves nothing.
    #[arg(long, value_name = "FILE", conflicts_with = "reader")]
    pub(crate) simulated_card: Option<PathBuf>,
}

/// How the signature password is given.
#[derive(Debug, Clone, Args)]
pub(crate) struct UnlockArgs {
    /// Read the signature password from the first line of a file [default: asked for, not shown].
    #[arg(long, value_name = "FILE")]
    pub(crate) card_password_file: Option<PathBuf>,
    /// Spend the last try: a mistake blocks the card until a city office resets it.
    #[arg(long)]
    pub(crate) last_try: bool,
}
