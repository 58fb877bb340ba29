//! Checkups, appointments, illness and what belongs to it.

use crate::record::list::{
    ANY_DATE, CHECKUP_NAME, DATE_IN_LIFE, DOCTOR, DOSE_NO, FACILITY, REACTION, REASON, RESULT,
    SERIES, Sheet, TIME, UNIT, UNTIL,
};
use crate::record::shape::{
    Choice,
    Shape::{Code, Day, OneOf, Prose, Text, When, Words},
    Tense::{Free, InLife},
    choice, field,
};

pub(in crate::record) const CHECKUP: Sheet = Sheet {
    key: "checkup",
    japanese: "健診",
    english: "Checkup",
    needs: &[&["checkup"]],
    fields: &[
        CHECKUP_NAME,
        DATE_IN_LIFE,
        field("form", "様式", "Form", Text),
        FACILITY,
        DOCTOR,
        field("judgement", "判定", "Judgement", Words(JUDGEMENT)),
        field(
            "detailed_exam_date",
            "精密検査日",
            "Detailed examination",
            When(Free),
        ),
    ],
};

pub(in crate::record) const APPOINTMENT: Sheet = Sheet {
    key: "appointment",
    japanese: "予定",
    english: "Appointment",
    needs: &[&["purpose"], &["date", "due_from", "due_to"]],
    fields: &[
        field("purpose", "用件", "What for", Text),
        ANY_DATE,
        TIME,
        field("due_from", "対象期間の初日", "Due from", Day(Free)),
        field("due_to", "対象期間の最終日", "Due to", Day(Free)),
        SERIES,
        DOSE_NO,
        CHECKUP_NAME,
        field("rule", "規則", "Rule", Text),
        field("rule_version", "規則の版", "Version of the rules", Text),
        field(
            "rule_inputs",
            "規則に使った記録",
            "What the rule looked at",
            Text,
        ),
        field(
            "reminders",
            "何日前に知らせるか",
            "Remind days before",
            Text,
        ),
        field("plan", "予定の状態", "State", OneOf(PLAN)),
        FACILITY,
        DOCTOR,
    ],
};

pub(in crate::record) const ILLNESS: Sheet = Sheet {
    key: "illness",
    japanese: "病気",
    english: "Illness",
    needs: &[&["illness"]],
    fields: &[
        field("illness", "病名", "Illness", Text),
        DATE_IN_LIFE,
        UNTIL,
        field("course", "経過", "Course", Prose),
        field(
            "disease_code",
            "病名交換用コード(MEDIS)",
            "Disease (MEDIS)",
            Code(1, 20),
        ),
        FACILITY,
        DOCTOR,
    ],
};

pub(in crate::record) const ALLERGY: Sheet = Sheet {
    key: "allergy",
    japanese: "アレルギー",
    english: "Allergy",
    needs: &[&["allergen"]],
    fields: &[
        field("allergen", "原因", "Allergen", Text),
        field(
            "allergen_type",
            "原因の種類",
            "Type of allergen",
            Words(ALLERGEN),
        ),
        DATE_IN_LIFE,
        REACTION,
        field("severity", "程度", "Severity", Words(SEVERITY)),
        field("resolved", "なくなった日", "Resolved", When(InLife)),
        FACILITY,
        DOCTOR,
    ],
};

pub(in crate::record) const MEDICATION: Sheet = Sheet {
    key: "medication",
    japanese: "薬",
    english: "Medication",
    needs: &[&["medicine"]],
    fields: &[
        field("medicine", "薬の名前", "Medicine", Text),
        ANY_DATE,
        UNTIL,
        field("dosage", "用量", "Dosage", Text),
        field("usage", "用法", "How taken", Text),
        REASON,
        field("pharmacy", "薬局", "Pharmacy", Text),
        field("yj", "YJコード", "YJ code", Code(12, 12)),
        FACILITY,
        DOCTOR,
    ],
};

pub(in crate::record) const LAB: Sheet = Sheet {
    key: "lab",
    japanese: "検査結果",
    english: "Lab result",
    needs: &[&["test"], &["result"]],
    fields: &[
        field("test", "検査", "Test", Text),
        DATE_IN_LIFE,
        RESULT,
        UNIT,
        field(
            "reference_range",
            "基準範囲(検査機関)",
            "Laboratory's range",
            Text,
        ),
        field("specimen", "検体", "Specimen", Text),
        field("jlac10", "JLAC10コード", "JLAC10 code", Code(17, 17)),
        FACILITY,
        DOCTOR,
    ],
};

const JUDGEMENT: &[Choice] = &[
    choice("healthy", "健康", "healthy"),
    choice("observe", "要観察", "to be observed"),
    choice("examine", "要精密検査", "to be examined"),
];
const PLAN: &[Choice] = &[
    choice("planned", "予定", "planned"),
    choice("kept", "済み", "kept"),
    choice("cancelled", "取りやめ", "cancelled"),
];
const ALLERGEN: &[Choice] = &[
    choice("food", "食物", "food"),
    choice("medicine", "薬", "medicine"),
    choice("vaccine", "ワクチン", "vaccine"),
    choice("environment", "環境", "environment"),
];
const SEVERITY: &[Choice] = &[
    choice("mild", "軽い", "mild"),
    choice("moderate", "中くらい", "moderate"),
    choice("severe", "重い", "severe"),
];
