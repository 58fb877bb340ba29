//! Vaccinations: the columns of the handbook and of the city's register (予防接種法施行規則3条), the
//! personal number excepted, and the codes that JP Core names.

use crate::record::list::{DATE_IN_LIFE, DOCTOR, DOSE_NO, FACILITY, REACTION, SERIES, Sheet};
use crate::record::shape::{
    Choice,
    Shape::{Amount, Code, Day, Flag, OneOf, Text, When},
    Tense::Free,
    choice, field,
};

pub(in crate::record) const VACCINATION: Sheet = Sheet {
    key: "vaccination",
    japanese: "予防接種",
    english: "Vaccination",
    needs: &[&["vaccine"]],
    fields: &[
        field("vaccine", "ワクチン", "Vaccine", Text),
        DATE_IN_LIFE,
        field("product", "製品", "Product", Text),
        field("maker", "製造者", "Maker", Text),
        field("lot", "ロット", "Lot", Text),
        field(
            "dose_ml",
            "接種量(mL)",
            "Amount (mL)",
            Amount("mL", 10, 5_000),
        ),
        field("route", "接種経路", "Route", Text),
        field("site", "接種部位", "Site", Text),
        SERIES,
        DOSE_NO,
        FACILITY,
        DOCTOR,
        field("routine", "定期接種", "Routine", Flag),
        field("due_next", "次回の予定", "Next due", When(Free)),
        REACTION,
        field("certified", "証明日", "Certified", Day(Free)),
        field("made", "製造日", "Made", Day(Free)),
        field("dose_status", "実施", "Given", OneOf(GIVEN)),
        field("dose_reason", "受けなかった理由", "Why not given", Text),
        field("hot13", "HOT13コード", "HOT13 code", Code(13, 13)),
        field("hot9", "HOT9コード", "HOT9 code", Code(9, 9)),
        field("yj", "YJコード", "YJ code", Code(12, 12)),
        field("cvx", "CVXコード", "CVX code", Code(1, 3)),
        field(
            "target_disease",
            "対象疾病コード(MEDIS)",
            "Target disease (MEDIS)",
            Code(1, 20),
        ),
    ],
};

const GIVEN: &[Choice] = &[
    choice("completed", "接種済み", "given"),
    choice("not-done", "接種せず", "not given"),
];
