//! What the items of checkup forms and their choices are called.

use std::sync::LazyLock;

use techo_health::checkup::{Forms, NOTHING};

use super::Lang;

/// The name of an item, if some form has it.
pub(crate) fn item(lang: Lang, code: &str) -> Option<&'static str> {
    let item = FORMS.as_ref()?.item(code)?;
    Some(lang.of(item.ja.as_str(), item.en.as_str()))
}

/// A stored finding in words: choices by name, and that nothing was found.
pub(crate) fn finding(lang: Lang, code: &str, text: &str) -> Option<&'static str> {
    if text == NOTHING {
        return Some(lang.of("所見なし", "no finding"));
    }
    let choice = FORMS.as_ref()?.item(code)?.choice(text)?;
    Some(lang.of(choice.ja.as_str(), choice.en.as_str()))
}

/// The forms are part of the program: read once.
static FORMS: LazyLock<Option<Forms>> = LazyLock::new(|| Forms::built_in().ok());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_words_and_words_stay() {
        assert_eq!(item(Lang::Ja, "hips"), Some("股関節開排制限"));
        assert_eq!(
            finding(Lang::En, "nutrition", "advice"),
            Some("advice needed")
        );
        assert_eq!(finding(Lang::Ja, "skin", "none"), Some("所見なし"));
        assert_eq!(finding(Lang::Ja, "skin", "湿疹"), None);
        assert_eq!(item(Lang::Ja, "no_such"), None);
    }
}
