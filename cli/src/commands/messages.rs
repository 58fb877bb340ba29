//! `techo messages`: what the packs say about every member today.

use std::collections::BTreeMap;

use serde::Serialize;
use techo_health::calendar::days_between;
use techo_health::message::{Facts, Message, Origin, Pack, Shelf, Text, Why};
use techo_health::schedule::Rules;
use techo_health::{Date, History};

use techo_vault::vault::MessagePack;

use super::date_or_today;
use crate::args::MessagesArgs;
use crate::desk::Desk;
use crate::error::Failure;
use crate::handbook::{Handbook, handbooks};

mod page;

/// What is said, as programs get it (docs/json.md).
#[derive(Serialize)]
struct Told {
    on: String,
    weeks_ahead: u16,
    data_version: String,
    outdated: bool,
    confirm: &'static str,
    members: Vec<MemberTold>,
}

#[derive(Serialize)]
struct MemberTold {
    member: String,
    name: String,
    #[serde(skip)]
    born: Option<Date>,
    messages: Vec<Line>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<Refused>,
}

/// A city's pack that cannot be read.
#[derive(Serialize)]
struct Refused {
    issuer_name: String,
    pack: String,
    reason: String,
}

/// One message.
#[derive(Serialize)]
struct Line {
    id: String,
    origin: Origin,
    /// The issuer's id, or `techo`.
    issuer: String,
    /// The name under which the city's key was pinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer_name: Option<String>,
    data_version: String,
    from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    audience: techo_health::message::Audience,
    category: techo_health::message::Category,
    priority: techo_health::message::Priority,
    confidence: techo_health::message::Confidence,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    why: Vec<Why>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<String>,
    outdated: bool,
    title: Text,
    text: Text,
    #[serde(skip)]
    begins: Date,
    /// It goes on for years: its last day is of no interest.
    #[serde(skip)]
    is_long: bool,
}

pub(super) fn run(desk: &Desk, args: &MessagesArgs) -> Result<(), Failure> {
    let on = date_or_today(args.on.as_deref())?;
    let on = on.day().ok_or(Failure::NotUnderstood { what: "--on" })?;
    let rules = Rules::built_in()?;
    let national = Pack::built_in()?;
    let vault = desk.open()?;
    let books = handbooks(&vault, None)?;
    let named = args.member.as_deref();
    let wanted = named.map(|name| vault.find_member(name)).transpose()?;
    let family: Vec<&History> = books.iter().map(|book| &book.history).collect();
    let mut members = Vec::new();
    for book in &books {
        if wanted
            .as_ref()
            .is_some_and(|wanted| wanted.id != book.member.id)
        {
            continue;
        }
        let facts = Facts::of(&book.history, family.iter().copied(), &rules, on);
        let facts = facts.map_err(anyhow::Error::from)?;
        let packs = CityPacks::of(vault.message_packs(&book.member.id));
        let shelf = Shelf {
            national: &national,
            city: &packs.read,
        };
        let messages = shelf.messages(&facts, on, args.weeks_ahead.saturating_mul(7));
        members.push(member(book, messages, packs));
    }
    let told = Told {
        on: on.to_string(),
        weeks_ahead: args.weeks_ahead,
        data_version: national.data_version().to_owned(),
        outdated: national.review_by() < on,
        confirm: "confirm with your clinic and your city",
        members,
    };
    let lang = desk.lang();
    desk.out.show("messages/1", &told, |paper| {
        page::Printer {
            lang,
            rules: &rules,
            on,
        }
        .told(paper, &told);
    })?;
    Ok(())
}

/// A member's city packs: verified by the vault, read here.
#[derive(Default)]
struct CityPacks {
    read: Vec<Pack>,
    names: BTreeMap<String, String>,
    refused: Vec<Refused>,
}

impl CityPacks {
    fn of(packs: Vec<MessagePack>) -> Self {
        let mut all = Self::default();
        for pack in packs {
            let reason = match Pack::parse(&pack.text) {
                Ok(read) if read.issuer() == pack.issuer && read.id() == pack.id => {
                    all.read.push(read);
                    all.names.insert(pack.issuer, pack.issuer_name);
                    continue;
                }
                Ok(_) => "names another issuer or pack".to_owned(),
                Err(error) => error.to_string(),
            };
            all.refused.push(Refused {
                issuer_name: pack.issuer_name,
                pack: pack.id,
                reason,
            });
        }
        all
    }
}

fn member(book: &Handbook, messages: Vec<Message>, packs: CityPacks) -> MemberTold {
    MemberTold {
        member: book.member.id.to_string(),
        name: book.member.name().to_owned(),
        born: book.history.birth.map(|birth| birth.0),
        messages: messages
            .into_iter()
            .map(|message| line(message, &packs.names))
            .collect(),
        refused: packs.refused,
    }
}

fn line(message: Message, names: &BTreeMap<String, String>) -> Line {
    let until = message.until;
    Line {
        id: message.id,
        origin: message.origin,
        issuer_name: names.get(&message.issuer).cloned(),
        issuer: message.issuer,
        data_version: message.data_version,
        from: message.from.to_string(),
        until: message.until.map(|day| day.to_string()),
        audience: message.audience,
        category: message.category,
        priority: message.priority,
        confidence: message.confidence,
        source: message.source,
        why: message.why,
        replaces: message.replaces,
        outdated: message.is_stale,
        title: message.title,
        text: message.text,
        begins: message.from,
        is_long: until.is_none_or(|until| days_between(message.from, until) > 800),
    }
}
