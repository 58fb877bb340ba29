//! What a city, a relay's operator and a curious visitor type.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// A city.
#[derive(Debug, Args)]
pub(crate) struct CityArgs {
    /// The city's folder.
    #[arg(long, value_name = "DIR", global = true, default_value = "city")]
    pub(crate) dir: PathBuf,
    #[command(subcommand)]
    pub(crate) command: CityCommand,
}

/// What a city does.
#[derive(Debug, Subcommand)]
pub(crate) enum CityCommand {
    /// Make the city's keys and its public issuer file.
    #[command(
        after_help = "Example:\n  techo city --dir ./city init --name 見本市 --code 102016 --simulated-pki"
    )]
    Init {
        /// The city's name.
        #[arg(long)]
        name: String,
        /// Its six-digit code (全国地方公共団体コード).
        #[arg(long)]
        code: String,
        /// Accept simulated cards: they prove nothing, and every answer says so.
        #[arg(long)]
        simulated_pki: bool,
        /// Read the root key's passphrase from a file; the root key is for new keys alone.
        #[arg(long, value_name = "FILE")]
        root_passphrase_file: Option<PathBuf>,
    },
    /// Make a simulated card for a fictitious person.
    #[command(
        after_help = "Example:\n  techo city --dir ./city card --name 見本京子 --born 1992-05-05 --gender 2 --address 見本県見本市1-2-3 --out mother.card"
    )]
    Card {
        /// The name.
        #[arg(long)]
        name: String,
        /// The birth date.
        #[arg(long, value_name = "DATE")]
        born: String,
        /// 1 male, 2 female, 3 unknown, as on the card.
        #[arg(long)]
        gender: u8,
        /// The address.
        #[arg(long)]
        address: String,
        /// Where to put the card.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Give out a nonce for one enrolment.
    #[command(after_help = "Example:\n  techo city --dir ./city nonce --out mihon.nonce")]
    Nonce {
        /// Where to put it.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Verify an enrolment against the register and bind the resident.
    #[command(
        after_help = "Example:\n  techo city --dir ./city enrol hana.enrolment --register register.csv"
    )]
    Enrol {
        /// The file from the resident.
        file: PathBuf,
        /// The city's register, CSV.
        #[arg(long, value_name = "FILE")]
        register: PathBuf,
        /// Take the revocation lists in this folder first.
        #[arg(long, value_name = "DIR")]
        revocation_lists: Option<PathBuf>,
        /// Do not go to the relay now.
        #[arg(long)]
        no_deliver: bool,
    },
    /// Issue what an export of the city's health system holds, and deliver it.
    #[command(after_help = "Example:\n  techo city --dir ./city publish 2026-04.csv")]
    Publish {
        /// The export, CSV in UTF-8 or `Shift_JIS` (docs/city-csv.md).
        file: PathBuf,
        /// Do not go to the relay now.
        #[arg(long)]
        no_deliver: bool,
    },
    /// Correct an issued record with a new, signed one.
    #[command(after_help = "Example:\n  techo city --dir ./city correct corrections.csv")]
    Correct {
        /// Rows as in an export, with the corrected values (docs/city-csv.md).
        file: PathBuf,
        /// Do not go to the relay now.
        #[arg(long)]
        no_deliver: bool,
    },
    /// Take back records that were issued by mistake.
    #[command(after_help = "Example:\n  techo city --dir ./city withdraw mistakes.csv")]
    Withdraw {
        /// Rows as in an export (docs/city-csv.md).
        file: PathBuf,
        /// Do not go to the relay now.
        #[arg(long)]
        no_deliver: bool,
    },
    /// Publish the city's own messages to everybody bound; a newer file of the same pack takes its place.
    #[command(
        after_help = "Examples:\n  techo city --dir ./city publish-messages babies.toml\n  techo city --dir ./city publish-messages --withdraw babies"
    )]
    PublishMessages {
        /// The pack, TOML (docs/messages.md).
        #[arg(required_unless_present = "pack")]
        file: Option<PathBuf>,
        /// Take this pack back, by its id.
        #[arg(
            long = "withdraw",
            id = "pack",
            value_name = "PACK",
            conflicts_with = "file"
        )]
        withdraw: Option<String>,
        /// Do not go to the relay now.
        #[arg(long)]
        no_deliver: bool,
    },
    /// Take the revocation lists in a folder; once given one, the city binds nobody without a current one.
    #[command(after_help = "Example:\n  techo city --dir ./city lists /srv/jpki/crl")]
    Lists {
        /// A folder of lists (.crl, DER) as the authority publishes them daily.
        folder: PathBuf,
    },
    /// Ask about every binding again, and judge the enrolments that wait; run it daily.
    #[command(
        after_help = "Examples:\n  techo city --dir ./city recheck --register register.csv\n  techo city --dir ./city recheck --register register.csv --revocation-lists /srv/jpki/crl"
    )]
    Recheck {
        /// The city's register, CSV.
        #[arg(long, value_name = "FILE")]
        register: PathBuf,
        /// Take the revocation lists in this folder first.
        #[arg(long, value_name = "DIR")]
        revocation_lists: Option<PathBuf>,
        /// Do not go to the relay now.
        #[arg(long)]
        no_deliver: bool,
    },
    /// Say under a binding that nothing more will come; no reason is given to the family.
    #[command(
        after_help = "Examples:\n  techo city --dir ./city end 4ffq2w\n  techo city --dir ./city end --revoked"
    )]
    End {
        /// The binding, or the beginning of it, as review and recheck show.
        #[arg(required_unless_present = "revoked")]
        binding: Option<String>,
        /// Every binding whose certificate was found to be revoked.
        #[arg(long, conflicts_with = "binding")]
        revoked: bool,
        /// Do not go to the relay now.
        #[arg(long)]
        no_deliver: bool,
    },
    /// What a clerk has to look at: enrolments that match no row of the register, and bindings in doubt.
    #[command(
        after_help = "Examples:\n  techo city --dir ./city review --register register.csv\n  techo city --dir ./city review 3fa9c1 --register register.csv\n  techo city --dir ./city review 3fa9c1 --register register.csv --bind 1000003 --guardian 1000001\n  techo city --dir ./city review 3fa9c1 --dismiss"
    )]
    Review {
        /// The case, or the beginning of it: shows who enrols, for the clerk alone.
        #[arg(requires = "decision")]
        case: Option<String>,
        /// The city's register, CSV.
        #[arg(long, value_name = "FILE", group = "decision")]
        register: Option<PathBuf>,
        /// Bind this resident, by number: somebody has made sure who it is.
        #[arg(long, value_name = "RESIDENT", requires_all = ["case", "register"])]
        bind: Option<String>,
        /// The number of the card's holder, where the register does not tell it.
        #[arg(long, value_name = "RESIDENT", requires = "bind")]
        guardian: Option<String>,
        /// Bind nobody, and delete the evidence.
        #[arg(long, requires = "case", conflicts_with = "bind", group = "decision")]
        dismiss: bool,
        /// Do not go to the relay now.
        #[arg(long)]
        no_deliver: bool,
    },
    /// Deliver what is still waiting.
    #[command(after_help = "Example:\n  techo city --dir ./city deliver")]
    Deliver,
    /// What was issued and what is still waiting.
    #[command(after_help = "Example:\n  techo city --dir ./city status")]
    Status,
}

/// A relay.
#[derive(Debug, Args)]
pub(crate) struct RelayArgs {
    #[command(subcommand)]
    pub(crate) command: RelayCommand,
}

/// What an operator does.
#[derive(Debug, Subcommand)]
pub(crate) enum RelayCommand {
    /// Keep envelopes until they are fetched, until Ctrl-C; prints the address to give to families.
    #[command(
        after_help = "Example:\n  techo relay run --dir ./relay --listen 0.0.0.0:4433 --advertise relay.example \\\n      --metrics 127.0.0.1:9090"
    )]
    Run(techo_relay::run::Options),
}

/// A demo.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Use this folder, leave everything there and say what to try next.
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}
