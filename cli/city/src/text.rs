//! Text as offices export it: encodings, widths and spaces; it never guesses a character.

use encoding_rs::SHIFT_JIS;

/// Reads UTF-8, with or without a byte order mark, else strict Shift JIS.
pub(crate) fn decode(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(_) => SHIFT_JIS
            .decode_without_bom_handling_and_without_replacement(bytes)
            .map(std::borrow::Cow::into_owned),
    }
}

/// Makes two spellings equal that differ only in width, spaces and kinds of hyphen.
///
/// Different characters stay different: 髙 is not 高, ー is not -.
pub(crate) fn normalise(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        match c {
            '\u{ff9e}' => voice(&mut normal, 1, '\u{309b}'),
            '\u{ff9f}' => voice(&mut normal, 2, '\u{309c}'),
            _ => normal.push(widen(c)),
        }
    }
    normal
}

/// Removes only the spaces around a cell.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{3000}')
}

fn widen(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => shift(c, -0xfee0),
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => '-',
        '\u{ff61}'..='\u{ff9d}' => {
            let place = usize::try_from(u32::from(c) - 0xff61).unwrap_or(usize::MAX);
            KATAKANA.chars().nth(place).unwrap_or(c)
        }
        _ => c,
    }
}

/// Joins a half-width voicing mark to the katakana before it.
fn voice(text: &mut String, by: i32, alone: char) {
    let joined = text.chars().last().and_then(|last| match (last, by) {
        ('ウ', 1) => Some('ヴ'),
        (
            'カ' | 'キ' | 'ク' | 'ケ' | 'コ' | 'サ' | 'シ' | 'ス' | 'セ' | 'ソ' | 'タ' | 'チ'
            | 'ツ' | 'テ' | 'ト',
            1,
        ) => Some(shift(last, 1)),
        ('ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ', _) => Some(shift(last, by)),
        _ => None,
    });
    match joined {
        Some(joined) => {
            text.pop();
            text.push(joined);
        }
        None => text.push(alone),
    }
}

fn shift(c: char, by: i32) -> char {
    u32::from(c)
        .checked_add_signed(by)
        .and_then(char::from_u32)
        .unwrap_or(c)
}

/// U+FF61 … U+FF9D in full width.
const KATAKANA: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_spaces_and_hyphens_do_not_matter() {
        assert_eq!(normalise("試験　太郎"), normalise(" 試験 太郎 "));
        assert_eq!(normalise("見本市１－２－３"), normalise("見本市1-2−3"));
        assert_eq!(normalise("ｼｹﾝ ﾀﾛｳ"), "シケンタロウ");
        assert_eq!(normalise("ｶﾞｷﾞﾊﾟﾋﾞｳﾞ"), "ガギパビヴ");
        assert_eq!(normalise("Ａｂｃ"), "Abc");
    }

    #[test]
    fn different_characters_stay_different() {
        for (a, b) in [
            ("髙橋", "高橋"),
            ("スー", "ス-"),
            ("斉藤", "斎藤"),
            ("a", "A"),
            ("はは", "ハハ"),
        ] {
            assert_ne!(normalise(a), normalise(b), "{a} {b}");
        }
    }

    #[test]
    fn utf8_comes_first_and_shift_jis_is_strict() {
        assert_eq!(decode("接種".as_bytes()).unwrap(), "接種");
        assert_eq!(
            decode(&[b"\xef\xbb\xbf", "接種".as_bytes()].concat()).unwrap(),
            "接種"
        );
        assert_eq!(decode(&[0x90, 0xda, 0x8e, 0xed]).unwrap(), "接種");
        assert_eq!(decode(&[0x90, 0xda, 0x8e]), None);
        assert_eq!(decode(&[0xff, 0xfe, 0x00]), None);
    }
}
