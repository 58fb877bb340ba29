//! How what is due looks on a page: for each member what is urgent first, then the next visits.

use techo_health::calendar::{Age, Birth, wareki};
use techo_health::checkup::{Basis, Checkups};
use techo_health::plan::Standing;
use techo_health::schedule::Rules;
use techo_health::{Date, When};

use super::{Due, ItemDue, MemberDue, OpenDue, VisitDue};
use crate::args::DueArgs;
use crate::lang::{Lang, dates, say, series, words};
use crate::output::{Page, Table};

/// Shows what is due.
pub(super) struct Printer<'a> {
    pub(super) lang: Lang,
    pub(super) rules: &'a Rules,
    pub(super) checkups: &'a Checkups,
    pub(super) args: &'a DueArgs,
    pub(super) on: Date,
}

impl Printer<'_> {
    /// The whole page.
    pub(super) fn due(&self, page: &mut Page, due: &Due) {
        let lang = self.lang;
        page.line(say!(
            lang,
            "{d} の時点で、これから{n}日間",
            "As of {d}, for the next {n} days",
            d = dates::date(lang, &When::from(self.on)),
            n = self.args.days
        ));
        for member in &due.members {
            page.gap();
            self.member(page, member);
        }
        if due.members.is_empty() {
            page.line(lang.of(
                "メンバーがまだいません。techo member add 名前 --born 生年月日",
                "No members yet: techo member add NAME --born DATE",
            ));
        }
        page.gap();
        page.line(say!(
            lang,
            "かかりつけ医とお住まいの市区町村に確認してください。診断ではありません。(規則 {s}、{c})",
            "Confirm with your clinic and your city. This is no diagnosis. (Rules {s}, {c})",
            s = due.schedule,
            c = due.checkups
        ));
        if due.outdated {
            page.line(lang.of(
                "⚠ この規則は見直しの期日を過ぎています。新しい版がないか確かめてください。",
                "⚠ These rules are past the day on which they should have been reviewed: look for a newer version.",
            ));
        }
    }

    fn member(&self, page: &mut Page, member: &MemberDue) {
        let lang = self.lang;
        let age = member.born.and_then(|born| dates::age(lang, born, self.on));
        let weeks = member
            .gestation
            .as_deref()
            .map(|weeks| self.gestation(weeks));
        let about: Vec<String> = age.into_iter().chain(weeks).collect();
        page.line(format!("■ {}  {}", member.name, about.join("  ")));
        if member.born.is_none() {
            page.line(lang.of(
                "  生年月日がないので、時期を計算できません。",
                "  Without a birth date nothing can be computed.",
            ));
            return;
        }
        let mut any = false;
        for (standing, title) in self.titles() {
            let items: Vec<&ItemDue> = member
                .items
                .iter()
                .filter(|item| item.standing == standing)
                .filter(|item| !self.is_told_below(member, item))
                .collect();
            if items.is_empty() || (is_quiet(standing) && !self.args.all) {
                continue;
            }
            any = true;
            page.line(format!("  {title}"));
            let mut table = Table::indented(4);
            for item in items {
                table.row([self.name(item), self.when(item), self.note(item)]);
            }
            page.table(&table);
        }
        if !any {
            page.line(lang.of("  今のところ、ありません。", "  Nothing for now."));
        }
        self.visits(page, member);
        self.open(page, member);
        self.over(page, member);
        self.uncounted(page, member);
    }

    fn titles(&self) -> [(Standing, &'static str); 8] {
        let of = |ja, en| self.lang.of(ja, en);
        [
            (Standing::Closing, of("⚠ 期限が近い", "⚠ Closing soon")),
            (
                Standing::Overdue,
                of(
                    "標準の時期を過ぎています(まだ受けられます)",
                    "Overdue (still possible)",
                ),
            ),
            (Standing::Due, of("受けられます", "Due now")),
            (
                Standing::Ask,
                of(
                    "医師か市区町村に相談してください",
                    "Ask your doctor or city",
                ),
            ),
            (Standing::Soon, of("もうすぐ", "Soon")),
            (
                Standing::Missed,
                of("期間が過ぎました", "The period is over"),
            ),
            (Standing::Later, of("この先", "Later")),
            (Standing::Complete, of("済み", "Complete")),
        ]
    }

    fn name(&self, item: &ItemDue) -> String {
        let lang = self.lang;
        let name = if item.kind == "checkup" {
            let rule = self.checkups.rule(&item.id);
            let name = rule.map(|rule| lang.of(rule.japanese.as_str(), rule.english.as_str()));
            let name = name.unwrap_or(&item.id).to_owned();
            match item.number {
                Some(n) if item.id == "prenatal" => {
                    say!(
                        lang,
                        "{c} {n}回目ごろ",
                        "{c}, about no. {n}",
                        c = name,
                        n = n
                    )
                }
                Some(n) => school_year(lang, &name, n),
                None => name,
            }
        } else {
            series::dose(lang, self.rules, &item.id, item.dose.as_deref())
        };
        if item.voluntary {
            say!(lang, "{n}(任意)", "{n} (voluntary)", n = name)
        } else {
            name
        }
    }

    fn when(&self, item: &ItemDue) -> String {
        let lang = self.lang;
        let from = item.from.as_deref().map(|day| self.day(day));
        let until = item.until.as_deref().map(|day| self.day(day));
        match (item.standing, from, until) {
            (Standing::Complete, ..) => {
                let done = item.done.as_deref().map(|day| self.day(day));
                done.unwrap_or_default()
            }
            (Standing::Missed, _, Some(until)) => {
                say!(lang, "{d} まででした", "was until {d}", d = until)
            }
            (Standing::Soon | Standing::Later, Some(_), _) => {
                let usual = item.best_from.as_deref().filter(|_| item.kind == "checkup");
                let from = usual.or(item.from.as_deref()).map(|day| self.day(day));
                say!(lang, "{d} から", "from {d}", d = from.unwrap_or_default())
            }
            (_, _, Some(until)) => self.until(item, &until),
            (_, Some(_) | None, None) => String::new(),
        }
    }

    fn until(&self, item: &ItemDue, until: &str) -> String {
        let lang = self.lang;
        let last: Option<Date> = item.until.as_deref().and_then(|day| day.parse().ok());
        let left = last.map_or(0, |last| {
            techo_health::calendar::days_between(self.on, last)
        });
        if item.standing == Standing::Closing {
            let starts = item.flags.iter().any(|flag| flag.starts_with("last_start"));
            let what = if starts {
                lang.of(" に始めれば間に合います", ", to complete all doses")
            } else {
                ""
            };
            say!(
                lang,
                "{d} まで{w}(あと{n}日)",
                "by {d}{w} ({n} days left)",
                d = until,
                w = what,
                n = left
            )
        } else {
            say!(lang, "{d} まで", "until {d}", d = until)
        }
    }

    fn note(&self, item: &ItemDue) -> String {
        let lang = self.lang;
        let mut notes: Vec<String> = item
            .flags
            .iter()
            .filter_map(|flag| series::flag(lang, flag))
            .collect();
        if let Some(day) = &item.appointment {
            let day = self.day(day);
            notes.push(say!(lang, "予約 {d}", "appointment {d}", d = day));
        }
        match item.basis {
            Some(Basis::Municipal | Basis::Subsidised) => {
                notes.push(
                    lang.of("市区町村による", "where your city offers it")
                        .to_owned(),
                );
            }
            Some(Basis::Insurer) => {
                notes.push(
                    lang.of("健康保険から案内", "your health insurer invites")
                        .to_owned(),
                );
            }
            Some(Basis::School) => notes.push(lang.of("学校で", "at school").to_owned()),
            Some(Basis::Statutory) | None => {}
        }
        notes.join(lang.of("、", "; "))
    }

    fn visits(&self, page: &mut Page, member: &MemberDue) {
        let lang = self.lang;
        let visits = &member.visits;
        let ahead = techo_health::calendar::add_days(self.on, i64::from(self.args.days));
        let near = |visit: &&VisitDue| {
            let day: Option<Date> = visit.date.parse().ok();
            self.args.all || day.is_some_and(|day| day <= ahead)
        };
        let mut shown: Vec<&VisitDue> = visits.iter().filter(near).collect();
        if shown.is_empty() {
            shown.extend(visits.first());
        }
        if shown.is_empty() {
            return;
        }
        page.line(lang.of(
            "  受診の案(同じ日のものは、医師が認めれば同時に受けられます)",
            "  Plan of visits (those of one day may be given together if the doctor agrees)",
        ));
        let mut table = Table::indented(4);
        for visit in &shown {
            let doses: Vec<String> = visit
                .doses
                .iter()
                .map(|dose| series::dose(lang, self.rules, &dose.series, dose.dose.as_deref()))
                .collect();
            let day: Option<Date> = visit.date.parse().ok();
            let age = member
                .born
                .zip(day)
                .and_then(|(born, day)| dates::age(lang, born, day));
            table.row([
                self.day(&visit.date),
                age.unwrap_or_default(),
                doses.join(lang.of("、", "; ")),
                self.together(visit),
            ]);
        }
        page.table(&table);
        let more = visits.len().saturating_sub(shown.len());
        if more > 0 {
            page.line(say!(
                lang,
                "    その先にあと{n}回(techo due --all)",
                "    and {n} more later (techo due --all)",
                n = more
            ));
        }
    }

    fn together(&self, visit: &VisitDue) -> String {
        if visit.together.is_empty() {
            return String::new();
        }
        let names = visit.together.join(self.lang.of("、", ", "));
        say!(self.lang, "{n}と同じ日", "same day as {n}", n = names)
    }

    /// Plainly: which series no visit completes.
    fn open(&self, page: &mut Page, member: &MemberDue) {
        let lang = self.lang;
        let told: Vec<&OpenDue> = member
            .open
            .iter()
            .filter(|open| open.why != "over")
            .collect();
        if told.is_empty() {
            return;
        }
        page.line(lang.of("  この案では終わらないもの", "  What no plan completes"));
        let mut table = Table::indented(4);
        for open in told {
            let why = match open.why {
                "no_time" => lang.of(
                    "残りの回数と間隔が期限までに収まりません",
                    "the doses and intervals no longer fit before the last day",
                ),
                "no_room" => lang.of(
                    "ほかの接種との間隔のため、すべては収まりません",
                    "not all of them fit beside each other",
                ),
                "advised_against" => lang.of(
                    "受けられますが勧められない時期です。医師に相談してください",
                    "possible but advised against by now: ask a doctor",
                ),
                _ => lang.of(
                    "日取りは医師か市区町村に相談してください",
                    "ask a doctor or the city for a day",
                ),
            };
            table.row([
                series::series(lang, self.rules, &open.series),
                why.to_owned(),
            ]);
        }
        page.table(&table);
    }

    fn is_young(&self, member: &MemberDue) -> bool {
        let twenty = member
            .born
            .map(|born| Birth(born).attains(Age::years(TOLD_UNTIL)));
        twenty.is_none_or(|twenty| self.on <= twenty)
    }

    /// Whether a line below names what was missed.
    fn is_told_below(&self, member: &MemberDue, item: &ItemDue) -> bool {
        let over = |open: &OpenDue| open.why == "over" && open.series == item.id;
        item.standing == Standing::Missed
            && (self.is_young(member) || self.args.all)
            && member.open.iter().any(over)
    }

    /// Children's routine vaccinations of which the last day is over.
    fn over(&self, page: &mut Page, member: &MemberDue) {
        if !self.is_young(member) && !self.args.all {
            return;
        }
        let over = member.open.iter().filter(|open| open.why == "over");
        let names: Vec<String> = over
            .map(|open| series::series(self.lang, self.rules, &open.series))
            .collect();
        if names.is_empty() {
            return;
        }
        page.line(say!(
            self.lang,
            "  記録がないまま定期の期間を過ぎたもの: {n}",
            "  Without a record, and past the period of the programme: {n}",
            n = names.join(self.lang.of("、", "; "))
        ));
        page.line(self.lang.of(
            "    受けていれば書き足してください。受けていなければ、任意で受けられるか医師に相談してください。",
            "    If it was given, write it down. If not, ask a doctor whether it can still be given.",
        ));
    }

    fn uncounted(&self, page: &mut Page, member: &MemberDue) {
        for dose in &member.uncounted {
            let vaccine = words::text_value(self.lang, "vaccine", &dose.vaccine);
            let why = if dose.why == "no_day" {
                self.lang
                    .of("日付がはっきりしません", "its day is not known")
            } else {
                self.lang
                    .of("生まれる前の日付です", "its date lies before birth")
            };
            page.line(say!(
                self.lang,
                "  ※ {v}の記録は数えていません: {w}  #{i}",
                "  ※ not counted: {v}, {w}  #{i}",
                v = vaccine,
                w = why,
                i = crate::commands::item::short(&dose.id)
            ));
        }
    }

    fn day(&self, text: &str) -> String {
        let when = text.parse::<When>().ok().filter(|_| self.args.wareki);
        let japanese = when.and_then(|when| wareki(&when));
        japanese.unwrap_or_else(|| text.to_owned())
    }

    fn gestation(&self, text: &str) -> String {
        let parts = text.trim_end_matches('d').split_once('w');
        let (weeks, days) = parts.unwrap_or((text, "0"));
        say!(
            self.lang,
            "妊娠{w}週{d}日",
            "week {w}+{d} of pregnancy",
            w = weeks,
            d = days
        )
    }
}

/// Until what age the vaccinations of childhood that are over are told.
const TOLD_UNTIL: u16 = 20;

fn is_quiet(standing: Standing) -> bool {
    matches!(standing, Standing::Later | Standing::Complete)
}

fn school_year(lang: Lang, name: &str, number: u16) -> String {
    let (school, year) = match number {
        1..=6 => (lang.of("小学", "primary school"), number),
        7..=9 => (lang.of("中学", "junior high"), number - 6),
        _ => (lang.of("高校", "high school"), number.saturating_sub(9)),
    };
    say!(
        lang,
        "{n} {s}{y}年",
        "{n}, {s} year {y}",
        n = name,
        s = school,
        y = year
    )
}
