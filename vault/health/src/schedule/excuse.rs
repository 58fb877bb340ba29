//! Why a series is not for a person, or a dose fills no series: a table of codes and words.

macro_rules! excuses {
    ($($(#[$doc:meta])* $name:ident: $code:literal, $english:literal, $japanese:literal;)+) => {
        /// Why a series is not for a person, or a dose fills no series.
        #[derive(Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Excuse {
            $($(#[$doc])* $name,)+
        }

        impl Excuse {
            /// What programs can tell it by.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// Its words in English.
            pub fn english(self) -> &'static str {
                match self { $(Self::$name => $english,)+ }
            }

            /// Its words in Japanese.
            pub fn japanese(self) -> &'static str {
                match self { $(Self::$name => $japanese,)+ }
            }

            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
}

excuses! {
    /// No programme.
    NoProgramme: "no_programme", "there is no programme", "制度がありません";
    /// The other sex.
    OtherSex: "other_sex", "for the other sex", "別の性別の人が対象です";
    /// Born too early or too late.
    OtherBirths: "other_births", "born outside the years it is for", "対象の生年月日ではありません";
    /// Excluded by a fact.
    Excluded: "excluded", "a stated fact excludes it", "申し出のあった事実により対象ではありません";
    /// A fact is missing.
    NotStated: "not_stated", "only for those of whom a fact is stated", "該当する事実のある人だけが対象です";
    /// A test is missing.
    NotTested: "not_tested", "only after a test in time that was insufficient", "期限までの検査で抗体が不十分だった人だけが対象です";
    /// The programme came too late.
    BeganLater: "began_later", "the programme began after this person's window", "対象となる期間が過ぎてから始まった制度です";
    /// The programme is over.
    Ended: "ended", "the programme is no longer in force", "制度は終わりました";
    /// No date of birth.
    NoBirthDate: "no_birth_date", "the date of birth is not known", "生年月日がわかりません";
    /// No pregnancy.
    NoPregnancy: "no_pregnancy", "no pregnancy is stated", "妊娠の情報がありません";
    /// An age in weeks where a birthday is meant.
    NoBirthday: "no_birthday", "the rule names no birthday", "規則に誕生日がありません";
    /// No season.
    NoSeason: "no_season", "the season is not known", "実施期間がわかりません";
    /// Another product of the group.
    OtherProduct: "other_product", "begun with another product", "別の製品で始めています";
    /// By the combined vaccine.
    Combined: "combined", "given with the combined vaccine", "混合ワクチンで受けています";
    /// Not to be changed yet.
    NotYetSwitched: "not_yet_switched", "begun with single vaccines; not to be changed yet", "単独のワクチンで始めており、まだ切り替えられません";
    /// Vaccinated earlier.
    EarlierDose: "earlier_dose", "vaccinated before the programme's window", "対象期間より前に受けています";
    /// An unknown vaccine.
    UnknownVaccine: "unknown_vaccine", "not a vaccine of the rules", "規則にないワクチンです";
    /// A vaccine of no series.
    FillsNothing: "fills_nothing", "fills no series", "どの系列にも数えません";
    /// Nothing open on that day.
    NothingOpen: "nothing_open", "complete before, or outside every window", "すでに完了しているか、どの対象期間にも入りません";
    /// Complete before.
    CompleteBefore: "complete_before", "complete before", "すでに完了しています";
    /// Of an earlier pregnancy.
    EarlierPregnancy: "earlier_pregnancy", "of an earlier pregnancy", "以前の妊娠のときの接種です";
    /// The same dose again.
    RecordedTwice: "recorded_twice", "recorded twice", "二重に記録されています";
    /// Later than the day of the question.
    LaterThanAsked: "later_than_asked", "after the day of the question", "基準日より後の接種です";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_excuse_has_its_own_code_and_words_in_both_languages() {
        let distinct = |of: fn(Excuse) -> &'static str| {
            Excuse::ALL
                .iter()
                .map(|one| of(*one))
                .collect::<BTreeSet<_>>()
                .len()
        };
        for of in [Excuse::code, Excuse::english, Excuse::japanese] {
            assert_eq!(distinct(of), Excuse::ALL.len());
        }
        for excuse in Excuse::ALL {
            assert!(excuse.english().is_ascii() && !excuse.japanese().is_ascii());
        }
    }
}
