//! Every kind of record with its fields: one table that reading, writing, help and docs share.
//! Holds no behaviour.

use crate::record::shape::{
    Choice, Field,
    Shape::{Number, OneOf, Prose, Sha256, Text, Time, When},
    Tense::{Free, InLife, Past},
    choice, field,
};

mod mother;
mod child;
mod doses;
mod care;
mod papers;

pub(super) use care::{ALLERGY, APPOINTMENT, CHECKUP, ILLNESS, LAB, MEDICATION};
pub(super) use child::{MEASUREMENT, MEMBER, MILESTONE, NEWBORN, SCREENING};
pub(super) use doses::VACCINATION;
pub(super) use mother::{BIRTH, PREGNANCY, PRENATAL};
pub(super) use papers::{CONSENT, DIARY, DOCUMENT, IMPORT, NOTE};

/// What one kind of record holds.
#[derive(Debug)]
pub(super) struct Sheet {
    /// The key under which `kind` names it.
    pub(super) key: &'static str,
    pub(super) japanese: &'static str,
    pub(super) english: &'static str,
    /// Of each group at least one has to be there.
    pub(super) needs: &'static [&'static [&'static str]],
    pub(super) fields: &'static [Field],
}

/// The record groups of the standard for municipal health systems (健康管理システム標準仕様書,
/// 基本データリスト) that concern a family: code and name, for the field `source_group`.
pub const SOURCE_GROUPS: &[(&str, &str)] = &[
    ("019044", "妊娠届出"),
    ("019045", "妊娠届出アンケート"),
    ("019046", "母子健康手帳の交付"),
    ("019047", "出産の状態"),
    ("019048", "妊婦健診結果"),
    ("019050", "妊産婦歯科"),
    ("019051", "妊産婦歯科"),
    ("019053", "産婦健診"),
    ("019056", "産後ケア"),
    ("019057", "出生時状況"),
    ("019058", "新生児聴覚検査"),
    ("019060", "健診対象者"),
    ("019061", "3〜4か月児健診 結果"),
    ("019062", "3〜4か月児健診 アンケート"),
    ("019063", "1歳6か月児健診 結果"),
    ("019064", "1歳6か月児健診 アンケート"),
    ("019065", "1歳6か月児健診 歯科"),
    ("019066", "3歳児健診 結果"),
    ("019067", "3歳児健診 アンケート"),
    ("019068", "3歳児健診 歯科"),
    ("019069", "独自施策(母)"),
    ("019070", "独自施策(子)"),
    ("019071", "受診履歴"),
    ("019072", "精密健診"),
    ("019073", "精密健診"),
    ("019083", "予診票発行"),
    ("019085", "予防接種の接種実績"),
    ("019086", "風疹抗体検査"),
    ("019088", "罹患"),
];

/// What every record may hold besides, the member's profile included.
pub const ENVELOPE: &[Field] = &[
    field("status", "状態", "Status", OneOf(STATUS)),
    field("supersedes", "差し替えた記録", "Supersedes", Text),
    field(
        "sensitivity",
        "公開の範囲",
        "Sensitivity",
        OneOf(SENSITIVITY),
    ),
    field("provenance", "出どころ", "Provenance", OneOf(PROVENANCE)),
    field("source_group", "元の記録群", "Source group", Text),
    field("source_item_code", "元の項目コード", "Source item", Text),
    field(
        "raw_sha256",
        "元データのSHA-256",
        "SHA-256 of the source",
        Sha256,
    ),
    field("note", "メモ", "Note", Prose),
];

const STATUS: &[Choice] = &[
    choice("active", "有効", "active"),
    choice("corrected", "訂正済み", "corrected"),
    choice("entered-in-error", "誤記", "entered in error"),
];
const SENSITIVITY: &[Choice] = &[
    choice("normal", "通常", "normal"),
    choice("private", "非公開", "private"),
    choice("never-share", "持ち出し禁止", "never share"),
];
/// That a city says so is never a field: only a verified signature shows it.
const PROVENANCE: &[Choice] = &[
    choice("family", "家族", "family"),
    choice("clinic", "医療機関", "clinic"),
    choice("device", "機器", "device"),
];

// What several kinds have.
const DATE: Field = field("date", "日付", "Date", When(Past));
const DATE_IN_LIFE: Field = field("date", "日付", "Date", When(InLife));
const ANY_DATE: Field = field("date", "日付", "Date", When(Free));
const UNTIL: Field = field("until", "終わり", "Until", When(Free));
const TIME: Field = field("time", "時刻", "Time", Time);
const FACILITY: Field = field("facility", "場所", "Place", Text);
const DOCTOR: Field = field("doctor", "担当", "By", Text);
const REASON: Field = field("reason", "理由", "Reason", Text);
const SERIES: Field = field("series", "期", "Series", Text);
const DOSE_NO: Field = field("dose_no", "回", "Dose no.", Number(1, 20));
const TITLE: Field = field("title", "題", "Title", Text);
const FILE_NAME: Field = field("file_name", "ファイル名", "File name", Text);
const PHOTO: Field = field(
    "photo_sha256",
    "写真のSHA-256",
    "SHA-256 of the photo",
    Sha256,
);
const REACTION: Field = field("reaction", "反応", "Reaction", Prose);
const RESULT: Field = field("result", "結果", "Result", Text);
const UNIT: Field = field("unit", "単位", "Unit", Text);
const CHECKUP_NAME: Field = field("checkup", "健診", "Checkup", Text);

const FEEDING: &[Choice] = &[
    choice("breast", "母乳", "breast milk"),
    choice("mixed", "混合", "mixed"),
    choice("formula", "人工乳", "formula"),
];
