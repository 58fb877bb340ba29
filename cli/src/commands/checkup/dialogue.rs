//! A checkup form, asked item by item: what does not fit is asked again at once, and whoever stops is
//! asked whether to keep what was answered. It writes nothing.

use techo_health::checkup::{Form, FormError, FormItem, ItemKind};
use techo_health::{Checkup, Decimal, Quantity, Record};

use crate::commands::checkup::hint;
use crate::error::Failure;
use crate::lang::{Lang, say};
use crate::question::{Answer, Answers};

/// What came of one item.
enum Reply {
    Value(String),
    LeftOut,
    Stopped,
}

/// Asks for every item of `form`; the answers by code, as a record keeps them. `blank` is the record
/// that they are for, still without any.
pub(super) fn ask(
    lang: Lang,
    form: &Form,
    blank: &Checkup,
    answers: &mut impl Answers,
) -> Result<Vec<(String, String)>, Failure> {
    answers.tell(lang.of(
        "項目ごとに入力してください。Enterだけなら、その項目は書きません。Ctrl-Cで終わり、それまでの項目を書くかどうかおたずねします。",
        "Answer item by item; Enter alone leaves an item out. Ctrl-C ends it and asks whether to write the answers so far.",
    ));
    let mut findings = Vec::new();
    for (number, item) in (1..).zip(&form.items) {
        let place = format!("[{number}/{}]", form.items.len());
        match one(lang, &place, item, blank, answers)? {
            Reply::Value(value) => findings.push((item.code.clone(), value)),
            Reply::LeftOut => {}
            Reply::Stopped => return so_far(lang, findings, answers),
        }
    }
    Ok(findings)
}

fn one(
    lang: Lang,
    place: &str,
    item: &FormItem,
    blank: &Checkup,
    answers: &mut impl Answers,
) -> Result<Reply, Failure> {
    let name = lang.of(&item.ja, &item.en);
    let private = if item.sensitive {
        lang.of(" [家族だけ]", " [private]")
    } else {
        ""
    };
    let question = format!("{place} {name}{}{private}: ", hint(lang, item));
    let mut doubted = None;
    loop {
        let answer = match answers.ask(&question)? {
            Answer::Line(line) if line.trim().is_empty() => return Ok(Reply::LeftOut),
            Answer::Line(line) => line,
            Answer::Stop => return Ok(Reply::Stopped),
        };
        match item.value(&answer) {
            Ok(value) if !is_plausible(item, &value) && doubted.as_ref() != Some(&value) => {
                answers.tell(lang.of(
                    "  ありえない値のようです。このとおりなら、もう一度同じ値を入力してください。",
                    "  That is hardly possible. If it is right, type the same again.",
                ));
                doubted = Some(value);
            }
            Ok(value) => match fits(item, &value, blank) {
                Ok(()) => return Ok(Reply::Value(value)),
                Err(failure) => answers.tell(&format!("  {}", failure.told(lang).message)),
            },
            Err(error) => answers.tell(&format!("  {}", again(lang, item, &error))),
        }
    }
}

/// Whether the record takes it: no My Number, not too long.
fn fits(item: &FormItem, value: &str, blank: &Checkup) -> Result<(), Failure> {
    let mut record = blank.clone();
    record.findings.insert(item.code.clone(), value.to_owned());
    Record::Checkup(record).to_fields(false)?;
    Ok(())
}

/// Whether a living person can measure that; what is no measurement always can be.
fn is_plausible(item: &FormItem, value: &str) -> bool {
    let quantity = item.code.split('_').next().unwrap_or_default();
    let known = Quantity::new(quantity).known();
    let unit = known.zip(item.unit.as_deref());
    let unit = unit.and_then(|(known, unit)| Some((known, known.unit(unit)?)));
    match (item.kind, unit, value.parse::<Decimal>()) {
        (ItemKind::Amount, Some((known, unit)), Ok(value)) => known.is_plausible(&value, unit),
        _ => true,
    }
}

/// What the item takes, in the words of whoever is asked.
fn again(lang: Lang, item: &FormItem, error: &FormError) -> String {
    match error {
        FormError::NoChoice { .. } => {
            let names = item.choices.iter();
            let names: Vec<&str> = names
                .map(|choice| lang.of(choice.ja.as_str(), choice.en.as_str()))
                .collect();
            say!(
                lang,
                "{c} のどれかを入力してください。",
                "Type one of: {c}.",
                c = names.join(" / ")
            )
        }
        FormError::NoNumber { unit, .. } => say!(
            lang,
            "数字だけを入力してください(単位 {u})。",
            "Type a number alone (in {u}).",
            u = unit
        ),
        FormError::NoDate { .. } => lang
            .of(
                "日付を入力してください。例: 2026-04-03、R8.4.3",
                "Type a date, as in 2026-04-03 or R8.4.3.",
            )
            .to_owned(),
        _ => lang
            .of("様式に合いません。", "It does not fit the form.")
            .to_owned(),
    }
}

/// Asks whoever stopped what shall become of the answers.
fn so_far(
    lang: Lang,
    findings: Vec<(String, String)>,
    answers: &mut impl Answers,
) -> Result<Vec<(String, String)>, Failure> {
    if findings.is_empty() {
        return Err(Failure::Declined);
    }
    let question = say!(
        lang,
        "ここまでの{n}項目を書きますか? [Y/n] ",
        "Write what was answered so far ({n})? [Y/n] ",
        n = findings.len()
    );
    loop {
        let Answer::Line(line) = answers.ask(&question)? else {
            return Err(Failure::Declined);
        };
        match line.trim().to_lowercase().as_str() {
            "" | "y" | "yes" | "ｙ" | "はい" => return Ok(findings),
            "n" | "no" | "ｎ" | "いいえ" => return Err(Failure::Declined),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::io;

    use techo_health::When;
    use techo_health::checkup::Forms;
    use techo_health::record::CheckupType;

    use super::*;

    /// Says what was written down, then stops; remembers all it heard.
    #[derive(Default)]
    struct Script {
        says: VecDeque<Answer>,
        heard: String,
    }

    impl Answers for Script {
        fn ask(&mut self, question: &str) -> io::Result<Answer> {
            self.tell(question);
            Ok(self.says.pop_front().unwrap_or(Answer::Stop))
        }

        fn tell(&mut self, text: &str) {
            self.heard.push_str(text);
            self.heard.push('\n');
        }
    }

    type Kept = Result<Vec<(String, String)>, Failure>;

    fn played(lang: Lang, says: &[&str]) -> (Kept, String) {
        let line = |text: &&str| match *text {
            "^C" => Answer::Stop,
            text => Answer::Line(text.to_owned()),
        };
        let mut script = Script {
            says: says.iter().map(line).collect(),
            heard: String::new(),
        };
        let forms = Forms::built_in().unwrap();
        let day: When = "2026-04-03".parse().unwrap();
        let blank = Checkup::new(CheckupType::new("18m"), day);
        let kept = ask(lang, forms.find("18m").unwrap(), &blank, &mut script);
        (kept, script.heard)
    }

    fn pairs(kept: Kept) -> Vec<(String, String)> {
        kept.unwrap_or_else(|_| panic!("nothing was kept"))
    }

    fn pair(code: &str, value: &str) -> (String, String) {
        (code.to_owned(), value.to_owned())
    }

    #[test]
    fn every_item_is_asked_and_enter_leaves_it_out() {
        let items = Forms::built_in().unwrap().find("18m").unwrap().items.len();
        let mut says = vec![""; items];
        says[0] = "10.4";
        says[5] = "良";
        for (lang, first) in [
            (Lang::Ja, "[1/33] 体重 (kg): "),
            (Lang::En, "[1/33] Weight (kg): "),
        ] {
            let (kept, heard) = played(lang, &says);
            let expected = [pair("weight_kg", "10.4"), pair("nutrition", "good")];
            assert_eq!(pairs(kept), expected);
            assert!(heard.contains(first), "{heard}");
            let asked = heard.lines().filter(|line| line.starts_with('[')).count();
            assert_eq!(asked, items);
        }
    }

    #[test]
    fn a_wrong_answer_is_explained_in_words_and_asked_again() {
        let says = [
            "",
            "八十",
            "80.2",
            "",
            "",
            "",
            "ふつう",
            "要指導",
            "^C",
            "y",
        ];
        let (kept, heard) = played(Lang::Ja, &says);
        let expected = [pair("height_cm", "80.2"), pair("nutrition", "advice")];
        assert_eq!(pairs(kept), expected);
        assert!(
            heard.contains("数字だけを入力してください(単位 cm)。"),
            "{heard}"
        );
        assert!(heard.contains("良 / 要指導 のどれか"), "{heard}");
        assert!(!heard.contains("height_cm"), "no codes: {heard}");
        let (_, heard) = played(Lang::En, &["", "eighty"]);
        assert!(heard.contains("Type a number alone (in cm)."), "{heard}");
    }

    #[test]
    fn what_is_hardly_possible_is_taken_the_second_time() {
        let (kept, heard) = played(Lang::Ja, &["1040", "10.4", "^C", ""]);
        assert!(heard.contains("ありえない値"), "{heard}");
        assert_eq!(pairs(kept), [pair("weight_kg", "10.4")]);
        let (kept, _) = played(Lang::Ja, &["500", "500", "^C", ""]);
        assert_eq!(pairs(kept), [pair("weight_kg", "500")]);
    }

    #[test]
    fn a_my_number_is_refused_at_its_item_and_the_rest_goes_on() {
        let says = [
            "10.4",
            "",
            "",
            "",
            "番号は 123456789018 です",
            "なし",
            "^C",
            "y",
        ];
        let (kept, heard) = played(Lang::Ja, &says);
        let expected = [pair("weight_kg", "10.4"), pair("growth", "none")];
        assert_eq!(pairs(kept), expected);
        assert!(!heard.contains("123456789018"), "{heard}");
    }

    #[test]
    fn whoever_stops_decides_what_becomes_of_the_answers() {
        let (kept, heard) = played(Lang::En, &["10.4", "80.2", "^C", "what?", "Y"]);
        assert_eq!(pairs(kept).len(), 2);
        assert_eq!(
            heard.matches("Write what was answered so far (2)?").count(),
            2
        );
        for no in ["n", "いいえ", "^C"] {
            let (kept, _) = played(Lang::Ja, &["10.4", "^C", no]);
            assert!(matches!(kept, Err(Failure::Declined)), "{no}");
        }
        let (kept, heard) = played(Lang::Ja, &["", "^C"]);
        assert!(matches!(kept, Err(Failure::Declined)) && !heard.contains("書きますか"));
    }

    #[test]
    fn what_stays_in_the_family_is_marked() {
        let (_, heard) = played(Lang::Ja, &[""; 33]);
        let line = heard.lines().find(|line| line.contains("経済的な状況"));
        assert!(
            line.is_some_and(|line| line.contains("[家族だけ]")),
            "{heard}"
        );
    }
}
