//! Text for terminals: columns that line up with full-width characters, and no control characters
//! from records. Knows nothing about records.

use unicode_width::UnicodeWidthStr as _;

/// Lines for people.
#[derive(Debug, Default)]
pub(crate) struct Page {
    text: String,
}

impl Page {
    /// Adds a line.
    pub(crate) fn line(&mut self, line: impl AsRef<str>) {
        for part in line.as_ref().split('\n') {
            self.text.push_str(harmless(part).trim_end());
            self.text.push('\n');
        }
    }

    /// Adds an empty line.
    pub(crate) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// Adds a table.
    pub(crate) fn table(&mut self, table: &Table) {
        for line in table.lines() {
            self.line(line);
        }
    }

    /// The whole page.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// Rows whose columns line up.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    indent: usize,
}

impl Table {
    /// A table that stands `indent` columns to the right.
    pub(crate) fn indented(indent: usize) -> Self {
        Self {
            rows: Vec::new(),
            indent,
        }
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows
            .push(cells.into_iter().map(|cell| harmless(&cell)).collect());
    }

    fn lines(&self) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                cells.map(|cell| width(cell)).max().unwrap_or(0)
            })
            .collect();
        let line = |row: &Vec<String>| {
            let mut line = " ".repeat(self.indent);
            for (cell, full) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.push_str(&" ".repeat(full.saturating_sub(width(cell)) + 2));
            }
            line.trim_end().to_owned()
        };
        self.rows.iter().map(line).collect()
    }
}

/// How many columns a text takes on a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text without what could steer a terminal or turn the order of characters around.
pub(super) fn harmless(text: &str) -> String {
    let steers = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| if steers(c) { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_with_full_width_characters() {
        let mut table = Table::default();
        table.row(["予防接種".to_owned(), "x".to_owned()]);
        table.row(["note".to_owned(), "y".to_owned()]);
        table.row(["ﾒﾓ".to_owned(), "z".to_owned()]);
        assert_eq!(table.lines(), ["予防接種  x", "note      y", "ﾒﾓ        z"]);
    }

    #[test]
    fn a_table_may_be_indented_and_have_empty_cells() {
        let mut table = Table::indented(2);
        table.row(["a".to_owned(), String::new(), "c".to_owned()]);
        assert_eq!(table.lines(), ["  a    c"]);
        assert_eq!(Table::default().lines(), Vec::<String>::new());
    }

    #[test]
    fn a_record_cannot_steer_the_terminal() {
        let mut page = Page::default();
        page.line("a\u{1b}[2Jb\rc\u{202e}d");
        assert_eq!(page.text(), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\n");
        let mut table = Table::default();
        table.row(["a\tb\nc".to_owned()]);
        assert!(!table.lines().concat().contains('\t'));
    }

    #[test]
    fn notes_keep_their_lines() {
        let mut page = Page::default();
        page.line("one\ntwo");
        assert_eq!(page.text(), "one\ntwo\n");
    }
}
