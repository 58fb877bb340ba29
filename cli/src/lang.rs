//! Japanese and English: which one, and how dates, ages and fields read in it.

pub(crate) mod dates;
pub(crate) mod forms;
pub(crate) mod series;
pub(crate) mod words;

/// A language that people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lang {
    /// 日本語.
    Ja,
    /// English.
    En,
}

impl Lang {
    /// The terminal's language: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set.
    pub(crate) fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(|name| variable(name).filter(|value| !value.is_empty()));
        match set {
            Some(value) if value.to_lowercase().starts_with("ja") => Self::Ja,
            Some(_) | None => Self::En,
        }
    }

    /// The text in this language.
    pub(crate) fn of<T>(self, japanese: T, english: T) -> T {
        match self {
            Self::Ja => japanese,
            Self::En => english,
        }
    }
}

/// A sentence in the language given; without its translation it does not compile.
macro_rules! say {
    ($lang:expr, $japanese:literal, $english:literal $(, $name:ident = $value:expr)* $(,)?) => {
        match $lang {
            $crate::lang::Lang::Ja => format!($japanese $(, $name = $value)*),
            $crate::lang::Lang::En => format!($english $(, $name = $value)*),
        }
    };
}
pub(crate) use say;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_says_which_language() {
        let lang = |pairs: &'static [(&str, &str)]| {
            Lang::of_environment(|name| {
                let found = pairs.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(lang(&[("LANG", "ja_JP.UTF-8")]), Lang::Ja);
        assert_eq!(lang(&[("LANG", "de_DE.UTF-8")]), Lang::En);
        assert_eq!(lang(&[("LC_ALL", "C"), ("LANG", "ja_JP.UTF-8")]), Lang::En);
        assert_eq!(lang(&[("LC_ALL", ""), ("LANG", "ja_JP.UTF-8")]), Lang::Ja);
        assert_eq!(lang(&[]), Lang::En);
    }

    #[test]
    fn a_sentence_is_said_in_one_language() {
        let said = |lang| say!(lang, "{n}件", "{n} records", n = 3);
        assert_eq!(
            (said(Lang::Ja), said(Lang::En)),
            ("3件".to_owned(), "3 records".to_owned())
        );
    }
}
