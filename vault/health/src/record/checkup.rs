//! One health checkup: a header, and findings under the codes of a versioned form. Never knows the
//! forms: they are data.

use std::{collections::BTreeMap, fmt};

use crate::{
    date::When,
    record::{RecordError, fields},
    value::{Fields, is_field_key, redact},
};

/// One health checkup.
#[derive(Clone, PartialEq, Eq)]
pub struct Checkup {
    /// Which checkup.
    pub checkup: CheckupType,
    /// When.
    pub date: Option<When>,
    /// The form whose codes the findings use, and its version, as in `3y@2023`.
    pub form: Option<String>,
    /// Where.
    pub facility: Option<String>,
    /// Who examined.
    pub doctor: Option<String>,
    /// The overall judgement.
    pub judgement: Option<Judgement>,
    /// What was found, by the code of the form.
    pub findings: BTreeMap<String, String>,
    /// Anything else.
    pub note: Option<String>,
    /// Fields that only a newer program understands.
    pub extra: Fields,
}

redact!(Checkup, CheckupType, Judgement);

impl Checkup {
    /// A checkup of which nothing but type and date is known.
    pub fn new(checkup: CheckupType, date: When) -> Self {
        Self {
            checkup,
            date: Some(date),
            form: None,
            facility: None,
            doctor: None,
            judgement: None,
            findings: BTreeMap::new(),
            note: None,
            extra: Fields::new(),
        }
    }

    pub(super) fn read(mut from: fields::Reader) -> Result<Self, RecordError> {
        let checkup = from
            .text("checkup")?
            .ok_or(RecordError::Missing { field: "checkup" })?;
        Ok(Self {
            checkup: CheckupType::new(&checkup),
            date: from.when("date")?,
            form: from.text("form")?,
            facility: from.text("facility")?,
            doctor: from.text("doctor")?,
            judgement: from.text("judgement")?.map(|text| Judgement::new(&text)),
            findings: from.texts_under(FINDINGS)?.into_iter().collect(),
            note: from.text("note")?,
            extra: from.rest(),
        })
    }

    pub(super) fn write(&self, to: &mut fields::Writer) -> Result<(), RecordError> {
        if self.checkup.as_str().is_empty() {
            return Err(RecordError::Missing { field: "checkup" });
        }
        to.text("checkup", Some(self.checkup.as_str()))?;
        to.when("date", self.date.as_ref())?;
        to.text("form", self.form.as_deref())?;
        to.text("facility", self.facility.as_deref())?;
        to.text("doctor", self.doctor.as_deref())?;
        to.text("judgement", self.judgement.as_ref().map(Judgement::as_str))?;
        for (code, finding) in &self.findings {
            let key = format!("{FINDINGS}{code}");
            if code.is_empty() || !is_field_key(&key) {
                return Err(RecordError::Key);
            }
            to.prose(&key, Some(finding));
        }
        to.prose("note", self.note.as_deref());
        Ok(())
    }
}

/// Which checkup: a known one, or whatever the city calls it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckupType(String);

impl CheckupType {
    /// Reads a code or one of the table's names; anything else is kept as written.
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        let known = KNOWN_CHECKUPS
            .iter()
            .find(|c| c.code == text || c.japanese == text || c.english.eq_ignore_ascii_case(text));
        Self(known.map_or(text, |c| c.code).to_owned())
    }

    /// The code, or what was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The line of the table, if the code is known.
    pub fn known(&self) -> Option<&'static KnownCheckup> {
        KNOWN_CHECKUPS.iter().find(|c| c.code == self.0)
    }
}

impl fmt::Display for CheckupType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One line of the table of checkups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownCheckup {
    /// The code used in records.
    pub code: &'static str,
    /// The name in Japanese.
    pub japanese: &'static str,
    /// The name in English.
    pub english: &'static str,
}

/// The overall judgement of a checkup.
#[derive(Clone, PartialEq, Eq)]
pub enum Judgement {
    /// 健康.
    Healthy,
    /// 要観察: to be watched.
    Observe,
    /// 要精査: to be examined in detail.
    Examine,
    /// Other words.
    Other(String),
}

impl Judgement {
    /// Reads a code or its Japanese name; anything else is kept as written.
    pub fn new(text: &str) -> Self {
        match text.trim() {
            "healthy" | "健康" | "異常なし" => Self::Healthy,
            "observe" | "要観察" | "経過観察" => Self::Observe,
            "examine" | "要精査" | "要精密検査" => Self::Examine,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The code, or the other words.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Healthy => "healthy",
            Self::Observe => "observe",
            Self::Examine => "examine",
            Self::Other(words) => words,
        }
    }
}

const FINDINGS: &str = "findings/";

const fn known(code: &'static str, japanese: &'static str, english: &'static str) -> KnownCheckup {
    KnownCheckup {
        code,
        japanese,
        english,
    }
}

/// Every checkup known by code, by age.
pub const KNOWN_CHECKUPS: &[KnownCheckup] = &[
    known("1m", "1か月児健診", "1-month checkup"),
    known("3-4m", "3〜4か月児健診", "3-4-month checkup"),
    known("6-7m", "6〜7か月児健診", "6-7-month checkup"),
    known("9-10m", "9〜10か月児健診", "9-10-month checkup"),
    known("1y", "1歳児健診", "1-year checkup"),
    known("18m", "1歳6か月児健診", "18-month checkup"),
    known("2y", "2歳児健診", "2-year checkup"),
    known("3y", "3歳児健診", "3-year checkup"),
    known("4y", "4歳児健診", "4-year checkup"),
    known("5y", "5歳児健診", "5-year checkup"),
    known("6y", "6歳児健診", "6-year checkup"),
    known("school", "就学時健診", "School-entry checkup"),
    known("school-year", "学校健診", "Yearly school checkup"),
    known("prenatal", "妊婦健診", "Antenatal checkup"),
    known(
        "postpartum-2w",
        "産婦健診(2週間)",
        "Mother's checkup, 2 weeks",
    ),
    known(
        "postpartum-1m",
        "産婦健診(1か月)",
        "Mother's checkup, 1 month",
    ),
    known("tokutei", "特定健診", "Specific health checkup (metabolic)"),
    known("colon", "大腸がん検診", "Colorectal cancer screening"),
    known("lung", "肺がん検診", "Lung cancer screening"),
    known("stomach", "胃がん検診", "Stomach cancer screening"),
    known("breast", "乳がん検診", "Breast cancer screening"),
    known("cervix", "子宮頸がん検診", "Cervical cancer screening"),
    known("dental", "歯周疾患検診", "Periodontal checkup"),
    known("bone", "骨粗鬆症検診", "Osteoporosis checkup"),
];
