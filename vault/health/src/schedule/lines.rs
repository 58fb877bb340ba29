//! Questions and answers as lines of JSON; a line that cannot be read is answered with an error.

use serde::Serialize;

use super::case::Case;
use super::forecast::forecast;
use super::rules::Rules;

/// One answered line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// Whether the question could be read.
    pub is_ok: bool,
}

/// The answer to a line that cannot be read.
#[derive(Serialize)]
struct Unread {
    line: usize,
    error: String,
}

/// Answers `line`, the `number`th from 1, as one line of JSON; `None` for an empty line.
pub fn answer_lines(rules: &Rules, number: usize, line: &str) -> Option<(String, Answered)> {
    let line = line.trim_start_matches('\u{feff}').trim();
    if line.is_empty() {
        return None;
    }
    let answer = Case::parse(line).and_then(|case| forecast(rules, &case));
    let failed = |error: String| {
        let unread = Unread {
            line: number,
            error,
        };
        let text = serde_json::to_string(&unread).unwrap_or_default();
        Some((text, Answered { is_ok: false }))
    };
    match answer.map(|forecast| serde_json::to_string(&forecast)) {
        Ok(Ok(text)) => Some((text, Answered { is_ok: true })),
        Ok(Err(error)) => failed(error.to_string()),
        Err(error) => failed(error.to_string()),
    }
}
