//! `techo add` for the kinds whose options the table of fields gives: one command a kind, one option
//! a field. Decides nothing about what a field holds.

use clap::{Arg, ArgAction, ArgMatches, Args as _, Command, FromArgMatches, Subcommand};
use techo_health::Kind;
use techo_health::record::{Field, Shape, field_named};

use super::NewRecord;

/// A new record of such a kind.
#[derive(Debug)]
pub(crate) struct TabledArgs {
    /// The kind.
    pub(crate) kind: Kind,
    /// What was typed, by field.
    pub(crate) fields: Vec<(&'static str, String)>,
    /// A file whose hash becomes the record's.
    pub(crate) file: Option<std::path::PathBuf>,
    /// What every new record has.
    pub(crate) new: NewRecord,
}

/// The kinds that a family writes and that have no options of their own.
const KINDS: [Kind; 14] = [
    Kind::Pregnancy,
    Kind::Prenatal,
    Kind::Birth,
    Kind::Newborn,
    Kind::Screening,
    Kind::Appointment,
    Kind::Milestone,
    Kind::Illness,
    Kind::Allergy,
    Kind::Medication,
    Kind::Lab,
    Kind::Diary,
    Kind::Document,
    Kind::Consent,
];

impl Subcommand for TabledArgs {
    fn augment_subcommands(command: Command) -> Command {
        KINDS.into_iter().fold(command, |command, kind| {
            command.subcommand(command_of(kind))
        })
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        KINDS.into_iter().any(|kind| kind.as_str() == name)
    }
}

impl FromArgMatches for TabledArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let missing = || clap::Error::new(clap::error::ErrorKind::MissingSubcommand);
        let (name, matches) = matches.subcommand().ok_or_else(missing)?;
        let kind = KINDS.into_iter().find(|kind| kind.as_str() == name);
        let kind = kind.ok_or_else(missing)?;
        let typed = options(kind).filter_map(|field| {
            let text = matches.get_one::<String>(&id(field))?;
            Some((field.key, text.clone()))
        });
        let file = matches.try_get_one::<std::path::PathBuf>(FILE);
        Ok(Self {
            kind,
            fields: typed.collect(),
            file: file.ok().flatten().cloned(),
            new: NewRecord::from_arg_matches(matches)?,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The fields that have an option: the date has one in every command.
fn options(kind: Kind) -> impl Iterator<Item = &'static Field> {
    let own = kind.own_fields().iter();
    own.chain(kind.field("note"))
        .filter(|field| field.key != "date")
}

fn command_of(kind: Kind) -> Command {
    let command = Command::new(kind.as_str());
    let command = options(kind).fold(command, |command, field| command.arg(argument(kind, field)));
    let command = if kind == Kind::Document {
        let file = Arg::new(FILE).long("file").value_name("FILE");
        let file = file.value_parser(clap::value_parser!(std::path::PathBuf));
        command.arg(file.help(
            "The document: only its SHA-256 is written. The file itself is not kept in the vault",
        ))
    } else {
        command
    };
    NewRecord::augment_args(command)
        .about(format!("{}.", kind.english()))
        .long_about(None::<&str>)
        .after_help(format!("Example:\n  {}", example(kind)))
}

fn argument(kind: Kind, field: &'static Field) -> Arg {
    let arg = Arg::new(id(field))
        .help(described(field.english, field, |choice| choice.code))
        .value_name(value_name(field))
        .action(ArgAction::Set);
    if is_positional(kind, field) {
        return arg.required(true);
    }
    let long = field.key.replace('_', "-");
    let short = SUFFIXES
        .iter()
        .find_map(|suffix| field.key.strip_suffix(suffix));
    let short = short.or((field.key == "allergen_type").then_some("type"));
    let arg = arg
        .allow_negative_numbers(true)
        .allow_hyphen_values(true)
        .long(long);
    match short {
        Some(short) => arg.visible_alias(short.to_owned()),
        None => arg,
    }
}

/// The first field stands without its name, unless a date or a hash names the record.
fn is_positional(kind: Kind, field: &Field) -> bool {
    let needed = matches!(kind.needs().first(), Some([only]) if *only == field.key);
    needed && matches!(field.shape, Shape::Text | Shape::Prose | Shape::Words(_))
}

fn id(field: &Field) -> String {
    format!("{PREFIX}{}", field.key)
}

/// The field that an argument's id names.
pub(super) fn field_of(id: &str) -> Option<&'static Field> {
    field_named(id.strip_prefix(PREFIX)?)
}

/// What a field is called, and what can be chosen.
pub(super) fn described(
    name: &str,
    field: &Field,
    word: impl Fn(&techo_health::record::Choice) -> &'static str,
) -> String {
    let choices: Vec<&str> = field.choices().iter().map(word).collect();
    if choices.is_empty() {
        name.to_owned()
    } else {
        format!("{name}: {}", choices.join(", "))
    }
}

fn value_name(field: &Field) -> &'static str {
    match field.shape {
        Shape::Text | Shape::Prose | Shape::Code(..) => "TEXT",
        Shape::Day(_) | Shape::When(_) => "DATE",
        Shape::Time => "HH:MM",
        Shape::Number(..) | Shape::Decimal | Shape::Amount(..) | Shape::Measure(..) => "NUMBER",
        Shape::Gestation(..) => "24w3d",
        Shape::Flag => "yes|no",
        Shape::OneOf(_) | Shape::Words(_) => "WORD",
        Shape::Sha256 => "HEX",
    }
}

fn example(kind: Kind) -> &'static str {
    match kind {
        Kind::Pregnancy => {
            "techo add pregnancy --expected 2027-03-01 --basis ultrasound --member みほん母"
        }
        Kind::Prenatal => {
            "techo add prenatal --date R8.9.1 --gestation 24w3d --fundal 22 --weight 58.2 --systolic 110 --diastolic 64"
        }
        Kind::Birth => {
            "techo add birth --member みほん花 --date 2024-10-01 --time 9:05 --weight 3.215kg --length 49.5 --method vaginal"
        }
        Kind::Newborn => {
            "techo add newborn --date 2024-10-05 --day-age 4 --weight 3150 --feeding breast"
        }
        Kind::Screening => {
            "techo add screening hearing --date 2024-10-03 --hearing-left pass --hearing-right pass"
        }
        Kind::Appointment => {
            "techo add appointment \"MR 第2期\" --member みほん花 --date 2027-05-10 --time 15:30 --facility みほん小児科"
        }
        Kind::Milestone => "techo add milestone walks --member みほん花 --date 2025-11",
        Kind::Illness => {
            "techo add illness 水ぼうそう --member みほん花 --date 2026-02-03 --until 2026-02-10"
        }
        Kind::Allergy => "techo add allergy 卵 --type food --severity mild --reaction じんましん",
        Kind::Medication => {
            "techo add medication セフジトレン --dosage 1回1包 --usage 毎食後 --date 2026-02-03 --until 2026-02-07"
        }
        Kind::Lab => "techo add lab CRP --result 0.3 --unit mg/dL --date 2026-02-03",
        Kind::Diary => "techo add diary \"公園で初めて歩いた\" --title 成長",
        Kind::Document => "techo add document 紹介状 --file ./letter.pdf --sensitivity private",
        Kind::Consent => {
            "techo add consent 予防接種の記録 --recipient みほん保育園 --until 2027-03-31"
        }
        Kind::Member
        | Kind::Vaccination
        | Kind::Measurement
        | Kind::Checkup
        | Kind::Import
        | Kind::Note => "",
    }
}

/// What stands before a field's key in an argument's id.
const PREFIX: &str = "field:";
/// The argument that names a document's file.
const FILE: &str = "document_file";
/// The ends of keys that name a unit: their options work without, too.
const SUFFIXES: [&str; 6] = ["_g", "_kg", "_cm", "_ml", "_min", "_days"];
