//! Notes, diary, documents, what was shared and what was brought in.

use crate::record::list::{ANY_DATE, DATE, FILE_NAME, PHOTO, REASON, Sheet, TITLE, UNTIL};
use crate::record::shape::{
    Field,
    Shape::{Number, Prose, Sha256, Text},
    field,
};

const TEXT: Field = field("text", "本文", "Text", Prose);

pub(in crate::record) const NOTE: Sheet = Sheet {
    key: "note",
    japanese: "メモ",
    english: "Note",
    needs: &[&["text"]],
    fields: &[TEXT, TITLE, ANY_DATE],
};

pub(in crate::record) const DIARY: Sheet = Sheet {
    key: "diary",
    japanese: "日記",
    english: "Diary",
    needs: &[&["text"]],
    fields: &[TEXT, TITLE, DATE, PHOTO],
};

pub(in crate::record) const DOCUMENT: Sheet = Sheet {
    key: "document",
    japanese: "書類",
    english: "Document",
    needs: &[&["title"], &["sha256"]],
    fields: &[
        TITLE,
        DATE,
        field("sha256", "SHA-256", "SHA-256", Sha256),
        FILE_NAME,
        field("media_type", "ファイルの種類", "Media type", Text),
        field("bytes", "バイト数", "Bytes", Number(0, 99_999_999_999)),
    ],
};

pub(in crate::record) const CONSENT: Sheet = Sheet {
    key: "consent",
    japanese: "共有の記録",
    english: "Sharing",
    needs: &[&["shared"], &["recipient"]],
    fields: &[
        field("shared", "共有したもの", "Shared", Text),
        field("recipient", "共有した相手", "With", Text),
        DATE,
        UNTIL,
        REASON,
        field("key_id", "鍵の名前", "Key", Text),
    ],
};

pub(in crate::record) const IMPORT: Sheet = Sheet {
    key: "import",
    japanese: "取り込み",
    english: "Import",
    needs: &[&["file_sha256"]],
    fields: &[
        field(
            "file_sha256",
            "ファイルのSHA-256",
            "SHA-256 of the file",
            Sha256,
        ),
        FILE_NAME,
        DATE,
        field("parser", "読み取り", "Reader", Text),
        field(
            "records",
            "取り込んだ件数",
            "Records taken",
            Number(0, 10_000_000),
        ),
        field(
            "rejected",
            "取り込めなかった件数",
            "Records refused",
            Number(0, 10_000_000),
        ),
    ],
};
