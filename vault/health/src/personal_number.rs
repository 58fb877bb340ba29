//! Recognises the 12-digit My Number (個人番号), which must never be stored. Never keeps or returns one.

/// Whether `text` contains twelve digits whose check digit is right: together, as 4-4-4 or 6-6, or
/// one by one.
///
/// Digits of every width and style that people type count, and so do those of kanji; what cannot be
/// seen between them does not part them. A longer run of digits is not a My Number. Other groups are
/// not joined: a list of measures would be one in eleven times.
pub fn contains_my_number(text: &str) -> bool {
    let groups = digit_groups(text);
    let whole = |size: usize| {
        groups.windows(DIGITS / size).any(|parts| {
            let joined = parts.iter().skip(1).all(|part| part.follows);
            let equal = parts.iter().all(|part| part.digits.len() == size);
            let digits = parts.iter().flat_map(|part| part.digits.iter().copied());
            joined && equal && is_my_number(&digits.collect::<Vec<_>>())
        })
    };
    [DIGITS, 6, 4, 1].into_iter().any(whole)
}

struct Group {
    digits: Vec<u32>,
    /// A few separators and nothing else stand between the previous group and this one.
    follows: bool,
}

fn digit_groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut between = FAR;
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        match digit(c) {
            Some(d) => {
                match groups.last_mut() {
                    Some(group) if between == 0 => group.digits.push(d),
                    _ => groups.push(Group {
                        digits: vec![d],
                        follows: between < FAR,
                    }),
                }
                between = 0;
            }
            None if is_separator(c) => between = (between + 1).min(FAR),
            None => between = FAR,
        }
    }
    groups
}

fn digit(c: char) -> Option<u32> {
    if let Some(d) = c.to_digit(10) {
        return Some(d);
    }
    if let Some(d) = KANJI.chars().position(|kanji| kanji == c) {
        return u32::try_from(d).ok();
    }
    let code = u32::from(c);
    let styles = |first: u32, count: u32| {
        (first..first + count)
            .contains(&code)
            .then(|| (code - first) % 10)
    };
    match c {
        '零' => Some(0),
        '¹' => Some(1),
        '²' => Some(2),
        '³' => Some(3),
        // Full width, superscript, subscript, mathematical.
        _ => styles(0xff10, 10)
            .or_else(|| styles(0x2070, 10))
            .or_else(|| styles(0x2080, 10))
            .or_else(|| styles(0x1_d7ce, 50)),
    }
}

/// What takes no room: joiners, marks of direction, soft hyphens.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}

fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '‐'
                | '‑'
                | '‒'
                | '–'
                | '—'
                | '―'
                | '−'
                | '－'
                | 'ー'
                | '.'
                | '・'
                | '_'
                | '/'
                | ','
                | '，'
                | ':'
                | '：'
        )
}

/// Ministerial Ordinance No. 85 of 2014 (総務省令), article 5: with Pn the nth digit from the right of
/// the first eleven and Qn = n + 1 (n ≤ 6) or n − 5, the check digit is 11 − (Σ Pn·Qn mod 11), or 0
/// where that remainder is 0 or 1.
fn is_my_number(digits: &[u32]) -> bool {
    let Some((check, first)) = digits.split_last() else {
        return false;
    };
    if first.len() + 1 != DIGITS {
        return false;
    }
    let weights = (2..=7).chain(2..=6);
    let sum: u32 = first.iter().rev().zip(weights).map(|(p, q)| p * q).sum();
    let expected = match sum % 11 {
        0 | 1 => 0,
        remainder => 11 - remainder,
    };
    *check == expected
}

const DIGITS: usize = 12;
const KANJI: &str = "〇一二三四五六七八九";
/// So many separators part two groups: `1234 - 5678` is still one number.
const FAR: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    /// 12345678901 → Σ Pn·Qn = 1·2+0·3+9·4+8·5+7·6+6·7+5·2+4·3+3·4+2·5+1·6 = 212; 212 mod 11 = 3; 8.
    #[test]
    fn a_number_with_a_right_check_digit_is_found_however_it_is_written() {
        for text in [
            "123456789018",
            "番号は123456789018です",
            "１２３４５６７８９０１８",
            "1234-5678-9018",
            "1234 5678 9018",
            "1234　5678　9018",
            "2026-04-03 1234 5678 9018",
            "1234 - 5678 - 9018",
            "123456-789018",
            "1 2 3 4 5 6 7 8 9 0 1 8",
            "1234\u{200b}5678\u{200b}9018",
            "12345\u{ad}6789018",
            "一二三四五六七八九〇一八",
            "１２３４−５６７８−９０１８",
            "𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗𝟎𝟏𝟖",
            "¹²³⁴⁵⁶⁷⁸⁹⁰¹⁸",
        ] {
            assert!(contains_my_number(text), "{text}");
        }
    }

    #[test]
    fn a_remainder_of_nought_or_one_gives_nought() {
        assert!(contains_my_number("000000000000"));
        // 00000000060: 6·3 = 18 → 7 → 4; 00000000040: 4·3 = 12 → 1 → 0.
        assert!(contains_my_number("000000000604"));
        assert!(contains_my_number("000000000400"));
        assert!(!contains_my_number("000000000401"));
    }

    #[test]
    fn every_wrong_check_digit_passes() {
        for digit in (0..=9).filter(|d| *d != 8) {
            assert!(!contains_my_number(&format!("12345678901{digit}")));
        }
    }

    #[test]
    fn other_numbers_pass() {
        for text in [
            "",
            "4912345678904",
            "1234567890180",
            "090-1234-5678",
            "2026-04-03",
            "12345678901",
            // Twelve digits of a list, a date and a number, three numbers in a row.
            "12 34 56 78 90 18",
            "123 456 789 018",
            "2026-04-03 0018",
            "1234 分 5678 回 9018",
            "1234    5678 9018",
        ] {
            assert!(!contains_my_number(text), "{text}");
        }
    }
}
