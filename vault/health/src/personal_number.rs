//! Recognises the 12-digit My Number (個人番号), which must never be stored. Never keeps or returns one.

/// Whether `text` contains twelve digits, together or as 4-4-4, whose check digit is right.
///
/// Full-width digits count. A longer run of digits is not a My Number.
pub fn contains_my_number(text: &str) -> bool {
    let groups = digit_groups(text);
    groups.iter().any(|g| is_my_number(&g.digits))
        || groups.windows(3).any(|three| {
            let joined = three.iter().skip(1).all(|g| g.follows_separator);
            let fours = three.iter().all(|g| g.digits.len() == 4);
            let digits: Vec<u32> = three
                .iter()
                .flat_map(|g| g.digits.iter().copied())
                .collect();
            joined && fours && is_my_number(&digits)
        })
}

struct Group {
    digits: Vec<u32>,
    /// Exactly one separator stands between the previous group and this one.
    follows_separator: bool,
}

fn digit_groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut between = 2;
    for c in text.chars() {
        match digit(c) {
            Some(d) => {
                match groups.last_mut() {
                    Some(group) if between == 0 => group.digits.push(d),
                    _ => groups.push(Group {
                        digits: vec![d],
                        follows_separator: between == 1,
                    }),
                }
                between = 0;
            }
            None if is_separator(c) => between = (between + 1).min(2),
            None => between = 2,
        }
    }
    groups
}

fn digit(c: char) -> Option<u32> {
    let ascii = match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0'))?,
        _ => c,
    };
    ascii.to_digit(10)
}

fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '‐' | '‑' | '–' | '—' | '－' | 'ー' | '.' | '・' | '_' | '/'
        )
}

/// Ministerial Ordinance No. 85 of 2014 (総務省令), article 5: with Pn the nth digit from the right of
/// the first eleven and Qn = n + 1 (n ≤ 6) or n − 5, the check digit is 11 − (Σ Pn·Qn mod 11), or 0
/// where that remainder is 0 or 1.
fn is_my_number(digits: &[u32]) -> bool {
    let Some((check, first)) = digits.split_last() else {
        return false;
    };
    if first.len() != 11 {
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
        ] {
            assert!(!contains_my_number(text), "{text}");
        }
    }
}
