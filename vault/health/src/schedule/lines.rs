//! Questions and answers as lines of JSON; a line that cannot be read is answered with an error.

use serde::Serialize;

use crate::schedule::case::{Case, CaseError};
use crate::schedule::forecast::forecast;
use crate::schedule::rules::Rules;

/// One answered line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// Whether the question could be read.
    pub is_ok: bool,
    /// Whether the rules may be out of date on the day that was asked for.
    pub is_out_of_date: bool,
}

/// The answer to a line that cannot be read.
#[derive(Serialize)]
struct Unread<'a> {
    line: usize,
    code: &'static str,
    error: String,
    error_ja: String,
    data_version: &'a str,
}

/// Answers `line`, the `number`th from 1, as one line of JSON; `None` for an empty line.
pub fn answer_lines(rules: &Rules, number: usize, line: &str) -> Option<(String, Answered)> {
    let line = line.trim_start_matches('\u{feff}').trim();
    if line.is_empty() {
        return None;
    }
    let answer = Case::parse(line).and_then(|case| {
        let forecast = forecast(rules, &case)?;
        let text = serde_json::to_string(&forecast).map_err(|_| CaseError::Unwritable)?;
        Ok((text, rules.may_be_out_of_date(case.on)))
    });
    Some(match answer {
        Ok((text, is_out_of_date)) => {
            let is_ok = true;
            let answered = Answered {
                is_ok,
                is_out_of_date,
            };
            (text, answered)
        }
        Err(error) => {
            let unread = Unread {
                line: number,
                code: error.code(),
                error: error.to_string(),
                error_ja: error.japanese(),
                data_version: rules.data_version(),
            };
            let answered = Answered {
                is_ok: false,
                is_out_of_date: false,
            };
            (serde_json::to_string(&unread).unwrap_or_default(), answered)
        }
    })
}
