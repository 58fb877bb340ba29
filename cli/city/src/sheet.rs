//! A CSV as a table with known columns; it judges no content except that no column may hold the
//! 12-digit My Number.

use thiserror::Error;

use crate::text;

/// Why a file cannot be read as a table at all.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SheetError {
    /// Neither UTF-8 nor Shift JIS.
    #[error("neither UTF-8 nor Shift JIS")]
    Encoding,
    /// No header line.
    #[error("the file has no header")]
    NoHeader,
    /// A column whose meaning is not known, so that its content would be lost.
    #[error("column {column} has an unknown name")]
    UnknownColumn {
        /// Its place, from 1.
        column: usize,
    },
    /// A column that stands twice.
    #[error("the column {name} stands twice")]
    DoubledColumn {
        /// Its name.
        name: &'static str,
    },
    /// A column that has to be there.
    #[error("the column {name} is missing")]
    MissingColumn {
        /// Its name.
        name: &'static str,
    },
    /// A column for My Numbers, which may not be processed here.
    #[error("column {column} is for My Numbers; remove it before exporting")]
    MyNumberColumn {
        /// Its place, from 1.
        column: usize,
    },
}

/// One column: its name in records and how exports call it.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) japanese: &'static [&'static str],
}

/// A table whose header was understood.
#[derive(Debug)]
pub(crate) struct Sheet {
    columns: Vec<&'static str>,
    rows: Vec<Result<Row, BadRow>>,
}

/// One line of a table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) line: u64,
    cells: Vec<(&'static str, String)>,
}

/// A line that has not one cell for each column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BadRow {
    pub(crate) line: u64,
}

impl Sheet {
    /// Reads `bytes`; every column must be one of `known`.
    pub(crate) fn read(
        bytes: &[u8],
        known: &[Column],
        required: &[&'static str],
    ) -> Result<Self, SheetError> {
        let text = text::decode(bytes).ok_or(SheetError::Encoding)?;
        // One kind of line end, so that lines are counted as an editor shows them.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .has_headers(false)
            .from_reader(text.as_bytes());
        let mut records = reader.records();
        let Some(Ok(header)) = records.next() else {
            return Err(SheetError::NoHeader);
        };
        let columns = columns(&header, known)?;
        if let Some(name) = required.iter().find(|name| !columns.contains(name)) {
            return Err(SheetError::MissingColumn { name });
        }
        let mut rows = Vec::new();
        for record in records {
            let line = match &record {
                Ok(record) => record.position().map_or(0, csv::Position::line),
                Err(error) => error.position().map_or(0, csv::Position::line),
            };
            let record = match record {
                Ok(record) if record.iter().all(|text| cell(text).is_empty()) => continue,
                Ok(record) if record.len() == columns.len() => record,
                Ok(_) | Err(_) => {
                    rows.push(Err(BadRow { line }));
                    continue;
                }
            };
            let cells = columns
                .iter()
                .copied()
                .zip(record.iter().map(cell))
                .collect();
            rows.push(Ok(Row { line, cells }));
        }
        Ok(Self { columns, rows })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.columns.contains(&name)
    }

    pub(crate) fn into_rows(self) -> Vec<Result<Row, BadRow>> {
        self.rows
    }
}

impl Row {
    /// Returns a cell that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.cells
            .iter()
            .find(|(n, text)| *n == name && !text.is_empty())
            .map(|(_, t)| t.as_str())
    }

    /// Returns the cells that are not empty.
    pub(crate) fn filled(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.cells
            .iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(n, text)| (*n, text.as_str()))
    }

    /// Tells whether a cell holds a My Number.
    pub(crate) fn holds_my_number(&self) -> bool {
        self.cells
            .iter()
            .any(|(_, text)| techo_health::personal_number::contains_my_number(text))
    }
}

fn cell(text: &str) -> String {
    text::trim(text).to_owned()
}

fn columns(header: &csv::StringRecord, known: &[Column]) -> Result<Vec<&'static str>, SheetError> {
    let mut columns = Vec::new();
    for (place, title) in header.iter().enumerate() {
        let column = place.saturating_add(1);
        let title = text::normalise(title);
        if MY_NUMBER.iter().any(|name| title.contains(name)) {
            return Err(SheetError::MyNumberColumn { column });
        }
        let found = known
            .iter()
            .find(|c| {
                title.eq_ignore_ascii_case(c.name)
                    || c.japanese.iter().any(|name| text::normalise(name) == title)
            })
            .ok_or(SheetError::UnknownColumn { column })?;
        if columns.contains(&found.name) {
            return Err(SheetError::DoubledColumn { name: found.name });
        }
        columns.push(found.name);
    }
    Ok(columns)
}

const MY_NUMBER: [&str; 3] = ["個人番号", "マイナンバー", "my_number"];

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Column] = &[
        Column {
            name: "id",
            japanese: &["宛名番号"],
        },
        Column {
            name: "note",
            japanese: &["備考"],
        },
    ];

    fn read(text: &str) -> Result<Sheet, SheetError> {
        Sheet::read(text.as_bytes(), KNOWN, &["id"])
    }

    #[test]
    fn quotes_empty_cells_and_line_numbers_are_kept_apart() {
        let sheet = read("宛名番号,備考\r\n1,\"a,\nb\"\r\n2,\r\n,　\r\n3\r\n").unwrap();
        let rows = sheet.into_rows();
        let first = rows[0].as_ref().unwrap();
        assert_eq!((first.line, first.text("note")), (2, Some("a,\nb")));
        let second = rows[1].as_ref().unwrap();
        assert_eq!((second.line, second.text("note")), (4, None));
        assert_eq!(
            rows[2].as_ref().unwrap_err().line,
            6,
            "a line without any content is skipped"
        );
    }

    #[test]
    fn a_header_that_is_not_understood_is_refused() {
        assert_eq!(read("").unwrap_err(), SheetError::NoHeader);
        assert_eq!(
            read("id,x\n").unwrap_err(),
            SheetError::UnknownColumn { column: 2 }
        );
        assert_eq!(
            read("id,宛名番号\n").unwrap_err(),
            SheetError::DoubledColumn { name: "id" }
        );
        assert_eq!(
            read("備考\n").unwrap_err(),
            SheetError::MissingColumn { name: "id" }
        );
        assert_eq!(
            read("id,個人番号\n").unwrap_err(),
            SheetError::MyNumberColumn { column: 2 }
        );
        let bad = Sheet::read(&[0xff, 0xfe, 0], KNOWN, &[]).unwrap_err();
        assert_eq!(bad, SheetError::Encoding);
    }
}
