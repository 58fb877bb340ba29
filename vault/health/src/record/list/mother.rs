//! Pregnancy, its visits, and birth.

use crate::coding::{loinc, medis};
use crate::record::list::{DATE, DOCTOR, FACILITY, Sheet, TIME, child};
use crate::record::shape::{
    Choice, Field,
    Shape::{Amount, Day, Flag, Gestation, Measure, Number, Prose, Words},
    Tense::{Free, Past},
    choice, coded, field,
};

pub(in crate::record) const PREGNANCY: Sheet = Sheet {
    key: "pregnancy",
    japanese: "妊娠",
    english: "Pregnancy",
    needs: &[&["expected", "lmp", "ended"]],
    fields: &[
        DATE,
        field("expected", "出産予定日", "Expected", Day(Free)),
        field("basis", "予定日の根拠", "Basis of the date", Words(BASIS)),
        field("lmp", "最終月経の開始日", "Last period began", Day(Past)),
        field(
            "parity",
            "これまでの出産回数",
            "Births before",
            Number(0, 20),
        ),
        field("fetuses", "胎児の数", "Children expected", Number(1, 9)),
        field("outcome", "結果(妊娠)", "Outcome", Words(OUTCOME)),
        field("ended", "妊娠が終わった日", "Ended", Day(Past)),
        FACILITY,
    ],
};

pub(in crate::record) const PRENATAL: Sheet = Sheet {
    key: "prenatal",
    japanese: "妊婦健診",
    english: "Prenatal visit",
    needs: &[&["date"]],
    fields: &[
        DATE,
        field(
            "gestation_days",
            "妊娠週数",
            "Weeks of pregnancy",
            Gestation(0, 315),
        ),
        field(
            "fundal_cm",
            "子宮底長(cm)",
            "Fundal height (cm)",
            Amount("cm", 5_000, 60_000),
        ),
        coded(
            field("waist_cm", "腹囲(cm)", "Waist (cm)", Measure("waist", "cm")),
            &[medis("31000301")],
        ),
        coded(WEIGHT_KG, &[medis("31000296"), loinc("29463-7")]),
        field(
            "systolic",
            "最高血圧(mmHg)",
            "Systolic (mmHg)",
            Measure("systolic", "mm[Hg]"),
        ),
        field(
            "diastolic",
            "最低血圧(mmHg)",
            "Diastolic (mmHg)",
            Measure("diastolic", "mm[Hg]"),
        ),
        field("edema", "浮腫", "Edema", Words(SIGNS)),
        field("urine_protein", "尿蛋白", "Urine protein", Words(SIGNS)),
        field("urine_sugar", "尿糖", "Urine sugar", Words(SIGNS)),
        field("tests", "その他の検査", "Other tests", Prose),
        FACILITY,
        DOCTOR,
    ],
};

pub(in crate::record) const BIRTH: Sheet = Sheet {
    key: "birth",
    japanese: "出産の状態",
    english: "Birth",
    needs: &[&["date"]],
    fields: &[
        DATE,
        TIME,
        field(
            "gestation_days",
            "妊娠週数",
            "Weeks of pregnancy",
            Gestation(140, 315),
        ),
        field(
            "duration_min",
            "所要時間(分)",
            "Duration (min)",
            Number(0, 10_000),
        ),
        field("method", "方法", "Method", Words(METHOD)),
        field("course", "経過", "Course", Prose),
        field(
            "blood_loss_ml",
            "出血量(mL)",
            "Blood loss (mL)",
            Amount("mL", 0, 20_000_000),
        ),
        field("transfusion", "輸血", "Transfusion", Flag),
        coded(child::WEIGHT_G, &[medis("31002900")]),
        coded(
            field(
                "length_cm",
                "出生時の身長(cm)",
                "Length (cm)",
                Measure("height", "cm"),
            ),
            &[medis("31000298"), loinc("8302-2")],
        ),
        coded(
            field("chest_cm", "胸囲(cm)", "Chest (cm)", Measure("chest", "cm")),
            &[medis("31000299")],
        ),
        coded(
            field("head_cm", "頭囲(cm)", "Head (cm)", Measure("head", "cm")),
            &[medis("31006116"), loinc("8290-9")],
        ),
        field("count", "児の数", "Children born", Number(1, 9)),
        field("apgar_1", "アプガー1分", "Apgar, 1 min", Number(0, 10)),
        field("apgar_5", "アプガー5分", "Apgar, 5 min", Number(0, 10)),
        FACILITY,
        DOCTOR,
    ],
};

const WEIGHT_KG: Field = field(
    "weight_kg",
    "体重(kg)",
    "Weight (kg)",
    Measure("weight", "kg"),
);

const BASIS: &[Choice] = &[
    choice("lmp", "最終月経", "last period"),
    choice("ultrasound", "超音波", "ultrasound"),
    choice("transfer", "胚移植", "embryo transfer"),
];
const OUTCOME: &[Choice] = &[
    choice("birth", "出産", "birth"),
    choice("loss", "おわかれ", "loss"),
    choice("miscarriage", "流産", "miscarriage"),
    choice("stillbirth", "死産", "stillbirth"),
    choice("termination", "中絶", "termination"),
];
const SIGNS: &[Choice] = &[
    choice("-", "−", "negative"),
    choice("+-", "±", "trace"),
    choice("+", "+", "1+"),
    choice("++", "++", "2+"),
    choice("+++", "+++", "3+"),
];
const METHOD: &[Choice] = &[
    choice("vaginal", "経腟", "vaginal"),
    choice("vacuum", "吸引", "vacuum"),
    choice("forceps", "鉗子", "forceps"),
    choice("caesarean", "帝王切開", "caesarean"),
];
