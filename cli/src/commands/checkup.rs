//! `techo checkup`, and `techo add checkup` through a form.

use serde::Serialize;
use techo_health::checkup::{Checkups, Form, FormItem, Forms, ItemKind};
use techo_health::record::{CheckupType, Judgement};
use techo_health::{Checkup, Record};
use techo_vault::vault::Vault;

use super::date_or_today;
use super::member::birth;
use crate::args::{CheckupArgs, CheckupsCommand};
use crate::desk::Desk;
use crate::error::Failure;
use crate::lang::{Lang, say};
use crate::output::{Page, Table};
use crate::question::Terminal;

mod dialogue;

#[derive(Serialize)]
struct FormTold<'a> {
    form: String,
    checkup: &'a str,
    japanese: &'a str,
    english: &'a str,
    items: usize,
    statutory: usize,
    confidence: &'a str,
    sources: &'a [String],
}

#[derive(Serialize)]
struct ItemTold<'a> {
    code: &'a str,
    japanese: &'a str,
    english: &'a str,
    takes: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
    choices: Vec<&'a str>,
    statutory: bool,
    private: bool,
}

#[derive(Serialize)]
struct WholeForm<'a> {
    #[serde(flatten)]
    form: FormTold<'a>,
    item: Vec<ItemTold<'a>>,
}

pub(super) fn run(desk: &Desk, command: &CheckupsCommand) -> Result<(), Failure> {
    let forms = Forms::built_in().map_err(anyhow::Error::from)?;
    match command {
        CheckupsCommand::Forms => list(desk, &forms),
        CheckupsCommand::Form { form } => show(desk, find(&forms, form)?),
    }
}

/// The record of what was typed: freely, or by a form, which is asked item by item at a terminal if
/// no finding was typed. Whoever is asked has opened the vault before: what was answered is not lost
/// to a wrong passphrase.
pub(super) fn written(desk: &Desk, args: CheckupArgs) -> Result<(Checkup, Option<Vault>), Failure> {
    let date = date_or_today(args.new.date.as_deref())?;
    let forms = Forms::built_in().map_err(anyhow::Error::from)?;
    let form = args
        .form
        .as_deref()
        .map(|form| find(&forms, form))
        .transpose()?;
    let typed = args
        .checkup
        .as_deref()
        .or(form.map(|form| form.checkup.as_str()));
    let checkup = CheckupType::new(typed.ok_or(Failure::NotUnderstood { what: "CHECKUP" })?);
    if form.is_some_and(|form| form.checkup != checkup.as_str()) {
        return Err(Failure::NotUnderstood { what: "--form" });
    }
    let mut record = Checkup {
        form: form.map(Form::name),
        facility: args.facility,
        doctor: args.doctor,
        judgement: args.judgement.as_deref().map(Judgement::new),
        note: args.note,
        ..Checkup::new(checkup, date)
    };
    let Some(form) = form else {
        record.findings = args.finding.into_iter().collect();
        return Ok((record, None));
    };
    if args.finding.is_empty() && desk.out.can_ask() {
        let blank = Record::Checkup(record.clone());
        super::add::check_record(&args.new, &blank)?;
        let vault = desk.open()?;
        let member = Desk::member(&vault, args.new.member.as_deref())?;
        super::add::check_days(&blank, birth(&member), args.new.confirm)?;
        let mut terminal = Terminal::open()?;
        let findings = dialogue::ask(desk.lang(), form, &record, &mut terminal)?;
        record.findings = findings.into_iter().collect();
        return Ok((record, Some(vault)));
    }
    let entry = |(key, value): (String, String)| form.entry(&key, &value);
    record.findings = args
        .finding
        .into_iter()
        .map(entry)
        .collect::<Result<_, _>>()?;
    Ok((record, None))
}

/// What an item takes, in brackets.
fn hint(lang: Lang, item: &FormItem) -> String {
    match item.kind {
        ItemKind::Amount => format!(" ({})", item.unit.as_deref().unwrap_or_default()),
        ItemKind::Choice => {
            let choices = item
                .choices
                .iter()
                .map(|choice| lang.of(&choice.ja, &choice.en));
            let choices: Vec<&str> = choices.map(String::as_str).collect();
            format!(" ({})", choices.join(" / "))
        }
        ItemKind::Finding => lang
            .of(" (なし、または所見)", " (none, or what was found)")
            .to_owned(),
        ItemKind::Day => lang.of(" (日付)", " (a date)").to_owned(),
        ItemKind::Text => String::new(),
    }
}

fn find<'a>(forms: &'a Forms, text: &str) -> Result<&'a Form, Failure> {
    let code = CheckupType::new(text);
    let found = forms.find(text).or_else(|| forms.find(code.as_str()));
    found.ok_or_else(|| Failure::NoForm {
        known: forms.all().map(|form| form.id.clone()).collect(),
    })
}

fn told(form: &Form) -> FormTold<'_> {
    FormTold {
        form: form.name(),
        checkup: &form.checkup,
        japanese: &form.japanese,
        english: &form.english,
        items: form.items.len(),
        statutory: form.items.iter().filter(|item| item.statutory).count(),
        confidence: &form.confidence,
        sources: &form.sources,
    }
}

fn list(desk: &Desk, forms: &Forms) -> Result<(), Failure> {
    let lang = desk.lang();
    let all: Vec<FormTold<'_>> = forms.all().map(told).collect();
    desk.out.show("checkup-forms/1", &all, |page| {
        let mut table = Table::default();
        for form in &all {
            let statutory = if form.statutory > 0 {
                say!(lang, "法定{n}項目", "{n} by law", n = form.statutory)
            } else {
                String::new()
            };
            table.row([
                form.form.clone(),
                lang.of(form.japanese, form.english).to_owned(),
                say!(lang, "{n}項目", "{n} items", n = form.items),
                statutory,
            ]);
        }
        page.table(&table);
        page.line(lang.of(
            "書くには: techo add checkup --form 18m",
            "To write one: techo add checkup --form 18m",
        ));
    })?;
    Ok(())
}

fn show(desk: &Desk, form: &Form) -> Result<(), Failure> {
    let lang = desk.lang();
    let item = form.items.iter().map(|item| ItemTold {
        code: &item.code,
        japanese: &item.ja,
        english: &item.en,
        takes: match item.kind {
            ItemKind::Amount => "amount",
            ItemKind::Finding => "finding",
            ItemKind::Choice => "choice",
            ItemKind::Text => "text",
            ItemKind::Day => "day",
        },
        unit: item.unit.as_deref(),
        choices: item
            .choices
            .iter()
            .map(|choice| choice.code.as_str())
            .collect(),
        statutory: item.statutory,
        private: item.sensitive,
    });
    let whole = WholeForm {
        form: told(form),
        item: item.collect(),
    };
    desk.out
        .show("checkup-form/1", &whole, |page| form_page(lang, page, form))?;
    Ok(())
}

fn form_page(lang: Lang, page: &mut Page, form: &Form) {
    page.line(format!(
        "{}  {}",
        form.name(),
        lang.of(&form.japanese, &form.english)
    ));
    if let Some(rule) = Checkups::built_in()
        .ok()
        .and_then(|all| all.rule(&form.checkup).cloned())
    {
        page.line(lang.of(rule.ja, rule.en));
    }
    let mut table = Table::indented(2);
    for item in &form.items {
        let mut marks = Vec::new();
        if item.statutory {
            marks.push(lang.of("法定", "by law"));
        }
        if item.sensitive {
            marks.push(lang.of("家族だけ(書き出されません)", "private: never exported"));
        }
        table.row([
            item.code.clone(),
            format!("{}{}", lang.of(&item.ja, &item.en), hint(lang, item)),
            marks.join(lang.of("、", ", ")),
        ]);
    }
    page.table(&table);
    page.line(say!(
        lang,
        "出典: {s}(確かさ {c})",
        "Sources: {s} (confidence {c})",
        s = form.sources.join("、"),
        c = form.confidence
    ));
    let id = &form.id;
    page.line(say!(
        lang,
        "書くには: techo add checkup --form {i} --finding 記号=内容 …",
        "To write one: techo add checkup --form {i} --finding CODE=VALUE …",
        i = id
    ));
}
