//! `techo member`.

use serde::Serialize;
use techo_health::{Date, Kind, Member, Record, Sex, Value};
use techo_vault::vault::{MemberView, Verified};

use crate::args::{MemberAddArgs, MemberAmendArgs, MemberCommand};
use crate::clock;
use crate::desk::Desk;
use crate::error::Failure;
use crate::lang::{Lang, dates, say, words};
use crate::output::{Page, Table};

#[derive(Serialize)]
struct Added<'a> {
    id: String,
    name: &'a str,
}

pub(super) fn run(desk: &Desk, command: MemberCommand) -> Result<(), Failure> {
    match command {
        MemberCommand::Add(args) => add(desk, args),
        MemberCommand::Amend(args) => amend(desk, &args),
        MemberCommand::List => list(desk),
        MemberCommand::Show { member } => show(desk, &member),
    }
}

fn add(desk: &Desk, args: MemberAddArgs) -> Result<(), Failure> {
    let born = args.born.as_deref().map(birth_date).transpose()?;
    let sex = match args.sex.as_deref() {
        Some(text) => Some(Sex::parse(text).ok_or(Failure::NotUnderstood { what: "--sex" })?),
        None => None,
    };
    let profile = Member {
        name: args.name.clone(),
        name_kana: args.kana,
        name_romaji: args.romaji,
        birth_date: born,
        sex,
        blood_type: args.blood_type,
        ..Member::default()
    };
    let profile = with_texts(
        profile,
        [
            ("gestation_at_birth", args.gestation),
            ("birth_order", args.birth_order),
        ],
        args.confirm,
    )?;
    let mut vault = desk.open()?;
    let id = vault.add_member(profile, clock::now())?;
    let added = Added {
        id: id.to_string(),
        name: &args.name,
    };
    let lang = desk.lang();
    desk.out.show("member-add/1", &added, |page| {
        page.line(say!(
            lang,
            "{n} を加えました。",
            "Added {n}.",
            n = args.name
        ));
    })?;
    Ok(())
}

/// The profile with fields that are read as the table says, checked before the vault is opened.
fn with_texts(
    profile: Member,
    texts: [(&str, Option<String>); 2],
    confirmed: bool,
) -> Result<Member, Failure> {
    let mut fields = Record::Member(profile).to_fields(true)?;
    for (key, text) in texts {
        if let Some(text) = text {
            fields.insert(key.to_owned(), text.into());
        }
    }
    let record = Record::from_fields(&fields)?;
    record.to_fields(confirmed)?;
    super::add::check_days(&record, None, confirmed)?;
    match record {
        Record::Member(profile) => Ok(profile),
        _ => Err(Failure::NotUnderstood { what: "NAME" }),
    }
}

fn amend(desk: &Desk, args: &MemberAmendArgs) -> Result<(), Failure> {
    let changes = super::record::changes(&args.set, &args.clear)?;
    for key in changes.keys() {
        super::record::check_key(Kind::Member, key)?;
    }
    let mut vault = desk.open()?;
    let member = vault.find_member(&args.member)?;
    super::record::check_changed_days(Kind::Member, &changes, birth(&member), args.confirm)?;
    vault.amend_member(&member.id, &changes, args.confirm, clock::now())?;
    let member = vault.find_member(&member.id.to_string())?;
    let lang = desk.lang();
    let amended = Added {
        id: member.id.to_string(),
        name: member.name(),
    };
    desk.out.show("member-amend/1", &amended, |page| {
        page.line(say!(
            lang,
            "{n} の内容を直しました。",
            "Amended the profile of {n}.",
            n = amended.name
        ));
    })?;
    Ok(())
}

fn birth_date(text: &str) -> Result<Date, Failure> {
    let when: techo_health::When = text.parse()?;
    when.day().ok_or(Failure::NotUnderstood { what: "--born" })
}

fn list(desk: &Desk) -> Result<(), Failure> {
    let members = desk.open()?.members();
    let lang = desk.lang();
    desk.out.show("member-list/1", &members, |page| {
        let mut table = Table::default();
        for member in &members {
            let born = born(lang, member).unwrap_or_default();
            table.row([
                member.name().to_owned(),
                born,
                seals(lang, member),
                short(member),
            ]);
        }
        page.table(&table);
        if members.is_empty() {
            page.line(lang.of(
                "メンバーがまだいません。techo member add 名前 --born 生年月日",
                "No members yet: techo member add NAME --born DATE",
            ));
        }
    })?;
    Ok(())
}

fn show(desk: &Desk, name: &str) -> Result<(), Failure> {
    let member = desk.open()?.find_member(name)?;
    let lang = desk.lang();
    desk.out.show("member-show/1", &member, |page| {
        page.line(member.name());
        let mut table = Table::indented(2);
        for (key, values) in &member.profile {
            if words::is_plumbing(key) || key == "name" {
                continue;
            }
            let shown: Vec<String> = values
                .iter()
                .filter(|value| **value != Value::Null)
                .map(|value| words::value(lang, key, value))
                .collect();
            table.row([words::field(lang, key), shown.join(" / ")]);
        }
        if let Some(age) = birth(&member).and_then(|b| dates::age(lang, b, clock::today())) {
            table.row([lang.of("今日の年齢", "Age today").to_owned(), age]);
        }
        table.row(["id".to_owned(), member.id.to_string()]);
        page.table(&table);
        for verified in &member.verified {
            verification(lang, page, None, verified);
        }
        if member.loading {
            page.line(lang.of(
                "まだ届いていない記録があります。",
                "Some records are still on their way.",
            ));
        }
    })?;
    Ok(())
}

/// Says who gave their word about a member, when, and what it is worth; never that it still holds.
pub(super) fn verification(lang: Lang, page: &mut Page, name: Option<&str>, verified: &Verified) {
    let at = dates::instant(verified.at);
    page.line(say!(
        lang,
        "  ✓ {n}{c} が {d} に本人確認",
        "  ✓ {n}verified by {c} on {d}",
        n = name.map(|name| format!("{name}: ")).unwrap_or_default(),
        c = verified.issuer_name,
        d = at
    ));
    if verified.ended {
        page.line(lang.of(
            "    市区町村から、これ以上は届きません。届いた記録は残ります。",
            "    Nothing more will come from this city. What came stays.",
        ));
    } else {
        page.line(say!(
            lang,
            "    {u} までに、カードでの再申込みが必要です。",
            "    to be renewed with the card by {u}.",
            u = dates::instant(verified.until)
        ));
    }
    if verified.simulated {
        page.line(lang.of(
            "    模擬のカードによる確認です。本物の証明ではありません。",
            "    with a simulated card: this proves nothing outside tests.",
        ));
    }
    if !verified.revocation_checked {
        page.line(lang.of(
            "    証明書の失効は確かめられていません。",
            "    revocation was not checked.",
        ));
    }
}

/// The birth date, if it is written and agreed on.
pub(super) fn birth(member: &MemberView) -> Option<Date> {
    member
        .text("birth_date")?
        .parse::<techo_health::When>()
        .ok()?
        .day()
}

fn born(lang: Lang, member: &MemberView) -> Option<String> {
    let birth = birth(member)?;
    let date = dates::date_text(lang, member.text("birth_date")?);
    let age = dates::age(lang, birth, clock::today()).unwrap_or_default();
    Some(say!(lang, "{d}生 {a}", "born {d}, {a}", d = date, a = age))
}

fn seals(lang: Lang, member: &MemberView) -> String {
    let names = member.verified.iter().map(|verified| {
        let note = if verified.simulated {
            lang.of("(模擬)", " (simulated)")
        } else {
            ""
        };
        format!("✓ {}{note}", verified.issuer_name)
    });
    names.collect::<Vec<_>>().join(" ")
}

fn short(member: &MemberView) -> String {
    member.id.to_string().chars().take(8).collect()
}
