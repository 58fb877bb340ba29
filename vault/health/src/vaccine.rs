//! The vaccines that Techo knows by code, with their Japanese and English names. Never decides when
//! one is due.

use std::fmt;

use crate::value::redact;

/// A vaccine as recorded: a known code, or whatever the family wrote.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vaccine(String);

redact!(Vaccine);

impl Vaccine {
    /// Reads a code (in any case) or one of the table's names; anything else is kept as written.
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        let known = VACCINES.iter().find(|v| {
            v.code.eq_ignore_ascii_case(text)
                || v.japanese == text
                || v.english.eq_ignore_ascii_case(text)
        });
        Self(known.map_or(text, |v| v.code).to_owned())
    }

    /// The code, or what was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The line of the table, if the code is known.
    pub fn known(&self) -> Option<&'static KnownVaccine> {
        VACCINES.iter().find(|v| v.code == self.0)
    }
}

impl fmt::Display for Vaccine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One line of the table of vaccines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownVaccine {
    /// The code used in records and forecasts.
    pub code: &'static str,
    /// The name in Japanese.
    pub japanese: &'static str,
    /// The name in English.
    pub english: &'static str,
}

const fn known(code: &'static str, japanese: &'static str, english: &'static str) -> KnownVaccine {
    KnownVaccine {
        code,
        japanese,
        english,
    }
}

/// Every vaccine known by code, in ascending order of the code without regard to case.
pub const VACCINES: &[KnownVaccine] = &[
    known("BCG", "BCG", "BCG (tuberculosis)"),
    known("COVID", "新型コロナ", "COVID-19"),
    known("DPT", "3種混合", "Diphtheria, pertussis, tetanus"),
    known("DPTIPV", "4種混合", "Diphtheria, pertussis, tetanus, polio"),
    known(
        "DPTIPVHib",
        "5種混合",
        "Diphtheria, pertussis, tetanus, polio, Hib",
    ),
    known("DT", "2種混合", "Diphtheria, tetanus"),
    known("FLU", "インフルエンザ", "Influenza (injected)"),
    known("FLUMIST", "インフルエンザ経鼻", "Influenza (nasal, live)"),
    known("HepB", "B型肝炎", "Hepatitis B"),
    known("Hib", "ヒブ", "Haemophilus influenzae type b"),
    known("HPV2", "HPV2価", "Human papillomavirus, 2-valent"),
    known("HPV4", "HPV4価", "Human papillomavirus, 4-valent"),
    known("HPV9", "HPV9価", "Human papillomavirus, 9-valent"),
    known("IPV", "不活化ポリオ", "Polio (inactivated)"),
    known("JE", "日本脳炎", "Japanese encephalitis"),
    known("M", "麻しん", "Measles"),
    known("MR", "麻しん風しん混合", "Measles, rubella"),
    known("MUMPS", "おたふくかぜ", "Mumps"),
    known(
        "PCV13",
        "小児肺炎球菌13価",
        "Pneumococcal conjugate, 13-valent",
    ),
    known(
        "PCV15",
        "小児肺炎球菌15価",
        "Pneumococcal conjugate, 15-valent",
    ),
    known("PCV20", "肺炎球菌20価", "Pneumococcal conjugate, 20-valent"),
    known(
        "PPSV23",
        "肺炎球菌23価",
        "Pneumococcal polysaccharide, 23-valent",
    ),
    known("R", "風しん", "Rubella"),
    known("RSVmat", "RSウイルス母子免疫", "RSV (maternal)"),
    known("RV1", "ロタ1価", "Rotavirus, 1-valent"),
    known("RV5", "ロタ5価", "Rotavirus, 5-valent"),
    known("RZV", "帯状疱疹(組換え)", "Zoster (recombinant)"),
    known("VAR", "水痘", "Varicella"),
    known("ZVL", "帯状疱疹(生)", "Zoster (live)"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_code_or_a_name_in_either_language_gives_the_code() {
        for text in [
            "DPTIPVHib",
            "dptipvhib",
            " 5種混合 ",
            "Diphtheria, pertussis, tetanus, polio, Hib",
        ] {
            assert_eq!(Vaccine::new(text).as_str(), "DPTIPVHib");
        }
        assert_eq!(Vaccine::new("je").known().unwrap().japanese, "日本脳炎");
    }

    #[test]
    fn an_unknown_vaccine_is_kept_as_written() {
        let vaccine = Vaccine::new("狂犬病");
        assert_eq!(vaccine.as_str(), "狂犬病");
        assert_eq!(vaccine.known(), None);
    }

    #[test]
    fn codes_and_names_are_unambiguous_and_sorted() {
        let texts = VACCINES
            .iter()
            .flat_map(|v| BTreeSet::from([v.code, v.japanese, v.english].map(str::to_lowercase)));
        let all: Vec<String> = texts.collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(
            VACCINES
                .iter()
                .all(|v| Vaccine::new(v.japanese).as_str() == v.code)
        );
        assert!(VACCINES.is_sorted_by_key(|v| v.code.to_lowercase()));
    }
}
