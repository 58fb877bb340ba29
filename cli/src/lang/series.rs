//! What series of vaccinations are called, and what the schedule's flags mean to people.

use techo_health::schedule::Rules;

use super::{Lang, say};

/// The name of a series: in Japanese from the rules, in English from here; else its id.
pub(crate) fn series(lang: Lang, rules: &Rules, id: &str) -> String {
    let english = ENGLISH.iter().find(|(known, _)| *known == id);
    match lang {
        Lang::Ja => rules.view(id).map_or(id, |view| view.name),
        Lang::En => english.map_or(id, |(_, name)| name),
    }
    .to_owned()
}

/// A series and which of its doses: `5種混合 3回目`.
pub(crate) fn dose(lang: Lang, rules: &Rules, id: &str, next: Option<&str>) -> String {
    let name = series(lang, rules, id);
    let several = rules.view(id).is_some_and(|view| view.doses > 1);
    match next {
        Some("booster") => say!(lang, "{n} 追加", "{n}, booster", n = name),
        Some(number) if several => {
            say!(lang, "{n} {d}回目", "{n}, dose {d}", n = name, d = number)
        }
        Some(_) | None => name,
    }
}

/// What a flag means to a family; most are for programs alone.
pub(crate) fn flag(lang: Lang, flag: &str) -> Option<String> {
    let words = match flag {
        "cannot_complete_in_window" => lang.of(
            "残りの回数が期限までに終わりません",
            "the missing doses no longer fit before the last day",
        ),
        "extension_needs_municipality" => lang.of(
            "市区町村が期間を延ばしている場合があります",
            "the municipality may have extended the period",
        ),
        "long_term_illness_exception" => lang.of(
            "長い病気の間に受けられなかった人の特例の対象かもしれません",
            "an exception for those who were ill for long may apply",
        ),
        "first_dose_after_14w6d" => lang.of(
            "初回は生後14週6日までが勧められています",
            "the first dose is advised by 14 weeks and 6 days",
        ),
        "interval_20_26_needs_physician_decision" => lang.of(
            "間隔が短い接種があり、医師の判断が必要です",
            "a dose came after a short interval: a doctor decides",
        ),
        "high_dose_option" => lang.of(
            "75歳からは高用量のワクチンも選べます",
            "from 75 the high-dose vaccine may be chosen",
        ),
        "second_dose_optional_after_13" => {
            lang.of("13歳からは1回でもよい", "one dose may do from 13")
        }
        other => return doubt(lang, other),
    };
    Some(words.to_owned())
}

/// `dose2:interval_short(min=…)` and its like.
fn doubt(lang: Lang, flag: &str) -> Option<String> {
    let (number, what) = flag.strip_prefix("dose")?.split_once(':')?;
    let number: u8 = number.parse().ok()?;
    Some(if what.starts_with("age_below") {
        say!(
            lang,
            "{n}回目が対象の年齢になる前でした",
            "dose {n} came before the age for it",
            n = number
        )
    } else if what.contains("interval_short") {
        say!(
            lang,
            "{n}回目までの間隔が規則より短くなっています",
            "dose {n} came sooner than the rules allow",
            n = number
        )
    } else if what == "product_mismatch" {
        say!(
            lang,
            "{n}回目は別の種類のワクチンでした",
            "dose {n} was of another product",
            n = number
        )
    } else {
        return None;
    })
}

const ENGLISH: [(&str, &str); 31] = [
    ("dpt_ipv_hib", "DTaP-IPV-Hib (5-in-1)"),
    ("dpt_ipv", "DTaP-IPV (4-in-1)"),
    ("hib", "Hib"),
    ("pcv_child", "Pneumococcus, children"),
    ("hepb", "Hepatitis B"),
    ("rota_rv1", "Rotavirus (1-valent)"),
    ("rota_rv5", "Rotavirus (5-valent)"),
    ("bcg", "BCG"),
    ("mr_1", "Measles-rubella, 1st period"),
    ("mr_2", "Measles-rubella, 2nd period"),
    ("varicella", "Varicella"),
    ("je_1", "Japanese encephalitis, 1st period"),
    ("je_2", "Japanese encephalitis, 2nd period"),
    ("je_special", "Japanese encephalitis, make-up"),
    ("dt_2", "Diphtheria-tetanus, 2nd period"),
    ("hpv", "HPV"),
    ("hpv_catchup", "HPV, catch-up"),
    ("rsv_maternal", "RSV, for expectant mothers"),
    ("rubella_5", "Rubella, 5th period"),
    ("pneumo_elderly", "Pneumococcus, elderly"),
    ("zoster", "Shingles"),
    ("flu_elderly", "Influenza, elderly"),
    ("covid_elderly", "COVID-19, elderly"),
    ("mumps", "Mumps"),
    ("flu_child_inactivated", "Influenza"),
    ("flu_nasal", "Influenza, nasal"),
    ("hpv_male", "HPV, boys"),
    ("dpt_preschool_jps", "DTaP before school and at 11-12"),
    ("ipv_preschool_jps", "Polio, 5th dose"),
    ("hepb_mtct", "Hepatitis B, from the mother"),
    ("covid_child", "COVID-19, children"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_of_the_rules_has_a_name_in_english() {
        let rules = Rules::built_in().unwrap();
        let vaccinations = rules.series_ids().filter(|id| {
            let class = rules.view(id).map(|view| view.class);
            class != Some(techo_health::schedule::Class::Checkup)
        });
        let missing: Vec<&str> = vaccinations
            .filter(|id| series(Lang::En, &rules, id) == *id)
            .collect();
        assert_eq!(missing, Vec::<&str>::new());
    }

    #[test]
    fn a_dose_is_numbered_where_there_are_several() {
        let rules = Rules::built_in().unwrap();
        let named = |lang, id, next| dose(lang, &rules, id, Some(next));
        assert_eq!(named(Lang::Ja, "dpt_ipv_hib", "3"), "5種混合 3回目");
        assert_eq!(named(Lang::Ja, "bcg", "1"), "BCG");
        assert_eq!(
            named(Lang::En, "pcv_child", "booster"),
            "Pneumococcus, children, booster"
        );
    }

    #[test]
    fn doubts_are_said_in_words() {
        let said = flag(Lang::Ja, "dose2:interval_short(min=2025-01-01)").unwrap();
        assert!(said.contains("2回目"), "{said}");
        assert_eq!(flag(Lang::Ja, "total_doses=3"), None);
    }
}
