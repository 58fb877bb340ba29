//! One table: what went wrong → what people and programs are told, what to do next, how to exit.
//! It never repeats a secret or a value from a record.

use std::io;
use std::path::PathBuf;

use serde::Serialize;
use techo_city::{CityError, EnrolRefusal, ReviewReason};
use techo_health::growth::GrowthError;
use techo_health::message::PackError;
use techo_health::schedule::RulesError;
use techo_health::{DateError, Kind, RecordError};
use techo_jpki::simulated::SimulatedError;
use techo_jpki::{CardError, Refusal};
use techo_vault::issued::IssuedError;
use techo_vault::net::NetError;
use techo_vault::vault::VaultError;
use techo_wire::address::AddressError;

use crate::lang::{Lang, say};
use crate::output::tell;

mod card;
mod city;
mod net;
mod official;
mod record;
mod vault;

pub(crate) use city::review_reason;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Refused, or not found.
    No = 1,
    /// Wrong use.
    Usage = 2,
    /// Data that is damaged or hostile.
    Data = 3,
    /// The network or the relay.
    Network = 4,
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The vault refused.
    Vault(VaultError),
    /// A conversation failed.
    Net(NetError),
    /// A record may not be written.
    Record(RecordError),
    /// A date that is none.
    Date(DateError),
    /// An issuer file, a proof or an entry.
    Issued(IssuedError),
    /// Evidence for an enrolment.
    Evidence(Refusal),
    /// A card.
    Card(CardError),
    /// This program was built without card readers.
    #[cfg_attr(
        feature = "card",
        expect(dead_code, reason = "with readers nobody is told that there are none")
    )]
    NoCardSupport,
    /// Several readers have a card.
    #[cfg_attr(
        not(feature = "card"),
        expect(dead_code, reason = "without readers there are not several")
    )]
    WhichReader {
        /// Their names.
        names: Vec<String>,
    },
    /// There is nobody to ask for a card's password, and no file.
    NoCardPassword,
    /// A relay's address.
    Address(AddressError),
    /// A city's folder.
    City(CityError),
    /// A city did not bind the resident.
    NotBound(NotBound),
    /// A folder holds no revocation list of this hierarchy.
    NoLists,
    /// Files are no revocation lists that count; they have been named.
    ListsRefused {
        /// How many.
        count: usize,
    },
    /// No binding of the city begins so, or several do.
    NoSuchBinding,
    /// No case begins so, or the resident named is not in the register.
    NoSuchCase,
    /// Lines of a city's file were not issued; they have been named.
    LinesRejected {
        /// How many.
        count: usize,
    },
    /// Lines of questions could not be read; they have been answered so.
    LinesUnread {
        /// How many.
        count: usize,
    },
    /// A rule pack.
    Rules(RulesError),
    /// A pack of messages.
    Pack(PackError),
    /// The tables of growth curves.
    Growth(GrowthError),
    /// Simulated material could not be made or read.
    Simulated(SimulatedError),
    /// A relay does not start.
    Relay(techo_relay::RelayError),
    /// A file.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Input and output.
    Io(io::Error),
    /// The two passphrases typed are not the same.
    PassphrasesDiffer,
    /// Nothing was typed.
    EmptyPassphrase,
    /// There is nobody to ask and no file.
    NoPassphrase,
    /// There is no folder for this installation's data.
    NoHome,
    /// The family has several members, and none was named.
    WhichMember,
    /// The family has no members yet.
    NoMembers,
    /// Something typed that is not what its place asks for.
    NotUnderstood {
        /// The option or argument.
        what: &'static str,
    },
    /// A field that this kind of record does not have.
    NoSuchField {
        /// The kind.
        kind: Kind,
        /// What was typed.
        key: String,
    },
    /// A file that is not what it should be.
    NotAnExport,
    /// No such checkup form.
    NoForm {
        /// The forms there are.
        known: Vec<String>,
    },
    /// What the form does not take.
    Form(techo_health::checkup::FormError),
    /// The person said no.
    Declined,
    /// The digits cannot be compared: nobody can be asked, and none were given.
    DigitsNeeded,
    /// A child's birth date, sex or name is needed and missing.
    ProfileIncomplete {
        /// The field.
        field: &'static str,
    },
    /// The nonce is for another city than the issuer file.
    OtherCity,
    /// The card is another person's than the member.
    OtherHolder,
    /// What was found is not sound; the answer has been printed.
    NotSound,
    /// The sync did not reach every relay; the answer has been printed.
    Incomplete(Box<NetError>),
    /// A step of the demo did not end as it must.
    Demo {
        /// The step.
        step: String,
        /// What was seen.
        seen: String,
    },
    /// Something that should not happen, with its cause for whoever mends it.
    Unexpected(anyhow::Error),
}

/// Why a city did not bind a resident.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NotBound {
    /// A person has to look.
    Review(ReviewReason),
    /// The evidence is refused.
    Refused(EnrolRefusal),
}

/// What is told about a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Told {
    /// Names the failure for programs; never changes.
    pub(crate) code: &'static str,
    /// What happened.
    pub(crate) message: String,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    /// How the program ends.
    #[serde(serialize_with = "number")]
    pub(crate) exit: Exit,
}

impl Told {
    fn new(code: &'static str, exit: Exit, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
            exit,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
fn number<S: serde::Serializer>(exit: &Exit, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(*exit as u8)
}

impl Failure {
    /// What is told about it.
    pub(crate) fn told(&self, lang: Lang) -> Told {
        match self {
            Self::Vault(error) => vault::told(lang, error),
            Self::Net(error) => net::told(lang, error),
            Self::Incomplete(error) => net::told(lang, error),
            Self::Record(error) => record::told(lang, error),
            Self::Date(error) => record::date(lang, error),
            Self::Issued(error) => official::issued(lang, *error),
            Self::Evidence(refusal) => official::evidence(lang, *refusal),
            Self::Card(error) => card::told(lang, *error),
            Self::NoCardSupport => card::no_support(lang),
            Self::WhichReader { names } => card::which(lang, names),
            Self::Address(error) => net::address(lang, *error),
            Self::Relay(error) => net::relay(lang, error),
            Self::City(error) => city::told(lang, error),
            Self::NotBound(why) => city::not_bound(lang, *why),
            Self::LinesRejected { count } => city::rejected(lang, *count),
            Self::NoLists => city::no_lists(lang),
            Self::ListsRefused { count } => city::lists_refused(lang, *count),
            Self::NoSuchBinding | Self::NoSuchCase => city::not_found(lang),
            Self::LinesUnread { count } => record::unread(lang, *count),
            Self::NoSuchField { kind, key } => record::no_such_field(lang, *kind, key),
            Self::NotAnExport => record::not_an_export(lang),
            Self::Rules(error) => record::rules(lang, error),
            Self::Form(error) => record::form(lang, error),
            Self::NoForm { known } => record::no_form(lang, known),
            Self::Pack(error) => record::pack(lang, error),
            Self::Growth(error) => record::growth(lang, *error),
            Self::Simulated(error) => city::simulated(lang, error),
            Self::File { path, source } => file(lang, path, source),
            Self::Io(error) => {
                let text = say!(
                    lang,
                    "読み書きできませんでした: {e}",
                    "Reading or writing failed: {e}",
                    e = error
                );
                Told::new("io", Exit::Data, text)
            }
            Self::Demo { step, seen } => {
                let text = say!(
                    lang,
                    "デモの「{s}」が予定どおりに終わりませんでした。",
                    "The demo's step “{s}” did not end as it must.",
                    s = step
                );
                Told::new("demo", Exit::Data, text).hint(seen.clone())
            }
            Self::Unexpected(error) => {
                let text = say!(
                    lang,
                    "予想外の失敗: {e}",
                    "An unexpected failure: {e}",
                    e = format!("{error:#}")
                );
                Told::new("unexpected", Exit::Data, text)
            }
            plain => plain.plain(lang),
        }
    }

    /// Failures without a cause below them.
    fn plain(&self, lang: Lang) -> Told {
        let told = |code, exit, ja: &str, en: &str| Told::new(code, exit, lang.of(ja, en));
        match self {
            Self::PassphrasesDiffer => told("passphrases-differ", Exit::Usage, "2回の合言葉が違います。", "The two passphrases differ."),
            Self::EmptyPassphrase => told("empty-passphrase", Exit::Usage, "合言葉が空です。", "The passphrase is empty."),
            Self::NoPassphrase => told("no-passphrase", Exit::Usage, "合言葉をたずねる端末がありません。", "There is no terminal to ask for the passphrase.")
                .hint(lang.of("--passphrase-file FILE か TECHO_PASSPHRASE_FILE を使ってください。", "Use --passphrase-file FILE or TECHO_PASSPHRASE_FILE.")),
            Self::NoCardPassword => told("no-card-password", Exit::Usage, "署名用パスワードをたずねる端末がありません。", "There is no terminal to ask for the signature password.")
                .hint(lang.of("--card-password-file FILE を使ってください。", "Use --card-password-file FILE.")),
            Self::NoHome => told("no-home", Exit::Usage, "データを置くフォルダーがわかりません。", "There is no folder for this installation's data.")
                .hint(lang.of("--vault DIR と TECHO_STATE=DIR を指定してください。", "Give --vault DIR and TECHO_STATE=DIR.")),
            Self::WhichMember => told("which-member", Exit::Usage, "だれの記録かわかりません。", "Whose record is it?")
                .hint(lang.of("--member 名前 を付けてください(一覧: techo member list)。", "Add --member NAME (see techo member list).")),
            Self::NoMembers => told("no-members", Exit::No, "メンバーがまだいません。", "The family has no members yet.")
                .hint("techo member add NAME --born DATE"),
            Self::NotUnderstood { what } => Told::new("not-understood", Exit::Usage, say!(lang, "{w} の値がわかりません。", "The value of {w} is not understood.", w = what))
                .hint(lang.of("techo COMMAND --help に例があります。", "techo COMMAND --help shows examples.")),
            Self::Declined => told("declined", Exit::No, "何もしませんでした。", "Nothing was done."),
            Self::DigitsNeeded => told("digits-needed", Exit::No, "数字を確かめる人がいません。", "There is nobody to compare the digits.")
                .hint(lang.of("もう一方の端末の数字を見て、techo device confirm --digits NNNNNN を実行してください。", "Look at the other device's digits and run techo device confirm --digits NNNNNN.")),
            Self::ProfileIncomplete { field } => {
                let name = crate::lang::words::field(lang, field);
                Told::new("profile-incomplete", Exit::No, say!(lang, "メンバーの{n}が書かれていません。", "The member's profile lacks: {n}.", n = name))
            }
            Self::OtherHolder => told("other-holder", Exit::No, "カードの持ち主は、このメンバーではありません。", "The card's holder is not this member.")
                .hint(lang.of("--member で本人を選んでください。子どもには --child を付けます。名前か生年月日が違うときは、先に手帳を直してください。", "Choose the person with --member; for a child add --child. If name or birth date are wrong in the handbook, correct them first.")),
            Self::OtherCity => told("other-city", Exit::No, "ナンスと発行者ファイルの市区町村が違います。", "The nonce is another city's than the issuer file."),
            Self::NotSound => told("not-sound", Exit::Data, "傷みか不足があります。", "Something is damaged or missing.")
                .hint(lang.of("techo sync がリレーから取り戻せるものを取り戻します。", "techo sync brings back what the relay still has.")),
            _ => told("unexpected", Exit::Data, "予想外の失敗です。", "An unexpected failure."),
        }
    }

    /// Tells people or programs on standard error, and returns how to exit.
    pub(crate) fn report(&self, lang: Lang, json: bool) -> u8 {
        let told = self.told(lang);
        if json {
            tell(&crate::output::answer("error/1", &told).unwrap_or_default());
        } else {
            tell(&format!(
                "{}: {}",
                lang.of("できませんでした", "Not done"),
                told.message
            ));
            if let Some(hint) = &told.hint {
                tell(&format!("→ {hint}"));
            }
        }
        told.exit as u8
    }
}

fn file(lang: Lang, path: &std::path::Path, source: &io::Error) -> Told {
    let path = path.display();
    if source.kind() == io::ErrorKind::NotFound {
        let text = say!(
            lang,
            "ファイルがありません: {p}",
            "There is no file {p}",
            p = path
        );
        return Told::new("no-file", Exit::No, text);
    }
    let text = say!(
        lang,
        "{p} を読み書きできません: {e}",
        "{p} cannot be read or written: {e}",
        p = path,
        e = source
    );
    Told::new("file", Exit::Data, text)
}

macro_rules! from {
    ($($error:ty => $variant:ident),+ $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )+};
}

from! {
    VaultError => Vault,
    NetError => Net,
    RecordError => Record,
    DateError => Date,
    IssuedError => Issued,
    Refusal => Evidence,
    CardError => Card,
    AddressError => Address,
    techo_relay::RelayError => Relay,
    CityError => City,
    SimulatedError => Simulated,
    RulesError => Rules,
    techo_health::checkup::FormError => Form,
    PackError => Pack,
    GrowthError => Growth,
    io::Error => Io,
    anyhow::Error => Unexpected,
}

#[cfg(test)]
mod tests;
