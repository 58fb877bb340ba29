//! `techo growth`.

use serde::Serialize;
use techo_health::growth::{
    Child, Measure, NotPlaced, Place, Placed, Reading, Reference, ReferenceId, place,
};
use techo_health::{Date, Quantity, When};

use crate::args::{AgesArg, GrowthArgs, MeasureArg, ReferenceArg};
use crate::chart::{Ages, Chart, Panel, svg, terminal};
use crate::desk::{Desk, write_text};
use crate::error::Failure;
use crate::handbook::{self, Handbook};
use crate::lang::{Lang, dates, say};
use crate::output::{Page, Table};

#[derive(Serialize)]
struct Told<'a> {
    member: String,
    reference: &'static str,
    attribution: &'static str,
    measures: &'a [Measures<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    svg: Option<String>,
}

#[derive(Serialize)]
struct Measures<'a> {
    measure: &'static str,
    unit: &'static str,
    values: Vec<Line<'a>>,
    #[serde(skip)]
    of: Measure,
}

#[derive(Serialize)]
struct Line<'a> {
    date: When,
    #[serde(skip)]
    day: Date,
    value: f64,
    records: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_months: Option<f64>,
    corrected: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    above: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    below: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_placed: Option<&'static str>,
    #[serde(skip)]
    placed: Option<Result<Placed, NotPlaced>>,
}

pub(super) fn run(desk: &Desk, args: &GrowthArgs) -> Result<(), Failure> {
    let vault = desk.open()?;
    let member = Desk::member(&vault, args.member.as_deref())?;
    // A picture leaves the vault.
    let book = match args.svg {
        Some(_) => handbook::to_hand_over(&vault, member),
        None => handbook::handbook(&vault, member),
    };
    let lang = desk.lang();
    let reference = reference_of(args.reference).reference()?;
    let child = Child::of(&book.history);
    if args.svg.is_some() && child.is_none() {
        let field = book.history.birth.map_or("birth_date", |_| "sex");
        return Err(Failure::ProfileIncomplete { field });
    }
    let measures = measures(&book, args, &reference, child.as_ref());
    let chart = child.map(|child| draw(lang, &book, args, &reference, &child, &measures));
    if let Some((path, chart)) = args.svg.as_deref().zip(chart.as_ref()) {
        let words = svg::Words {
            ages: match chart.ages {
                Ages::Infant => lang.of("月齢(か月)", "Age (months)"),
                Ages::Child => lang.of("年齢(歳)", "Age (years)"),
            },
            description: in_words(lang, &measures),
        };
        write_text(path, &svg::draw(chart, &words))?;
    }
    let told = Told {
        member: book.member.id.to_string(),
        reference: reference.id().as_str(),
        attribution: lang.of(reference.id().japanese(), reference.id().english()),
        measures: &measures,
        svg: args.svg.as_ref().map(|path| path.display().to_string()),
    };
    desk.out.show("growth/1", &told, |page| {
        page.line(say!(
            lang,
            "■ {n} の発育",
            "■ Growth of {n}",
            n = book.member.name()
        ));
        if measures.iter().all(|all| all.values.is_empty()) {
            page.line(lang.of(
                "身長・体重・頭囲の記録がまだありません。例: techo add measurement 体重 7.8 kg",
                "No height, weight or head circumference yet: techo add measurement weight 7.8 kg",
            ));
        }
        for (at, measure) in measures.iter().enumerate() {
            page.gap();
            page.line(title(lang, measure));
            let panel = chart.as_ref().and_then(|chart| chart.panels.get(at));
            if let Some((panel, chart)) = panel.zip(chart.as_ref()).filter(|_| !args.table) {
                letters(lang, page, panel, chart.ages);
            }
            table(lang, page, &book, measure);
        }
        page.gap();
        explain(lang, page, &reference, child.as_ref(), &told);
    })?;
    Ok(())
}

fn reference_of(typed: ReferenceArg) -> ReferenceId {
    match typed {
        ReferenceArg::Japan => ReferenceId::Japan2023,
        ReferenceArg::Who => ReferenceId::Who2006,
    }
}

fn is_wanted(args: &GrowthArgs, measure: Measure) -> bool {
    args.measure.is_none_or(|typed| {
        measure
            == match typed {
                MeasureArg::Height => Measure::Height,
                MeasureArg::Weight => Measure::Weight,
                MeasureArg::Head => Measure::Head,
            }
    })
}

fn measures<'a>(
    book: &'a Handbook,
    args: &GrowthArgs,
    reference: &Reference,
    child: Option<&Child>,
) -> Vec<Measures<'a>> {
    let wanted = Measure::ALL
        .into_iter()
        .filter(|measure| is_wanted(args, *measure));
    let all = wanted.map(|of| Measures {
        measure: of.key(),
        unit: of.unit(),
        values: book
            .history
            .measured(of.key())
            .filter_map(|measured| {
                let records = measured.sources.iter().map(|source| source.id.as_str());
                Some(line(
                    &Reading::of(measured)?,
                    records.collect(),
                    reference,
                    child,
                ))
            })
            .collect(),
        of,
    });
    // A picture may be empty, to be filled in by hand.
    let is_asked = |of| args.measure.is_some() || (args.svg.is_some() && of != Measure::Head);
    all.filter(|measures| !measures.values.is_empty() || is_asked(measures.of))
        .collect()
}

fn line<'a>(
    reading: &Reading,
    records: Vec<&'a str>,
    reference: &Reference,
    child: Option<&Child>,
) -> Line<'a> {
    let placed = child.map(|child| place(reference, child, reading));
    let (above, below) = match placed.as_ref().and_then(|placed| placed.as_ref().ok()) {
        Some(placed) => match placed.place {
            Place::Below => (None, Some(3)),
            Place::Between(low, high) => (Some(low), Some(high)),
            Place::Above => (Some(97), None),
        },
        None => (None, None),
    };
    let age = child.and_then(|child| child.age_on(reading.day).ok());
    Line {
        date: When::from(reading.day),
        day: reading.day,
        value: reading.value,
        records,
        age_months: age.map(|age| (age.months * 100.0).round() / 100.0),
        corrected: age.is_some_and(|age| age.corrected),
        above,
        below,
        not_placed: match &placed {
            None => Some("profile_incomplete"),
            Some(Err(NotPlaced::BeforeBirth)) => Some("before_birth"),
            Some(Err(NotPlaced::BeforeTerm)) => Some("before_term"),
            Some(Err(NotPlaced::TooOld)) => Some("survey_ends"),
            Some(Err(_)) => Some("not_positive"),
            Some(Ok(_)) => None,
        },
        placed,
    }
}

fn draw(
    lang: Lang,
    book: &Handbook,
    args: &GrowthArgs,
    reference: &Reference,
    child: &Child,
    measures: &[Measures<'_>],
) -> Chart {
    let placed = measures.iter().flat_map(|all| &all.values);
    let placed = placed.filter_map(|line| line.placed.as_ref()?.as_ref().ok());
    let last = placed.map(|placed| placed.age.months).fold(0.0, f64::max);
    let ages = match args.ages {
        Some(AgesArg::Infant) => Ages::Infant,
        None if last <= Ages::Infant.months() => Ages::Infant,
        Some(AgesArg::Child) | None => Ages::Child,
    };
    let panels = measures.iter().map(|measures| {
        let placed = measures
            .values
            .iter()
            .filter_map(|line| line.placed.as_ref()?.as_ref().ok());
        let points: Vec<(f64, f64)> = placed
            .map(|placed| (placed.age.months, placed.value))
            .collect();
        let curve = reference.curve(measures.of, child.sex);
        Panel::new(&name(lang, measures.of), measures.of, curve, ages, &points)
    });
    let id = reference.id();
    let mut notes = vec![lang.of(id.japanese(), id.english()).to_owned()];
    notes.push(percentiles(lang).to_owned());
    if measures
        .iter()
        .flat_map(|all| &all.values)
        .any(|line| line.corrected)
    {
        notes.push(corrected(lang).to_owned());
    }
    notes.push(ask(lang).to_owned());
    Chart {
        title: say!(
            lang,
            "{n} の発育曲線(手帳に記録された性別: {s})",
            "Growth of {n} (sex on record: {s})",
            n = book.member.name(),
            s = match child.sex {
                techo_health::Sex::Female => lang.of("女", "female"),
                techo_health::Sex::Male => lang.of("男", "male"),
            }
        ),
        notes,
        panels: panels.collect(),
        ages,
    }
}

fn name(lang: Lang, measure: Measure) -> String {
    let known = Quantity::new(measure.key()).known();
    known.map_or_else(String::new, |known| {
        lang.of(known.japanese, known.english).to_owned()
    })
}

fn title(lang: Lang, measures: &Measures<'_>) -> String {
    format!("{} ({})", name(lang, measures.of), measures.unit)
}

fn letters(lang: Lang, page: &mut Page, panel: &Panel, ages: Ages) {
    for line in terminal::panel(panel, ages) {
        page.line(line);
    }
    let ages = match ages {
        Ages::Infant => lang.of("月齢(か月)", "age in months"),
        Ages::Child => lang.of("年齢(歳)", "age in years"),
    };
    page.line(say!(
        lang,
        "        o 本人   = まん中(50)   . 3〜97の帯   横: {a}",
        "        o the child   = median   . belt from 3 to 97   across: {a}",
        a = ages
    ));
    page.gap();
}

fn table(lang: Lang, page: &mut Page, book: &Handbook, measures: &Measures<'_>) {
    let mut table = Table::indented(2);
    for line in &measures.values {
        let birth = book.history.birth;
        let age = birth.and_then(|birth| dates::age(lang, birth.0, line.day));
        table.row([
            line.date.to_string(),
            age.unwrap_or_default(),
            format!("{} {}", line.value, measures.unit),
            range(lang, line),
        ]);
    }
    page.table(&table);
}

/// The range in words; never a judgement.
fn range(lang: Lang, line: &Line<'_>) -> String {
    let star = if line.corrected { " *" } else { "" };
    let words = match &line.placed {
        None => "—".to_owned(),
        Some(Ok(placed)) => match placed.place {
            Place::Below => lang
                .of("3パーセンタイルより小さい", "under the 3rd percentile")
                .to_owned(),
            Place::Above => lang
                .of("97パーセンタイルより大きい", "over the 97th percentile")
                .to_owned(),
            Place::Between(low, high) => say!(
                lang,
                "{a}〜{b}パーセンタイルの間",
                "between percentiles {a} and {b}",
                a = low,
                b = high
            ),
        },
        Some(Err(NotPlaced::BeforeBirth)) => lang
            .of("生まれる前の日付です", "dated before birth")
            .to_owned(),
        Some(Err(NotPlaced::BeforeTerm)) => lang
            .of(
                "予定日の前なので比べません",
                "before the expected date of birth: not compared",
            )
            .to_owned(),
        Some(Err(NotPlaced::TooOld)) => lang
            .of(
                "この調査の年齢を超えています",
                "the survey ends before this age",
            )
            .to_owned(),
        Some(Err(_)) => lang
            .of("比べられない値です", "no value to compare")
            .to_owned(),
    };
    words + star
}

fn in_words(lang: Lang, measures: &[Measures<'_>]) -> String {
    let lines = measures.iter().flat_map(|all| {
        all.values.iter().map(move |line| {
            format!(
                "{} {} {} {}: {}",
                line.date,
                name(lang, all.of),
                line.value,
                all.unit,
                range(lang, line)
            )
        })
    });
    lines.collect::<Vec<_>>().join("; ")
}

fn explain(
    lang: Lang,
    page: &mut Page,
    reference: &Reference,
    child: Option<&Child>,
    told: &Told<'_>,
) {
    if child.is_none() {
        page.line(lang.of(
            "生年月日か性別が手帳にないので、曲線と比べられません。",
            "Without birth date and sex in the profile there is nothing to compare with.",
        ));
        return;
    }
    let id = reference.id();
    page.line(say!(
        lang,
        "比べた調査: {t}",
        "Compared with: {t}",
        t = lang.of(id.japanese(), id.english())
    ));
    page.line(percentiles(lang));
    if told
        .measures
        .iter()
        .flat_map(|all| &all.values)
        .any(|line| line.corrected)
    {
        page.line(format!("* {}", corrected(lang)));
    }
    page.line(ask(lang));
    if let Some(path) = &told.svg {
        page.line(say!(lang, "図: {p}", "Picture: {p}", p = path));
    }
}

fn percentiles(lang: Lang) -> &'static str {
    lang.of(
        "パーセンタイル: 同じ月齢の子ども100人を小さい順に並べたときのおよその順番。",
        "Percentile: the place among 100 children of the same age, the smallest first.",
    )
}

fn corrected(lang: Lang) -> &'static str {
    lang.of(
        "37週より前に生まれたため、2歳までは予定日から数えた修正月齢で比べています。",
        "Born before 37 weeks: until two years, ages count from the expected date of birth.",
    )
}

fn ask(lang: Lang) -> &'static str {
    lang.of(
        "育ち方はひとりひとり違います。気になるときは、健診やかかりつけ医、市区町村に相談してください。",
        "Every child grows in its own way. If you wonder, ask at a checkup, your clinic or your city.",
    )
}
