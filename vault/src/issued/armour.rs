//! Files that people pass on: a line that names the format, then base64.

use data_encoding::BASE64;

use crate::issued::IssuedError;

/// Writes `bytes` behind `line`.
pub(crate) fn armour(line: &str, bytes: &[u8]) -> String {
    format!("{line}\n{}\n", BASE64.encode(bytes))
}

/// Undoes [`armour`]; a byte order mark, other line ends and wrapped lines are forgiven.
pub(crate) fn unarmour(line: &str, text: &str, cap: usize) -> Result<Vec<u8>, IssuedError> {
    if text.len() / 2 > cap {
        return Err(IssuedError::Malformed);
    }
    let body = text
        .trim_start_matches('\u{feff}')
        .strip_prefix(line)
        .filter(|body| body.starts_with(['\n', '\r']))
        .ok_or(IssuedError::Malformed)?;
    let joined: String = body.split_whitespace().collect();
    BASE64
        .decode(joined.as_bytes())
        .map_err(|_| IssuedError::Malformed)
}
