//! Reads DER one element at a time without copying; it never accepts a longer length than needed.

/// The bytes are not DER of the expected shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotDer;

/// One element: its tag, its contents, and both with the length between them.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) value: &'a [u8],
    pub(crate) whole: &'a [u8],
}

/// What is left of some contents.
pub(crate) struct Walk<'a> {
    rest: &'a [u8],
}

impl<'a> Walk<'a> {
    pub(crate) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// Opens `bytes`, which must be one element with `tag` and nothing behind it.
    pub(crate) fn only(bytes: &'a [u8], tag: u8) -> Result<Self, NotDer> {
        let mut walk = Self::new(bytes);
        let inner = walk.expect(tag)?;
        walk.end()?;
        Ok(Self::new(inner.value))
    }

    /// Takes the next element, whatever it is.
    pub(crate) fn next(&mut self) -> Result<Element<'a>, NotDer> {
        let (&tag, rest) = self.rest.split_first().ok_or(NotDer)?;
        if tag & 0x1f == 0x1f {
            return Err(NotDer);
        }
        let (length, rest) = length(rest)?;
        let (value, after) = rest.split_at_checked(length).ok_or(NotDer)?;
        let size = self.rest.len().checked_sub(after.len()).ok_or(NotDer)?;
        let whole = self.rest.get(..size).ok_or(NotDer)?;
        self.rest = after;
        Ok(Element { tag, value, whole })
    }

    /// Takes the next element, which must have `tag`.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<Element<'a>, NotDer> {
        self.optional(tag)?.ok_or(NotDer)
    }

    /// Takes the next element if it has `tag`.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, NotDer> {
        if self.rest.first() == Some(&tag) {
            self.next().map(Some)
        } else {
            Ok(None)
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Refuses anything left.
    pub(crate) fn end(&self) -> Result<(), NotDer> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(NotDer)
        }
    }
}

fn length(bytes: &[u8]) -> Result<(usize, &[u8]), NotDer> {
    let (&first, rest) = bytes.split_first().ok_or(NotDer)?;
    if first < 0x80 {
        return Ok((usize::from(first), rest));
    }
    let count = usize::from(first & 0x7f);
    if !(1..=4).contains(&count) {
        return Err(NotDer);
    }
    let (digits, rest) = rest.split_at_checked(count).ok_or(NotDer)?;
    let length = digits
        .iter()
        .fold(0_usize, |sum, digit| (sum << 8) | usize::from(*digit));
    let shortest = digits.first() != Some(&0) && length >= 0x80;
    if shortest {
        Ok((length, rest))
    } else {
        Err(NotDer)
    }
}

/// Returns the contents of an INTEGER that is not negative and has no digit too many.
pub(crate) fn natural<'a>(element: &Element<'a>) -> Result<&'a [u8], NotDer> {
    match (element.tag, element.value) {
        (INTEGER, [0, next, ..]) if *next < 0x80 => Err(NotDer),
        (INTEGER, [first, ..]) if *first < 0x80 => Ok(element.value),
        _ => Err(NotDer),
    }
}

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
/// `[n]`, explicit or constructed.
pub(crate) const CONTEXT: [u8; 3] = [0xa0, 0xa1, 0xa2];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_shortest_length_is_read() {
        for bad in [
            &[0x30][..],
            &[0x30, 1],
            &[0x30, 0x81, 1, 0],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x85, 0, 0, 0, 0, 1, 0],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0],
            &[0x3f, 0x81, 1, 0],
            &[0x30, 0, 0],
        ] {
            assert!(Walk::only(bad, SEQUENCE).is_err(), "{bad:?}");
        }
        let mut long = vec![0x30, 0x81, 0x80];
        long.extend([0; 0x80]);
        assert!(Walk::only(&long, SEQUENCE).is_ok());
    }

    #[test]
    fn a_natural_number_has_one_spelling() {
        let read = |bytes| {
            Walk::new(bytes)
                .next()
                .and_then(|e| natural(&e).map(<[u8]>::to_vec))
        };
        assert_eq!(read(&[2, 1, 0]), Ok(vec![0]));
        assert_eq!(read(&[2, 2, 0, 0x80]), Ok(vec![0, 0x80]));
        for bad in [&[2, 0][..], &[2, 1, 0x80], &[2, 2, 0, 0x7f], &[4, 1, 1]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
