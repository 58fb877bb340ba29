//! `techo checkup`, and `techo add checkup` through a form.

use serde::Serialize;
use techo_health::Checkup;
use techo_health::checkup::{Checkups, Form, FormItem, Forms, ItemKind};
use techo_health::record::{CheckupType, Judgement};

use super::date_or_today;
use crate::args::{CheckupArgs, CheckupsCommand};
use crate::desk::Desk;
use crate::error::Failure;
use crate::lang::{Lang, say};
use crate::output::{Output, Page, Table};

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
/// no finding was typed.
pub(super) fn written(desk: &Desk, args: CheckupArgs) -> Result<Checkup, Failure> {
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
    let mut findings = args.finding;
    if let Some(form) = form {
        if form.checkup != checkup.as_str() {
            return Err(Failure::NotUnderstood { what: "--form" });
        }
        findings = if findings.is_empty() && desk.out.can_ask() {
            asked(desk, form)?
        } else {
            let entry = |(key, value): (String, String)| form.entry(&key, &value);
            findings.into_iter().map(entry).collect::<Result<_, _>>()?
        };
    }
    Ok(Checkup {
        form: form.map(Form::name),
        facility: args.facility,
        doctor: args.doctor,
        judgement: args.judgement.as_deref().map(Judgement::new),
        findings: findings.into_iter().collect(),
        note: args.note,
        ..Checkup::new(checkup, date)
    })
}

/// Asks for every item; an empty answer leaves it out.
fn asked(desk: &Desk, form: &Form) -> Result<Vec<(String, String)>, Failure> {
    let lang = desk.lang();
    desk.out.aside(lang.of(
        "項目ごとに入力してください。Enterだけなら書きません。",
        "Answer item by item; Enter alone leaves an item out.",
    ));
    let mut findings = Vec::new();
    for item in &form.items {
        loop {
            let name = lang.of(&item.ja, &item.en);
            let answer = Output::line(&format!("{name}{}: ", hint(lang, item)))?;
            if answer.trim().is_empty() {
                break;
            }
            match item.value(&answer) {
                Ok(value) => {
                    findings.push((item.code.clone(), value));
                    break;
                }
                Err(error) => desk.out.aside(&Failure::from(error).told(lang).message),
            }
        }
    }
    Ok(findings)
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
