//! How messages look on a page: for each member the most urgent first, each with its reason and source.

use techo_health::Date;
use techo_health::When;
use techo_health::message::{Confidence, Origin, Priority, Text, Why};
use techo_health::schedule::Rules;

use super::{Line, MemberTold, Told};
use crate::lang::{Lang, dates, say, series};
use crate::output::Page;

/// Shows messages.
pub(super) struct Printer<'a> {
    pub(super) lang: Lang,
    pub(super) rules: &'a Rules,
    pub(super) on: Date,
}

impl Printer<'_> {
    /// The whole page.
    pub(super) fn told(&self, page: &mut Page, told: &Told) {
        let lang = self.lang;
        page.line(say!(
            lang,
            "{d} のお知らせ",
            "Messages for {d}",
            d = dates::date(lang, &When::from(self.on))
        ));
        let mut any = false;
        for member in told
            .members
            .iter()
            .filter(|told| !told.messages.is_empty() || !told.refused.is_empty())
        {
            any = true;
            page.gap();
            self.member(page, member);
        }
        if !any {
            page.gap();
            page.line(lang.of(
                "今お知らせすることはありません。先の分は --weeks-ahead 4 など。",
                "Nothing to say today. Look ahead with --weeks-ahead 4.",
            ));
        }
        page.gap();
        page.line(say!(
            lang,
            "かかりつけ医とお住まいの市区町村に確認してください。診断ではありません。({v})",
            "Confirm with your clinic and your city. This is no diagnosis. ({v})",
            v = told.data_version
        ));
        if told.outdated {
            page.line(lang.of(
                "⚠ このお知らせは見直しの期日を過ぎています。新しい版がないか確かめてください。",
                "⚠ These messages are past the day on which they should have been reviewed: look for a newer version.",
            ));
        }
    }

    fn member(&self, page: &mut Page, member: &MemberTold) {
        let age = member
            .born
            .and_then(|born| dates::age(self.lang, born, self.on));
        page.line(format!("■ {}  {}", member.name, age.unwrap_or_default()));
        for line in &member.messages {
            self.message(page, line);
        }
        for refused in &member.refused {
            page.line(say!(
                self.lang,
                "  ⚠ {n}のお知らせ「{p}」は読めないので使いません: {r}",
                "  ⚠ the pack “{p}” of {n} cannot be read and is not used: {r}",
                n = refused.issuer_name,
                p = refused.pack,
                r = refused.reason
            ));
        }
    }

    fn message(&self, page: &mut Page, line: &Line) {
        let lang = self.lang;
        let mark = match line.priority {
            Priority::Urgent => lang.of("【至急】", "[urgent] "),
            Priority::High => lang.of("【大切】", "[important] "),
            Priority::Normal | Priority::Low => "",
        };
        page.line(format!(
            "  ● {mark}{}  {}",
            self.of(&line.title),
            self.days(line)
        ));
        page.line(format!("    {}", self.of(&line.text)));
        let mut about: Vec<String> = line.why.iter().map(|why| self.why(why)).collect();
        about.push(self.origin(line));
        page.line(format!("    ({})", about.join(lang.of("、", "; "))));
    }

    fn of<'t>(&self, text: &'t Text) -> &'t str {
        self.lang.of(&text.ja, &text.en)
    }

    fn days(&self, line: &Line) -> String {
        match &line.until {
            _ if line.begins > self.on => {
                say!(self.lang, "{f} から", "from {f}", f = line.from)
            }
            Some(until) if !line.is_long => say!(self.lang, "{u} まで", "until {u}", u = until),
            Some(_) | None => String::new(),
        }
    }

    fn origin(&self, line: &Line) -> String {
        let lang = self.lang;
        let who = match (line.origin, line.issuer_name.as_deref()) {
            (Origin::City, Some(name)) => say!(
                lang,
                "{n}のお知らせ(署名を確認済み)",
                "from {n}, signature verified",
                n = name
            ),
            (Origin::City, None) | (Origin::National, _) => String::new(),
        };
        let source = match (&line.source, line.confidence) {
            (Some(source), _) => say!(lang, "出典 {s}", "source {s}", s = source),
            (None, Confidence::Low) => lang
                .of(
                    "出典なし・確かさ低: 一般的な助言です",
                    "no source, low confidence: general advice",
                )
                .to_owned(),
            (None, _) => String::new(),
        };
        let parts = [who, source].into_iter().filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(lang.of("、", "; "))
    }

    fn why(&self, why: &Why) -> String {
        let lang = self.lang;
        let span = |[from, until]: [u16; 2], unit_ja: &str, unit_en: &str| {
            if from == until {
                return lang.of(format!("{from}{unit_ja}"), format!("{unit_en} {from}"));
            }
            lang.of(
                format!("{from}〜{until}{unit_ja}"),
                format!("{unit_en}s {from} to {until}"),
            )
        };
        match why {
            Why::GestationalWeek(weeks) => {
                format!(
                    "{}{}",
                    lang.of("妊娠", "pregnancy: "),
                    span(*weeks, "週", "week")
                )
            }
            Why::AgeDays(days) => {
                format!("{}{}", lang.of("生後", ""), span(*days, "日", "day"))
            }
            Why::AgeMonths(months) => span(*months, "か月", "month"),
            Why::AgeYears(years) => span(*years, "歳", "year"),
            Why::FiscalYear(years) => {
                let years = span(*years, "歳", "age");
                say!(lang, "{y}になる年度", "the fiscal year of {y}", y = years)
            }
            Why::BeforePrimary => lang
                .of(
                    "小学校に入る前の年度",
                    "the school year before primary school",
                )
                .to_owned(),
            Why::Season => lang.of("季節", "the season").to_owned(),
            Why::DateWindow => lang.of("毎年の時期", "the time of year").to_owned(),
            Why::SeriesEvent { series: id, dose } => {
                let dose = series::dose(lang, self.rules, id, Some(&dose.to_string()));
                say!(lang, "{d}のあと", "after {d}", d = dose)
            }
        }
    }
}
