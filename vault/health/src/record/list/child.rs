//! The member, the first weeks, measurements and milestones.

use crate::coding::{loinc, medis};
use crate::record::list::{DATE_IN_LIFE, FACILITY, FEEDING, PHOTO, RESULT, Sheet, UNIT};
use crate::record::shape::{
    Choice, Field,
    Shape::{Day, Decimal, Gestation, Measure, Number, OneOf, Text, When, Words},
    Tense::{InLife, Past},
    choice, coded, field,
};

pub(in crate::record) const MEMBER: Sheet = Sheet {
    key: "member",
    japanese: "メンバー",
    english: "Member",
    needs: &[&["name"]],
    fields: &[
        field("name", "名前", "Name", Text),
        field("name_kana", "かな", "Kana", Text),
        field("name_romaji", "ローマ字", "Latin letters", Text),
        field("birth_date", "生年月日", "Born", Day(Past)),
        field("sex", "性別", "Sex", OneOf(SEX)),
        field("birth_order", "第何子", "Birth order", Number(1, 25)),
        field("blood_type", "血液型", "Blood type", Words(BLOOD)),
        field(
            "gestation_at_birth",
            "出生時の在胎週数",
            "Weeks at birth",
            Gestation(140, 315),
        ),
        field("death_date", "亡くなった日", "Died", Day(InLife)),
    ],
};

pub(in crate::record) const NEWBORN: Sheet = Sheet {
    key: "newborn",
    japanese: "新生児の経過",
    english: "Newborn",
    needs: &[&["date"]],
    fields: &[
        DATE_IN_LIFE,
        field("day_age", "日齢", "Day of life", Number(0, 60)),
        coded(WEIGHT_G, &[medis("31000297"), loinc("29463-7")]),
        field("feeding", "栄養法", "Feeding", Words(FEEDING)),
        field("sucking", "哺乳力", "Sucking", Text),
        field("jaundice", "黄疸", "Jaundice", Text),
        field(
            "k2_1",
            "ビタミンK2 1回目",
            "Vitamin K2, first",
            When(InLife),
        ),
        field(
            "k2_2",
            "ビタミンK2 2回目",
            "Vitamin K2, second",
            When(InLife),
        ),
        field(
            "k2_3",
            "ビタミンK2 3回目",
            "Vitamin K2, third",
            When(InLife),
        ),
        field("discharged", "退院日", "Discharged", Day(InLife)),
        FACILITY,
    ],
};

pub(in crate::record) const SCREENING: Sheet = Sheet {
    key: "screening",
    japanese: "新生児の検査",
    english: "Newborn screening",
    needs: &[&["screening"]],
    fields: &[
        field("screening", "検査名", "Screening", Words(SCREENINGS)),
        DATE_IN_LIFE,
        RESULT,
        field("hearing_left", "左耳", "Left ear", OneOf(PASS)),
        field("hearing_right", "右耳", "Right ear", OneOf(PASS)),
        field("test_method", "検査方法", "How tested", Text),
        FACILITY,
    ],
};

pub(in crate::record) const MEASUREMENT: Sheet = Sheet {
    key: "measurement",
    japanese: "計測",
    english: "Measurement",
    needs: &[&["quantity"], &["value"], &["unit"], &["date"]],
    fields: &[
        field("quantity", "項目", "Quantity", Text),
        field("value", "値", "Value", Decimal),
        UNIT,
        DATE_IN_LIFE,
        field("posture", "姿勢", "Posture", Words(POSTURE)),
        field("clothing", "服装", "Clothing", Text),
        FACILITY,
    ],
};

pub(in crate::record) const MILESTONE: Sheet = Sheet {
    key: "milestone",
    japanese: "できたこと",
    english: "Milestone",
    needs: &[&["milestone"]],
    fields: &[
        field("milestone", "できたこと", "Milestone", Words(MILESTONES)),
        DATE_IN_LIFE,
        PHOTO,
    ],
};

pub(super) const WEIGHT_G: Field =
    field("weight_g", "体重(g)", "Weight (g)", Measure("weight", "g"));

const SEX: &[Choice] = &[
    choice("female", "女", "female"),
    choice("male", "男", "male"),
];
const BLOOD: &[Choice] = &[
    choice("A", "A型", "type A"),
    choice("B", "B型", "type B"),
    choice("O", "O型", "type O"),
    choice("AB", "AB型", "type AB"),
];
const SCREENINGS: &[Choice] = &[
    choice("metabolic", "先天性代謝異常等", "metabolic disorders"),
    choice("hearing", "聴覚", "hearing"),
    choice("cmv", "先天性CMV感染", "congenital CMV"),
];
const PASS: &[Choice] = &[
    choice("pass", "パス", "pass"),
    choice("refer", "リファー", "refer"),
];
const POSTURE: &[Choice] = &[
    choice("lying", "ねて", "lying"),
    choice("standing", "立って", "standing"),
];
const MILESTONES: &[Choice] = &[
    choice("holds-head", "首すわり", "Holds the head up"),
    choice("rolls-over", "ねがえり", "Rolls over"),
    choice("sits", "ひとりすわり", "Sits alone"),
    choice("crawls", "はいはい", "Crawls"),
    choice("pulls-up", "つかまり立ち", "Pulls up to stand"),
    choice("walks", "ひとり歩き", "Walks alone"),
];
