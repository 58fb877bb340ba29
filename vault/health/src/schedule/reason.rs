//! Why an answer is as it is: a code for programs, words in Japanese and English for people. Decides
//! nothing.

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use crate::calendar::{Age, Gestation, Interval, Window};
use crate::schedule::excuse::Excuse;
use crate::schedule::rules::{Cited, Series};
use crate::vaccine::VACCINES;

/// One reason of an answer. `Display` is its English; [`Because::japanese`] its Japanese.
#[derive(Clone, PartialEq, Eq)]
pub struct Because(pub(super) Inner);

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Inner {
    Window {
        from: Date,
        until: Option<Date>,
    },
    Dose {
        number: usize,
        vaccine: String,
        date: Date,
    },
    Half {
        vaccine: String,
        date: Date,
        missing: String,
    },
    Extra {
        date: Date,
    },
    Next(NextRule),
    Visit {
        gestation: Gestation,
        on: Date,
        weeks: u16,
    },
    Done {
        date: Option<Date>,
    },
    Excused(Excuse),
    Rule(Arc<Cited>),
    /// The note of a rule by its place.
    Note(Arc<Cited>, usize),
    OutOfDate {
        review_by: Date,
    },
    Confirm,
}

/// The rule of the next dose.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct NextRule {
    /// Its number; `None` for a booster.
    pub(super) number: Option<usize>,
    pub(super) after_previous: Option<Interval>,
    pub(super) after_first: Option<Interval>,
    pub(super) from_age: Option<Age>,
    pub(super) until_age: Option<Age>,
    pub(super) cut: bool,
}

impl Because {
    /// What programs can tell it by.
    pub fn code(&self) -> &'static str {
        match &self.0 {
            Inner::Window { .. } => "window",
            Inner::Dose { .. } => "dose_given",
            Inner::Half { .. } => "part_given",
            Inner::Extra { .. } => "one_more_dose",
            Inner::Next(_) => "next_dose",
            Inner::Visit { .. } => "visit_interval",
            Inner::Done { .. } => "checkup_done",
            Inner::Excused(excuse) => excuse.code(),
            Inner::Rule(_) => "rule",
            Inner::Note(..) => "note",
            Inner::OutOfDate { .. } => "rules_out_of_date",
            Inner::Confirm => "confirm",
        }
    }

    /// Its words in Japanese.
    pub fn japanese(&self) -> impl fmt::Display {
        Japanese(self)
    }

    pub(super) fn window(window: Window) -> Self {
        Self(Inner::Window {
            from: window.from,
            until: window.until,
        })
    }

    /// The rule itself, its notes, and whom to ask.
    pub(super) fn of(series: &Series) -> impl Iterator<Item = Self> {
        let notes = 0..series.cited.notes.len();
        let notes = notes.map(|at| Self(Inner::Note(Arc::clone(&series.cited), at)));
        [Self(Inner::Rule(Arc::clone(&series.cited)))]
            .into_iter()
            .chain(notes)
            .chain([Self(Inner::Confirm)])
    }

    fn write_japanese(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Window { from, until: None } => write!(f, "対象期間: {}から", Iso(*from)),
            Inner::Window {
                from,
                until: Some(until),
            } => write!(
                f,
                "対象期間: {}から{}まで(両日を含む)",
                Iso(*from),
                Iso(*until)
            ),
            Inner::Dose {
                number,
                vaccine,
                date,
            } => write!(f, "{number}回目: {} {}", Iso(*date), in_japanese(vaccine)),
            Inner::Half {
                vaccine,
                date,
                missing,
            } => write!(
                f,
                "{}の{}だけでは1回と数えません({}がまだです)",
                Iso(*date),
                in_japanese(vaccine),
                in_japanese(missing)
            ),
            Inner::Extra { date } => write!(f, "{}にもう1回", Iso(*date)),
            Inner::Next(rule) => rule.write_japanese(f),
            Inner::Visit {
                gestation,
                on,
                weeks,
            } => write!(
                f,
                "{}に妊娠{}週{}日: {weeks}週ごと",
                Iso(*on),
                gestation.weeks(),
                gestation.days() % 7
            ),
            Inner::Done { date: Some(date) } => write!(f, "{}に受けました", Iso(*date)),
            Inner::Done { date: None } => f.write_str("受けました"),
            Inner::OutOfDate { review_by } => write!(
                f,
                "この規則は{}までに見直すものです。古くなっているおそれがあります。新しい版のTechoがないか確認してください",
                Iso(*review_by)
            ),
            Inner::Excused(_) | Inner::Rule(_) | Inner::Note(..) | Inner::Confirm => Ok(()),
        }
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fixed() {
            Some((_, english)) => f.write_str(english),
            None => self.write_english(f),
        }
    }
}

impl Because {
    /// The words in Japanese and English of what holds no date or number of the person.
    fn fixed(&self) -> Option<(&str, &str)> {
        match &self.0 {
            Inner::Excused(excuse) => Some((excuse.japanese(), excuse.english())),
            Inner::Rule(cited) => Some((&cited.rule.ja, &cited.rule.en)),
            Inner::Note(cited, at) => cited
                .notes
                .get(*at)
                .map(|note| (note.ja.as_str(), note.en.as_str())),
            Inner::Confirm => Some((
                "かかりつけ医とお住まいの市区町村に確認してください",
                "confirm with your clinic and your city",
            )),
            Inner::Window { .. }
            | Inner::Dose { .. }
            | Inner::Half { .. }
            | Inner::Extra { .. }
            | Inner::Next(_)
            | Inner::Visit { .. }
            | Inner::Done { .. }
            | Inner::OutOfDate { .. } => None,
        }
    }

    fn write_english(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Window { from, until: None } => write!(f, "window: from {}", Iso(*from)),
            Inner::Window {
                from,
                until: Some(until),
            } => write!(
                f,
                "window: {} to {}, both days included",
                Iso(*from),
                Iso(*until)
            ),
            Inner::Dose {
                number,
                vaccine,
                date,
            } => write!(f, "dose {number}: {vaccine} on {}", Iso(*date)),
            Inner::Half {
                vaccine,
                date,
                missing,
            } => write!(
                f,
                "{vaccine} on {} is no dose by itself: {missing} is missing",
                Iso(*date)
            ),
            Inner::Extra { date } => write!(f, "one more dose on {}", Iso(*date)),
            Inner::Next(rule) => rule.write_english(f),
            Inner::Visit {
                gestation,
                on,
                weeks,
            } => write!(f, "{gestation} on {}: every {weeks} weeks", Iso(*on)),
            Inner::Done { date: Some(date) } => write!(f, "done on {}", Iso(*date)),
            Inner::Done { date: None } => f.write_str("done"),
            Inner::OutOfDate { review_by } => write!(
                f,
                "these rules were to be reviewed by {} and may be out of date: look for a newer Techo",
                Iso(*review_by)
            ),
            Inner::Excused(_) | Inner::Rule(_) | Inner::Note(..) | Inner::Confirm => Ok(()),
        }
    }
}

impl NextRule {
    fn write_english(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => write!(f, "dose {number}:")?,
            None => f.write_str("dose booster:")?,
        }
        let mut parts = Parts::new(f, "; ");
        if let Some(interval) = self.after_previous {
            parts.add(format_args!(
                "at least {interval} between it and the dose before"
            ))?;
        }
        if let Some(interval) = self.after_first {
            parts.add(format_args!("at least {interval} between it and dose 1"))?;
        }
        if let Some(age) = self.from_age {
            parts.add(format_args!("from the age of {age}"))?;
        }
        if let Some(age) = self.until_age {
            parts.add(format_args!("left out after the age of {age}"))?;
        }
        if self.cut {
            parts.add(format_args!("an earlier dose is left out, being too late"))?;
        }
        parts.or(format_args!("within the window"))
    }

    fn write_japanese(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => write!(f, "{number}回目:")?,
            None => f.write_str("追加接種:")?,
        }
        let mut parts = Parts::new(f, "、");
        if let Some(interval) = self.after_previous {
            parts.add(format_args!(
                "前の接種から{}以上の間隔",
                SpanWords(interval)
            ))?;
        }
        if let Some(interval) = self.after_first {
            parts.add(format_args!("1回目から{}以上の間隔", SpanWords(interval)))?;
        }
        if let Some(age) = self.from_age {
            parts.add(format_args!("{}に達した日から", AgeWords(age)))?;
        }
        if let Some(age) = self.until_age {
            parts.add(format_args!("{}を過ぎたら省く", AgeWords(age)))?;
        }
        if self.cut {
            parts.add(format_args!("遅れたため前の1回を省く"))?;
        }
        parts.or(format_args!("対象期間のうちに"))
    }
}

/// Parts of a sentence, each after a separator but the first.
struct Parts<'f, 'g> {
    f: &'f mut fmt::Formatter<'g>,
    between: &'static str,
    is_empty: bool,
}

impl<'f, 'g> Parts<'f, 'g> {
    fn new(f: &'f mut fmt::Formatter<'g>, between: &'static str) -> Self {
        Self {
            f,
            between,
            is_empty: true,
        }
    }

    fn add(&mut self, part: fmt::Arguments<'_>) -> fmt::Result {
        let before = if self.is_empty { " " } else { self.between };
        self.is_empty = false;
        self.f.write_str(before)?;
        self.f.write_fmt(part)
    }

    fn or(mut self, part: fmt::Arguments<'_>) -> fmt::Result {
        if self.is_empty {
            self.add(part)
        } else {
            Ok(())
        }
    }
}

struct Japanese<'a>(&'a Because);

impl fmt::Display for Japanese<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.fixed() {
            Some((japanese, _)) => f.write_str(japanese),
            None => self.0.write_japanese(f),
        }
    }
}

struct SpanWords(Interval);

impl fmt::Display for SpanWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Interval::Days(days) => write!(f, "{}日", days.0),
            Interval::Months(months) => write!(f, "{}月", months.0),
            Interval::MonthsAndHalf(months) => write!(f, "{}月半", months.0),
        }
    }
}

struct AgeWords(Age);

impl fmt::Display for AgeWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Age::Months(months) if months.0 >= 24 && months.0.is_multiple_of(12) => {
                write!(f, "{}歳", months.0 / 12)
            }
            Age::Months(months) => write!(f, "{}か月", months.0),
            Age::Weeks(weeks) => write!(f, "生後{}週{}日", weeks.weeks(), weeks.days() % 7),
        }
    }
}

/// The name of a vaccine, or its code if it has none.
fn in_japanese(code: &str) -> &str {
    let known = VACCINES.iter().find(|known| known.code == code);
    known.map_or(code, |known| known.japanese)
}

/// A day as it is written in answers, without the detour of a general printer.
pub(super) struct Iso(pub(super) Date);

impl Iso {
    /// Its ten letters.
    pub(super) fn letters(&self) -> [u8; 10] {
        let digit = |value: i16| b'0' + u8::try_from(value % 10).unwrap_or_default();
        let year = self.0.year();
        let (month, day) = (i16::from(self.0.month()), i16::from(self.0.day()));
        [
            digit(year / 1000),
            digit(year / 100),
            digit(year / 10),
            digit(year),
            b'-',
            digit(month / 10),
            digit(month),
            b'-',
            digit(day / 10),
            digit(day),
        ]
    }
}

impl fmt::Display for Iso {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.letters()).unwrap_or_default())
    }
}

impl Serialize for Iso {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(str::from_utf8(&self.letters()).unwrap_or_default())
    }
}

/// By itself, a reason is an object with its code and its words.
impl Serialize for Because {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Because", 3)?;
        object.serialize_field("code", self.code())?;
        object.serialize_field("ja", &Words::Made(Japanese(self)))?;
        object.serialize_field("en", &Words::Made(self))?;
        object.end()
    }
}

/// Reasons as an array of their codes.
pub(super) struct Codes<'a>(pub(super) &'a [Because]);
/// Reasons as an array of their English.
pub(super) struct InEnglish<'a>(pub(super) &'a [Because]);
/// Reasons as an array of their Japanese.
pub(super) struct InJapanese<'a>(pub(super) &'a [Because]);

impl Serialize for Codes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Because::code))
    }
}

impl Serialize for InEnglish<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|because| match because.fixed() {
            Some((_, english)) => Words::Fixed(english),
            None => Words::Made(because),
        }))
    }
}

impl Serialize for InJapanese<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|because| match because.fixed() {
            Some((japanese, _)) => Words::Fixed(japanese),
            None => Words::Made(Japanese(because)),
        }))
    }
}

enum Words<'a, T> {
    Fixed(&'a str),
    Made(T),
}

impl<T: fmt::Display> Serialize for Words<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(text) => serializer.serialize_str(text),
            Self::Made(words) => serializer.collect_str(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_of_a_dose_is_told_in_both_languages() {
        let rule = NextRule {
            number: Some(2),
            after_previous: Some("27d".parse().unwrap()),
            after_first: Some("2.5m".parse().unwrap()),
            from_age: Some("6w0d".parse().unwrap()),
            until_age: Some("24m".parse().unwrap()),
            cut: true,
        };
        let because = Because(Inner::Next(rule));
        assert_eq!(
            because.to_string(),
            "dose 2: at least 27d between it and the dose before; at least 2.5m between it and dose 1; \
             from the age of 6w0d; left out after the age of 24m; an earlier dose is left out, being too late"
        );
        assert_eq!(
            because.japanese().to_string(),
            "2回目: 前の接種から27日以上の間隔、1回目から2月半以上の間隔、生後6週0日に達した日から、\
             2歳を過ぎたら省く、遅れたため前の1回を省く"
        );
        let plain = Because(Inner::Next(NextRule::default()));
        assert_eq!(plain.to_string(), "dose booster: within the window");
        assert_eq!(plain.japanese().to_string(), "追加接種: 対象期間のうちに");
    }

    #[test]
    fn an_age_is_told_in_months_and_from_two_years_on_in_whole_years() {
        for (age, words) in [
            ("12m", "12か月"),
            ("18m", "18か月"),
            ("24m", "2歳"),
            ("30m", "30か月"),
            ("65y", "65歳"),
            ("14w6d", "生後14週6日"),
        ] {
            assert_eq!(AgeWords(age.parse().unwrap()).to_string(), words);
        }
    }

    #[test]
    fn days_are_written_with_all_their_digits() {
        for text in ["0001-01-09", "1868-10-31", "2026-02-03", "9999-12-31"] {
            assert_eq!(Iso(text.parse().unwrap()).to_string(), text);
        }
    }
}
