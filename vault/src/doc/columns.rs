//! Reads the columns of a change chunk, row by row and within bounds. It decides nothing: what it
//! reads is encoded again and compared.

/// Reads bytes from the front.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self, count: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(count).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn take_array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take_array::<1>().map(|[byte]| byte)
    }

    /// Unsigned LEB128.
    pub(crate) fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// Signed LEB128.
    pub(crate) fn signed(&mut self) -> Option<i64> {
        let mut value = 0_i64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= i64::from(byte & 0x7f).wrapping_shl(shift);
            if byte & 0x80 == 0 {
                let used = shift + 7;
                let negative = byte & 0x40 != 0 && used < 64;
                return Some(if negative {
                    value | (-1_i64).wrapping_shl(used)
                } else {
                    value
                });
            }
        }
        None
    }

    /// Text with its length before it.
    pub(crate) fn text(&mut self, limit: u64) -> Option<&'a str> {
        let length = self.unsigned().filter(|length| *length <= limit)?;
        std::str::from_utf8(self.take(length)?).ok()
    }
}

/// Reads a run-length encoded column of exactly `rows` rows; an empty one is all null.
pub(crate) fn run_lengths<'a, T: Clone>(
    bytes: &'a [u8],
    rows: usize,
    read: impl Fn(&mut Cursor<'a>) -> Option<T>,
) -> Option<Vec<Option<T>>> {
    if bytes.is_empty() {
        return Some(vec![None; rows]);
    }
    let column = runs(bytes, rows, read)?;
    (column.len() == rows).then_some(column)
}

/// Reads a run-length encoded column of at most `limit` rows.
pub(crate) fn runs<'a, T: Clone>(
    bytes: &'a [u8],
    limit: usize,
    read: impl Fn(&mut Cursor<'a>) -> Option<T>,
) -> Option<Vec<Option<T>>> {
    let mut cursor = Cursor::new(bytes);
    let mut column = Vec::new();
    while !cursor.is_empty() {
        let header = cursor.signed()?;
        let count = match header {
            0 => cursor.unsigned()?,
            _ => header.unsigned_abs(),
        };
        let count = usize::try_from(count).ok()?;
        if count == 0 || count > limit.checked_sub(column.len())? {
            return None;
        }
        match header {
            0 => column.resize(column.len() + count, None),
            1.. => {
                let value = read(&mut cursor)?;
                column.resize(column.len() + count, Some(value));
            }
            ..0 => {
                for _ in 0..count {
                    column.push(Some(read(&mut cursor)?));
                }
            }
        }
    }
    Some(column)
}

/// Reads a run-length encoded column of differences.
pub(crate) fn deltas(bytes: &[u8], rows: usize) -> Option<Vec<Option<i64>>> {
    let mut value = 0_i64;
    let mut column = Vec::with_capacity(rows);
    for step in run_lengths(bytes, rows, Cursor::signed)? {
        column.push(match step {
            Some(step) => {
                value = value.checked_add(step)?;
                Some(value)
            }
            None => None,
        });
    }
    Some(column)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_as_leb128() {
        let unsigned = |bytes: &[u8]| Cursor::new(bytes).unsigned();
        assert_eq!(unsigned(&[0xe5, 0x8e, 0x26]), Some(624_485));
        assert_eq!(unsigned(&[0xff; 9]), None);
        let max = [&[0xff; 9][..], &[1]].concat();
        assert_eq!(unsigned(&max), Some(u64::MAX));
        assert_eq!(unsigned(&[&[0xff; 9][..], &[2]].concat()), None);
        let signed = |bytes: &[u8]| Cursor::new(bytes).signed();
        assert_eq!(signed(&[0xc0, 0xbb, 0x78]), Some(-123_456));
        assert_eq!(signed(&[0x7f]), Some(-1));
        assert_eq!(signed(&[0x3f]), Some(63));
        let min = [&[0x80; 9][..], &[0x7f]].concat();
        assert_eq!(signed(&min), Some(i64::MIN));
    }

    #[test]
    fn a_run_that_claims_more_rows_than_allowed_is_refused_before_it_is_made() {
        let bomb = [&[0xff; 8][..], &[0x3f, 1]].concat();
        assert_eq!(runs(&bomb, 512, Cursor::unsigned), None);
        let nulls = [&[0][..], &[0xff; 8], &[0x3f]].concat();
        assert_eq!(runs(&nulls, 512, Cursor::unsigned), None);
        assert_eq!(
            run_lengths(&[2, 5, 0x7f, 6], 3, Cursor::unsigned)
                .unwrap()
                .len(),
            3
        );
        assert_eq!(run_lengths(&[2, 5], 3, Cursor::unsigned), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_within_bounds(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            for column in [runs(&bytes, 16, Cursor::unsigned), run_lengths(&bytes, 16, Cursor::unsigned)] {
                prop_assert!(column.is_none_or(|column| column.len() <= 16));
            }
            prop_assert!(deltas(&bytes, 16).is_none_or(|column| column.len() == 16));
        }
    }
}
