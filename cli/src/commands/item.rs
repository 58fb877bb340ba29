//! How a record looks on a page: one head line, its details, and what devices disagree about.

use std::collections::{BTreeMap, BTreeSet};

use techo_health::{Date, Kind, Value, When};
use techo_vault::book::MemberId;
use techo_vault::vault::{Issued, MemberView, Source, TimelineItem};

use super::member::birth;
use crate::lang::{Lang, dates, say, words};
use crate::output::{Page, Table};

/// The end of an id that is enough to name one record among few.
pub(super) fn short(id: &str) -> String {
    tail(id, SHORT)
}

/// The shortest ends that name each of `items` alone.
fn short_length(items: &[TimelineItem]) -> usize {
    let longest = items
        .iter()
        .map(|item| item.id.len())
        .max()
        .unwrap_or(SHORT);
    let unique = |length: &usize| {
        let ends: BTreeSet<String> = items.iter().map(|item| tail(&item.id, *length)).collect();
        ends.len() == items.len()
    };
    (SHORT..longest).find(unique).unwrap_or(longest)
}

fn tail(id: &str, length: usize) -> String {
    let skip = id.chars().count().saturating_sub(length);
    id.chars().skip(skip).collect()
}

const SHORT: usize = 6;

/// Shows records.
#[derive(Debug)]
pub(super) struct Printer {
    lang: Lang,
    births: BTreeMap<MemberId, Date>,
    names: BTreeMap<MemberId, String>,
    /// Issuers whose word rests on simulated cards, by member.
    simulated: BTreeSet<(MemberId, String)>,
    short: usize,
    /// Records that tell of what another one tells already, by id.
    same: BTreeMap<String, String>,
}

impl Printer {
    /// Shows with each record which other one tells of the same dose or checkup.
    pub(super) fn with_same(self, same: BTreeMap<String, String>) -> Self {
        Self { same, ..self }
    }

    pub(super) fn new(lang: Lang, members: &[MemberView], items: &[TimelineItem]) -> Self {
        let simulated = members.iter().flat_map(|member| {
            let unreal = member.verified.iter().filter(|verified| verified.simulated);
            unreal.map(|verified| (member.id, verified.issuer.clone()))
        });
        Self {
            lang,
            births: members
                .iter()
                .filter_map(|m| Some((m.id, birth(m)?)))
                .collect(),
            names: members
                .iter()
                .map(|m| (m.id, m.name().to_owned()))
                .collect(),
            simulated: simulated.collect(),
            short: short_length(items),
            same: BTreeMap::new(),
        }
    }

    /// The name of a member.
    pub(super) fn name(&self, member: &MemberId) -> &str {
        self.names.get(member).map_or("?", String::as_str)
    }

    /// One record: head, details, disagreements.
    pub(super) fn item(&self, page: &mut Page, item: &TimelineItem) {
        let id = tail(&item.id, self.short);
        let source = self.source(item);
        page.line(format!(
            "{}  {}  {source}  #{id}",
            self.when(item),
            self.title(item)
        ));
        let details = self.details(item);
        if !details.is_empty() {
            page.line(format!("    {details}"));
        }
        if is_hash_only(item) {
            page.line(self.lang.of(
                "    ファイルは手帳に入っていません(指紋だけ)",
                "    the file is not in the vault (only its hash)",
            ));
        }
        if let Some(other) = self.same.get(&item.id) {
            page.line(say!(
                self.lang,
                "    = #{i} と同じ1回として数えます",
                "    = counted as one with #{i}",
                i = tail(other, self.short)
            ));
        }
        self.conflicts(page, item);
    }

    /// Every field of a record, in a table.
    pub(super) fn fields(&self, page: &mut Page, item: &TimelineItem) {
        let mut table = Table::indented(2);
        for (key, values) in in_order(item) {
            // Whoever keeps the file compares it with this.
            let hash = matches!(key.as_str(), "sha256" | "photo_sha256");
            if words::is_plumbing(key) && !hash {
                continue;
            }
            let shown: Vec<String> = values
                .iter()
                .map(|value| words::value(self.lang, key, value))
                .collect();
            table.row([self.label(key), shown.join(" / ")]);
        }
        page.table(&table);
        if is_hash_only(item) {
            page.line(self.lang.of(
                "  ファイルは手帳に入っていません。手元のファイルが同じものかは、SHA-256を比べて確かめられます。",
                "  The file is not in the vault. Compare the SHA-256 of the one you kept: the same means unchanged.",
            ));
        }
        self.conflicts(page, item);
    }

    /// What a field is called; in an official record, *who* stands before the person's own.
    pub(super) fn label(&self, key: &str) -> String {
        words::field(self.lang, key.strip_prefix("who/").unwrap_or(key))
    }

    fn when(&self, item: &TimelineItem) -> String {
        let Some(text) = &item.date else {
            return self.lang.of("日付なし", "no date").to_owned();
        };
        let day = text.parse::<When>().ok().and_then(|when| when.day());
        let birth = self.births.get(&item.member);
        let age = birth
            .zip(day)
            .and_then(|(birth, day)| dates::age(self.lang, *birth, day));
        let date = dates::date_text(self.lang, text);
        age.map_or(date.clone(), |age| format!("{date} {age}"))
    }

    /// What the record is, in a few words.
    pub(super) fn title(&self, item: &TimelineItem) -> String {
        let text = |key: &str| {
            item.text(key)
                .map(|text| words::text_value(self.lang, key, text))
                .unwrap_or_default()
        };
        match item.kind.as_str() {
            "vaccination" => match dose(item) {
                Some(n) => say!(
                    self.lang,
                    "{v} {n}回目",
                    "{v}, dose {n}",
                    v = text("vaccine"),
                    n = n
                ),
                None => text("vaccine"),
            },
            "measurement" => {
                format!("{} {} {}", text("quantity"), text("value"), text("unit"))
            }
            "checkup" => text("checkup"),
            "note" => item.text("title").map_or_else(
                || words::kind(self.lang, "note"),
                |title| say!(self.lang, "メモ「{t}」", "Note “{t}”", t = title),
            ),
            other => self.title_by_table(other, item),
        }
    }

    /// The kind, and what names the record within it.
    fn title_by_table(&self, kind: &str, item: &TimelineItem) -> String {
        let name = words::kind(self.lang, kind);
        let shown: Vec<String> = head_fields(kind)
            .iter()
            .filter_map(|key| Some(words::text_value(self.lang, key, item.text(key)?)))
            .collect();
        if shown.is_empty() {
            return name;
        }
        let shown = shown.join(" ");
        if kind == "pregnancy" {
            return say!(
                self.lang,
                "{k}(予定日 {s})",
                "{k}, expected {s}",
                k = name,
                s = shown
            );
        }
        say!(self.lang, "{k}「{s}」", "{k}: {s}", k = name, s = shown)
    }

    fn source(&self, item: &TimelineItem) -> String {
        let mut badge = self.badge(item);
        for (key, value) in [
            ("status", "entered-in-error"),
            ("status", "corrected"),
            ("sensitivity", "private"),
            ("sensitivity", "never-share"),
        ] {
            if item.text(key) == Some(value) {
                let word = words::text_value(self.lang, key, value);
                badge.push_str(&say!(self.lang, "[{w}]", " [{w}]", w = word));
            }
        }
        badge
    }

    fn badge(&self, item: &TimelineItem) -> String {
        match &item.source {
            Source::Family if item.text("provenance") == Some("clinic") => self
                .lang
                .of("[家族・医療機関から]", "[family, from a clinic]")
                .to_owned(),
            Source::Family if item.text("provenance") == Some("device") => {
                self.lang.of("[機器]", "[device]").to_owned()
            }
            Source::Family => self.lang.of("[家族]", "[family]").to_owned(),
            Source::Issued(issued) => self.official(&item.member, issued),
        }
    }

    /// The badge of an official record.
    fn official(&self, member: &MemberId, issued: &Issued) -> String {
        let mut badge = say!(
            self.lang,
            "[{c} ✓検証済み",
            "[{c} ✓verified",
            c = issued.issuer_name
        );
        if self.simulated.contains(&(*member, issued.issuer.clone())) {
            badge.push_str(self.lang.of("(模擬)", " (simulated)"));
        }
        if issued.withdrawn {
            badge.push_str(self.lang.of("・取消", ", withdrawn"));
        } else if issued.versions > 1 {
            badge.push_str(self.lang.of("・訂正あり", ", corrected"));
        }
        badge.push(']');
        badge
    }

    fn details(&self, item: &TimelineItem) -> String {
        let shown = in_order(item).into_iter().filter(|(key, values)| {
            let settled = values.len() == 1;
            let plumbing = words::is_plumbing(key) || key.starts_with("who/");
            settled && !plumbing && !is_in_head(&item.kind, key)
        });
        let parts = shown.filter_map(|(key, values)| {
            let value = words::value(self.lang, key, values.first()?);
            // A note's words are the record: they stand without a label.
            let words_alone = matches!(item.kind.as_str(), "note" | "diary") && key == "text";
            Some(if words_alone {
                value
            } else {
                format!("{} {value}", self.label(key))
            })
        });
        parts.collect::<Vec<_>>().join(self.lang.of("、", ", "))
    }

    fn conflicts(&self, page: &mut Page, item: &TimelineItem) {
        for (key, values) in item.conflicts() {
            let field = self.label(key);
            page.line(say!(
                self.lang,
                "    ⚠ 端末ごとに違う内容:「{f}」",
                "    ⚠ devices differ in “{f}”:",
                f = field
            ));
            for value in values {
                page.line(format!("      ・{}", words::value(self.lang, key, value)));
            }
            let id = tail(&item.id, self.short);
            page.line(say!(
                self.lang,
                "      選ぶには: techo record amend {i} --set {k}=…",
                "      to choose: techo record amend {i} --set {k}=…",
                i = id,
                k = key
            ));
        }
    }
}

/// The fields in the order of their form; those that no form has stand last.
fn in_order(item: &TimelineItem) -> Vec<(&String, &Vec<Value>)> {
    let kind: Option<Kind> = item.kind.parse().ok();
    let place = |key: &str| {
        let mut fields = kind.into_iter().flat_map(Kind::fields);
        fields
            .position(|field| field.key == key)
            .unwrap_or(usize::MAX)
    };
    let mut fields: Vec<_> = item.fields.iter().collect();
    fields.sort_by_key(|(key, _)| place(key));
    fields
}

fn dose(item: &TimelineItem) -> Option<String> {
    match item.fields.get("dose_no")?.first()? {
        Value::Int(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.clone()),
        Value::Bool(_) | Value::Null => None,
    }
}

/// Whether the record tells of a file that the vault does not hold.
pub(super) fn is_hash_only(item: &TimelineItem) -> bool {
    let tells = |key: &str| item.text(key).is_some();
    (item.kind == "document" && tells("sha256")) || tells("photo_sha256")
}

/// Whether the head line shows the field already.
fn is_in_head(kind: &str, key: &str) -> bool {
    match key {
        "date" | "status" | "sensitivity" | "provenance" => true,
        "vaccine" | "dose_no" => kind == "vaccination",
        "quantity" | "value" | "unit" => kind == "measurement",
        "checkup" => kind == "checkup",
        "title" => matches!(kind, "note" | "diary" | "document"),
        key => head_fields(kind).contains(&key),
    }
}

/// The fields that name a record within its kind.
fn head_fields(kind: &str) -> &'static [&'static str] {
    match kind {
        "pregnancy" => &["expected"],
        "screening" => &["screening"],
        "appointment" => &["purpose", "time"],
        "milestone" => &["milestone"],
        "illness" => &["illness"],
        "allergy" => &["allergen"],
        "medication" => &["medicine"],
        "lab" => &["test", "result", "unit"],
        "diary" | "document" => &["title"],
        "consent" => &["shared", "recipient"],
        "import" => &["file_name"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str, kind: &str, fields: &[(&str, &[&str])]) -> TimelineItem {
        let values = |texts: &[&str]| texts.iter().map(|text| Value::from(*text)).collect();
        TimelineItem {
            id: id.to_owned(),
            member: MemberId::from_bytes([1; 16]),
            kind: kind.to_owned(),
            date: Some("2026-04-03".to_owned()),
            source: Source::Family,
            fields: fields
                .iter()
                .map(|(key, texts)| ((*key).to_owned(), values(texts)))
                .collect(),
        }
    }

    fn page(lang: Lang, item: &TimelineItem) -> String {
        let mut page = Page::default();
        Printer::new(lang, &[], std::slice::from_ref(item)).item(&mut page, item);
        page.text().to_owned()
    }

    #[test]
    fn a_vaccination_is_one_line_and_its_details() {
        let item = item(
            "y2026/abcdef123456",
            "vaccination",
            &[("vaccine", &["MR"]), ("lot", &["Y012A"])],
        );
        assert_eq!(
            page(Lang::Ja, &item),
            "2026-04-03(令和8年4月3日)  麻しん風しん混合  [家族]  #123456\n    ロット Y012A\n"
        );
        assert!(page(Lang::En, &item).contains("Measles, rubella  [family]"));
    }

    #[test]
    fn a_document_or_photo_says_that_the_file_is_elsewhere() {
        let hash = "ab".repeat(32);
        let document = item(
            "y/abcdef123456",
            "document",
            &[("title", &["紹介状"]), ("sha256", &[&hash])],
        );
        let diary = item(
            "y/abcdef123456",
            "diary",
            &[("text", &["海"]), ("photo_sha256", &[&hash])],
        );
        let plain = item("y/abcdef123456", "diary", &[("text", &["海"])]);
        for lang in [Lang::Ja, Lang::En] {
            let told = lang.of("手帳に入っていません", "not in the vault");
            assert!(page(lang, &document).contains(told));
            assert!(page(lang, &diary).contains(told));
            assert!(!page(lang, &plain).contains(told));
            let mut whole = Page::default();
            Printer::new(lang, &[], &[]).fields(&mut whole, &document);
            assert!(whole.text().contains(&hash) && whole.text().contains(told));
        }
    }

    #[test]
    fn both_values_of_a_disagreement_are_shown() {
        let item = item("y2026/abcdef123456", "note", &[("text", &["一", "二"])]);
        let page = page(Lang::Ja, &item);
        for expected in ["端末ごとに違う内容", "・一", "・二", "--set text="] {
            assert!(page.contains(expected), "{page}");
        }
    }

    #[test]
    fn short_ids_grow_until_they_are_unique() {
        let items = [
            item("y/aa123456", "note", &[]),
            item("y/bb123456", "note", &[]),
        ];
        assert_eq!(short_length(&items), 7);
        assert_eq!(short_length(&items[..1]), 6);
        assert_eq!(short_length(&[]), 6);
    }
}
