//! The forms on which findings are written, as versioned data files. Decides which values an item takes;
//! never what a finding means.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;

use crate::{
    checkup::rules::{CheckupsError, FORMAT, read},
    date::When,
    decimal::Decimal,
};

/// Every form, one of a checkup and version.
#[derive(Debug, Clone)]
pub struct Forms {
    all: Vec<Form>,
}

/// One form.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    format: u32,
    /// The id.
    pub id: String,
    /// The year of the form on paper.
    pub version: String,
    /// The checkup it is for.
    pub checkup: String,
    /// The name in Japanese.
    pub japanese: String,
    /// The name in English.
    pub english: String,
    /// `high`, `medium` or `low`.
    pub confidence: String,
    /// Where it was read.
    pub sources: Vec<String>,
    /// Its items, in order.
    #[serde(rename = "item")]
    pub items: Vec<FormItem>,
}

/// One item of a form.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormItem {
    /// The code, as in `findings/CODE` of a record.
    pub code: String,
    /// The name in Japanese.
    pub ja: String,
    /// The name in English.
    pub en: String,
    /// What it takes.
    pub kind: ItemKind,
    /// The UCUM code of an amount.
    pub unit: Option<String>,
    /// What can be chosen.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// Whether the law names it.
    #[serde(default)]
    pub statutory: bool,
    /// Whether it says things of the family that stay in the vault.
    #[serde(default)]
    pub sensitive: bool,
    /// What to know.
    pub note: Option<String>,
}

/// What an item takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A number in a unit.
    Amount,
    /// `none`, or what was found.
    Finding,
    /// One of the choices.
    Choice,
    /// Words.
    Text,
    /// A date.
    Day,
}

/// One choice.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The code that is stored.
    pub code: String,
    /// The name in Japanese.
    pub ja: String,
    /// The name in English.
    pub en: String,
}

/// Why something typed does not fit the form.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// No item of that code or name.
    #[error("the form {form} has no such item")]
    NoItem {
        /// The form.
        form: String,
    },
    /// Not one of the choices.
    #[error("{item}: one of {}", choices.join(", "))]
    NoChoice {
        /// The item's code.
        item: String,
        /// The codes that can be chosen.
        choices: Vec<String>,
    },
    /// No number.
    #[error("{item}: a number in {unit}")]
    NoNumber {
        /// The item's code.
        item: String,
        /// The unit.
        unit: String,
    },
    /// No date.
    #[error("{item}: a date")]
    NoDate {
        /// The item's code.
        item: String,
    },
}

/// What was typed is health data; codes of the form are not.
impl fmt::Debug for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Forms {
    /// The forms that come with Techo.
    pub fn built_in() -> Result<Self, CheckupsError> {
        let all: Result<Vec<Form>, CheckupsError> =
            FILES.iter().map(|text| Form::parse(text)).collect();
        Ok(Self { all: all? })
    }

    /// Every form, by age.
    pub fn all(&self) -> impl Iterator<Item = &Form> {
        self.all.iter()
    }

    /// The form of an id, or of an id and version as a record names it (`18m@2023`).
    pub fn find(&self, name: &str) -> Option<&Form> {
        let (id, version) = match name.split_once('@') {
            Some((id, version)) => (id, Some(version)),
            None => (name, None),
        };
        let fits =
            |form: &&Form| form.id == id && version.is_none_or(|version| form.version == version);
        self.all.iter().find(fits)
    }

    /// The first item of that code in any form: codes mean the same everywhere.
    pub fn item(&self, code: &str) -> Option<&FormItem> {
        let mut items = self.all.iter().flat_map(|form| &form.items);
        items.find(|item| item.code == code)
    }
}

impl Form {
    /// Reads a file.
    pub fn parse(text: &str) -> Result<Self, CheckupsError> {
        let form: Self = read(text)?;
        if form.format != FORMAT {
            return Err(CheckupsError::Format {
                format: form.format,
            });
        }
        if form.sources.is_empty() {
            return Err(CheckupsError::NoSource { name: form.id });
        }
        let mut seen = BTreeSet::new();
        for item in &form.items {
            if !seen.insert(&item.code) {
                return Err(CheckupsError::Twice {
                    name: item.code.clone(),
                });
            }
            if !item.is_sound() {
                return Err(CheckupsError::Item {
                    form: form.id.clone(),
                    item: item.code.clone(),
                });
            }
        }
        Ok(form)
    }

    /// How a record names this form: `18m@2023`.
    pub fn name(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }

    /// The item of a code, or of a name in either language.
    pub fn item(&self, text: &str) -> Option<&FormItem> {
        let text = text.trim();
        self.items
            .iter()
            .find(|item| item.code == text || item.ja == text || item.en.eq_ignore_ascii_case(text))
    }

    /// The code and the value to store for what somebody wrote under a code or name.
    pub fn entry(&self, key: &str, value: &str) -> Result<(String, String), FormError> {
        let item = self
            .item(key)
            .ok_or_else(|| FormError::NoItem { form: self.name() })?;
        Ok((item.code.clone(), item.value(value)?))
    }
}

impl FormItem {
    /// The value to store for what somebody wrote.
    pub fn value(&self, text: &str) -> Result<String, FormError> {
        let text = text.trim();
        match self.kind {
            ItemKind::Text => Ok(text.to_owned()),
            ItemKind::Finding => Ok(if is_nothing(text) {
                NOTHING.to_owned()
            } else {
                text.to_owned()
            }),
            ItemKind::Choice => {
                let chosen = self.choice(text).ok_or_else(|| FormError::NoChoice {
                    item: self.code.clone(),
                    choices: self
                        .choices
                        .iter()
                        .map(|choice| choice.code.clone())
                        .collect(),
                })?;
                Ok(chosen.code.clone())
            }
            ItemKind::Amount => {
                let number = text.parse::<Decimal>().map_err(|_| FormError::NoNumber {
                    item: self.code.clone(),
                    unit: self.unit.clone().unwrap_or_default(),
                })?;
                Ok(number.as_str().to_owned())
            }
            ItemKind::Day => {
                let day = text.parse::<When>().ok().and_then(|when| when.day());
                let day = day.ok_or_else(|| FormError::NoDate {
                    item: self.code.clone(),
                })?;
                Ok(day.to_string())
            }
        }
    }

    /// The choice of a code, or of a name in either language.
    pub fn choice(&self, text: &str) -> Option<&Choice> {
        self.choices.iter().find(|choice| {
            choice.code == text || choice.ja == text || choice.en.eq_ignore_ascii_case(text)
        })
    }

    fn is_sound(&self) -> bool {
        let chosen = self.choices.iter().map(|choice| &choice.code);
        let unique = chosen.clone().collect::<BTreeSet<_>>().len() == self.choices.len();
        let kind = match self.kind {
            ItemKind::Choice => !self.choices.is_empty() && unique,
            ItemKind::Amount => self.unit.is_some() && self.choices.is_empty(),
            ItemKind::Finding | ItemKind::Text | ItemKind::Day => self.choices.is_empty(),
        };
        let key = crate::value::is_field_key(&format!("{FINDINGS}{}", self.code));
        // Whoever exports a record may not know its form: the code alone has to tell.
        key && kind && self.sensitive == is_sensitive(&format!("{FINDINGS}{}", self.code))
    }
}

/// Whether a field of a record says things of the family that stay in the vault: every export leaves it
/// out, of unknown forms too.
pub fn is_sensitive(field: &str) -> bool {
    field
        .strip_prefix(FINDINGS)
        .is_some_and(|code| code.starts_with(PRIVATE))
}

fn is_nothing(text: &str) -> bool {
    [
        "",
        NOTHING,
        "なし",
        "所見なし",
        "異常なし",
        "−",
        "-",
        "no finding",
    ]
    .contains(&text)
}

/// What is stored where nothing was found.
pub const NOTHING: &str = "none";
const FINDINGS: &str = "findings/";
const PRIVATE: &str = "private_";

const FILES: [&str; 11] = [
    include_str!("../../rules/forms/1m.toml"),
    include_str!("../../rules/forms/3-4m.toml"),
    include_str!("../../rules/forms/6-7m.toml"),
    include_str!("../../rules/forms/9-10m.toml"),
    include_str!("../../rules/forms/1y.toml"),
    include_str!("../../rules/forms/18m.toml"),
    include_str!("../../rules/forms/2y.toml"),
    include_str!("../../rules/forms/3y.toml"),
    include_str!("../../rules/forms/4y.toml"),
    include_str!("../../rules/forms/5y.toml"),
    include_str!("../../rules/forms/6y.toml"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkup::Checkups;

    fn forms() -> Forms {
        Forms::built_in().unwrap()
    }

    #[test]
    fn the_law_names_eleven_items_at_eighteen_months_and_thirteen_at_three() {
        let forms = forms();
        let statutory = |id: &str| {
            let items = &forms.find(id).unwrap().items;
            items.iter().filter(|item| item.statutory).count()
        };
        assert_eq!((statutory("18m"), statutory("3y")), (11, 13));
        let codes = |id: &str| -> BTreeSet<String> {
            let items = &forms.find(id).unwrap().items;
            items
                .iter()
                .filter(|item| item.statutory)
                .map(|item| item.code.clone())
                .collect()
        };
        let more: Vec<String> = codes("3y").difference(&codes("18m")).cloned().collect();
        assert_eq!(more, ["ent", "eyes"]);
    }

    #[test]
    fn every_checkup_that_names_a_form_has_it_and_every_code_means_one_thing() {
        let forms = forms();
        for rule in Checkups::built_in().unwrap().rules() {
            let form = rule.form.as_ref().map(|form| forms.find(form));
            assert!(form.is_none_or(|form| form.is_some_and(|form| form.checkup == rule.id)));
        }
        for form in forms.all() {
            assert!(!form.japanese.is_empty() && !form.english.is_empty());
            for item in &form.items {
                let first = forms.item(&item.code).unwrap();
                assert_eq!(first.sensitive, item.sensitive, "{}", item.code);
                assert!(!item.ja.is_empty() && !item.en.is_empty());
            }
        }
        assert_eq!(forms.all().count(), 11);
    }

    #[test]
    fn a_value_is_read_in_either_language_and_stored_as_one() {
        let forms = forms();
        let form = forms.find("18m@2023").unwrap();
        for (key, value, stored) in [
            ("皮膚の疾病", "所見なし", ("skin", "none")),
            (
                "skin",
                "アトピー性皮膚炎の疑い",
                ("skin", "アトピー性皮膚炎の疑い"),
            ),
            ("栄養状態", "良", ("nutrition", "good")),
            ("Nutrition", "advice needed", ("nutrition", "advice")),
            ("weight_kg", "10.4", ("weight_kg", "10.4")),
            (
                "detailed_exam_date",
                "R8.4.3",
                ("detailed_exam_date", "2026-04-03"),
            ),
        ] {
            let (code, value) = form.entry(key, value).unwrap();
            assert_eq!((code.as_str(), value.as_str()), stored);
        }
    }

    #[test]
    fn what_the_form_does_not_take_is_refused_without_repeating_it() {
        let forms = forms();
        let form = forms.find("3y").unwrap();
        let error = |key: &str, value: &str| form.entry(key, value).unwrap_err();
        assert_eq!(
            error("skn", "x"),
            FormError::NoItem {
                form: "3y@2023".to_owned()
            }
        );
        let choice = error("nutrition", "ひみつ");
        assert_eq!(choice.to_string(), "nutrition: one of good, advice");
        assert!(matches!(
            error("weight_kg", "十"),
            FormError::NoNumber { .. }
        ));
        assert!(matches!(
            error("detailed_exam_date", "そのうち"),
            FormError::NoDate { .. }
        ));
    }

    #[test]
    fn a_sensitive_item_can_be_told_by_its_code_alone() {
        let forms = forms();
        let sensitive: BTreeSet<&str> = forms
            .all()
            .flat_map(|form| &form.items)
            .filter(|item| item.sensitive)
            .map(|item| item.code.as_str())
            .collect();
        assert!(sensitive.contains("private_economy") && sensitive.contains("private_treatment"));
        assert!(
            sensitive
                .iter()
                .all(|code| is_sensitive(&format!("findings/{code}")))
        );
        assert!(!is_sensitive("findings/skin") && !is_sensitive("findings/q_walks"));
    }

    #[test]
    fn a_form_that_does_not_hang_together_is_refused() {
        let good = include_str!("../../rules/forms/18m.toml");
        let with = |from: &str, to: &str| Form::parse(&good.replacen(from, to, 1)).unwrap_err();
        assert!(matches!(
            with("\"height_cm\"", "\"weight_kg\""),
            CheckupsError::Twice { .. }
        ));
        assert!(matches!(
            with("private_economy", "q_economy"),
            CheckupsError::Item { .. }
        ));
        assert!(matches!(
            with(", unit = \"kg\"", ""),
            CheckupsError::Item { .. }
        ));
        assert!(matches!(
            with("format = 1", "format = 2"),
            CheckupsError::Format { .. }
        ));
    }
}
