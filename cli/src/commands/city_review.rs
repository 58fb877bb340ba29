//! `techo city review`: what a clerk has to look at, and what the clerk decides. Attributes are shown
//! to the clerk alone, one case at a time.

use std::path::Path;

use serde::Serialize;
use techo_city::{Case, CaseView, City, Register, ReviewList};
use techo_jpki::Attributes;

use super::city_bindings::Doubtful;
use super::city_counter::{open, read_bytes};
use crate::clock;
use crate::desk::Desk;
use crate::error::{Failure, NotBound, review_reason};
use crate::lang::{Lang, dates, say};
use crate::output::{Page, Table};

/// What a clerk does about cases.
pub(super) struct Clerk<'a> {
    pub(super) case: Option<&'a str>,
    pub(super) register: Option<&'a Path>,
    pub(super) bind: Option<&'a str>,
    pub(super) guardian: Option<&'a str>,
    pub(super) dismiss: bool,
    pub(super) go: bool,
}

pub(super) fn review(desk: &Desk, dir: &Path, clerk: &Clerk<'_>) -> Result<(), Failure> {
    let register = match clerk.register {
        Some(file) => Some(Register::from_csv(&read_bytes(file)?)?),
        None => None,
    };
    let mut city = open(desk, dir)?;
    let now = clock::now().millis();
    match (clerk.case, clerk.bind, register) {
        (Some(case), _, _) if clerk.dismiss => dismiss(desk, &mut city, case),
        (Some(case), Some(resident), Some(register)) => {
            let named = (resident, clerk.guardian);
            let answer = city.bind_case(now, case, named, &register)?;
            let told = answer.ok_or(Failure::NoSuchCase)?;
            super::city_counter::answer(desk, city, &told, clerk.go)
        }
        (Some(case), None, Some(register)) => {
            let view = city
                .case(now, case, &register)?
                .ok_or(Failure::NoSuchCase)?
                .map_err(|why| Failure::NotBound(NotBound::Refused(why)))?;
            show_case(desk, &view)
        }
        (Some(_), _, None) => Err(Failure::NotUnderstood { what: "--register" }),
        (None, _, register) => list(desk, &city.review(now, register.as_ref())),
    }
}

fn dismiss(desk: &Desk, city: &mut City, case: &str) -> Result<(), Failure> {
    if !city.dismiss(case)? {
        return Err(Failure::NoSuchCase);
    }
    let dismissed = Dismissed { dismissed: case };
    let lang = desk.lang();
    desk.out.show("city-dismiss/1", &dismissed, |page| {
        page.line(lang.of(
            "だれとも結びつけず、証拠を消しました。",
            "Nobody was bound, and the evidence is deleted.",
        ));
    })?;
    Ok(())
}

#[derive(Serialize)]
struct Dismissed<'a> {
    dismissed: &'a str,
}

#[derive(Serialize)]
struct Listed {
    cases: Vec<ListedCase>,
    bindings: Vec<Doubtful>,
}

#[derive(Serialize)]
struct ListedCase {
    case: String,
    since: u64,
    reason: &'static str,
}

impl ListedCase {
    fn new(case: &Case) -> Self {
        Self {
            case: case.id.clone(),
            since: case.since,
            reason: case.reason.map_or("no_list", |r| review_reason(r).0),
        }
    }
}

fn list(desk: &Desk, found: &ReviewList) -> Result<(), Failure> {
    let bindings = found.bindings.iter();
    let listed = Listed {
        cases: found.cases.iter().map(ListedCase::new).collect(),
        bindings: bindings
            .map(|b| Doubtful::new(b.binding.to_string(), b.resident.clone(), b.doubt))
            .collect(),
    };
    let lang = desk.lang();
    desk.out.show("city-review/1", &listed, |page| {
        for case in &found.cases {
            page.line(case_line(lang, case));
        }
        if !found.cases.is_empty() {
            page.line(lang.of(
                "→ 申込みを見るには: techo city review 番号 --register FILE",
                "→ To see who enrols: techo city review CASE --register FILE",
            ));
        }
        for binding in &listed.bindings {
            page.line(binding.line(lang));
        }
        if !listed.bindings.is_empty() {
            page.line(lang.of(
                "→ 結びつきを終わりにするには: techo city end 番号",
                "→ To end a binding: techo city end BINDING",
            ));
        }
        if found.cases.is_empty() && found.bindings.is_empty() {
            page.line(lang.of("確認するものはありません。", "Nothing to look at."));
        }
    })?;
    Ok(())
}

fn case_line(lang: Lang, case: &Case) -> String {
    let short: String = case.id.chars().take(12).collect();
    let why = match case.reason {
        Some(reason) => {
            let (_, ja, en) = review_reason(reason);
            lang.of(ja, en)
        }
        None => lang.of("失効リストを待っています。", "Waits for a revocation list."),
    };
    format!("{short}  {}  {why}", dates::instant(case.since))
}

#[derive(Serialize)]
struct Shown<'a> {
    case: &'a str,
    holder: Person<'a>,
    child: Option<Person<'a>>,
    candidates: &'a [String],
}

#[derive(Serialize)]
struct Person<'a> {
    name: &'a str,
    birth_date: &'a str,
    gender: u8,
    address: &'a str,
}

impl<'a> Person<'a> {
    fn new(of: &'a Attributes) -> Self {
        Self {
            name: &of.name,
            birth_date: &of.birth_date,
            gender: of.gender,
            address: &of.address,
        }
    }
}

fn show_case(desk: &Desk, view: &CaseView) -> Result<(), Failure> {
    let lang = desk.lang();
    let shown = Shown {
        case: &view.case.id,
        holder: Person::new(&view.holder),
        child: view.child.as_ref().map(Person::new),
        candidates: &view.candidates,
    };
    desk.out.show("city-case/1", &shown, |page| {
        page.line(case_line(lang, &view.case));
        person(
            lang,
            page,
            lang.of("カードの持ち主", "Holder of the card"),
            &view.holder,
        );
        if let Some(child) = &view.child {
            person(lang, page, lang.of("申込みの子ども", "Child"), child);
        }
        if view.candidates.is_empty() {
            page.line(lang.of(
                "同じ生年月日の住民は台帳にいません。",
                "The register holds nobody born on that day.",
            ));
        } else {
            page.line(say!(
                lang,
                "同じ生年月日の住民: {c}",
                "Residents born on that day: {c}",
                c = view.candidates.join(" ")
            ));
        }
        page.line(lang.of(
            "だれかを確かめたら --bind 宛名番号、結びつけないなら --dismiss を付けて、もう一度。",
            "Once it is certain who this is, again with --bind NUMBER; if nobody, with --dismiss.",
        ));
    })?;
    Ok(())
}

fn person(lang: Lang, page: &mut Page, title: &str, of: &Attributes) {
    page.line(title);
    let mut table = Table::indented(2);
    let gender = match of.gender {
        1 => lang.of("男", "male"),
        2 => lang.of("女", "female"),
        _ => lang.of("不明", "unknown"),
    };
    let mut row = |ja: &str, en: &str, value: &str| {
        table.row([lang.of(ja, en).to_owned(), value.to_owned()]);
    };
    row("氏名", "Name", &of.name);
    row("生年月日", "Born", &of.birth_date);
    row("性別", "Gender", gender);
    row("住所", "Address", &of.address);
    page.table(&table);
}
