//! Padding inside what is sealed: length ‖ content ‖ zeros (docs/format.md §2).

use techo_wire::padme::padded_length;
use zeroize::Zeroizing;

use crate::crypto::{OpenError, SealError};

/// Bytes of the length in front of the content.
const LENGTH: usize = 4;

/// Where padded content goes: how much surrounds it, and between which sizes the whole lies.
#[derive(Clone, Copy)]
pub(in crate::crypto) struct Frame {
    /// Bytes of the whole that are not the plaintext.
    pub(in crate::crypto) around: usize,
    /// The least size of the whole.
    pub(in crate::crypto) floor: usize,
    /// The greatest size of the whole; a size that padding yields.
    pub(in crate::crypto) limit: usize,
}

impl Frame {
    /// The longest content that fits.
    pub(in crate::crypto) const fn capacity(self) -> usize {
        self.limit - self.around - LENGTH
    }

    /// Puts the length before and zeros behind `content`.
    pub(in crate::crypto) fn pad(self, content: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let too_large = SealError::TooLarge {
            size: content.len(),
            limit: self.capacity(),
        };
        let whole = self.whole(content.len()).ok_or(too_large)?;
        let length = u32::try_from(content.len()).map_err(|_| too_large)?;
        let mut plain = Zeroizing::new(Vec::with_capacity(whole - self.around));
        plain.extend_from_slice(&length.to_be_bytes());
        plain.extend_from_slice(content);
        plain.resize(whole - self.around, 0);
        Ok(plain)
    }

    /// Returns the content, if the padding is exactly what `pad` makes.
    pub(in crate::crypto) fn unpad(self, plain: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (length, rest) = plain.split_first_chunk::<LENGTH>().ok_or(OpenError)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| OpenError)?;
        let (content, zeros) = rest.split_at_checked(length).ok_or(OpenError)?;
        let exact = self.whole(length) == Some(plain.len() + self.around);
        if !exact || zeros.iter().any(|zero| *zero != 0) {
            return Err(OpenError);
        }
        Ok(Zeroizing::new(content.to_vec()))
    }

    /// The padded size of the whole for content of this length.
    fn whole(self, content: usize) -> Option<usize> {
        if content > self.capacity() {
            return None;
        }
        padded_length(self.around + LENGTH + content, self.floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FRAME: Frame = Frame {
        around: 221,
        floor: 640,
        limit: 61_440,
    };

    #[test]
    fn the_longest_content_fills_the_limit_and_one_more_byte_is_refused() {
        let most = FRAME.capacity();
        assert_eq!(
            FRAME.pad(&vec![1; most]).unwrap().len() + FRAME.around,
            FRAME.limit
        );
        assert_eq!(
            FRAME.pad(&vec![1; most + 1]).unwrap_err(),
            SealError::TooLarge {
                size: most + 1,
                limit: most
            }
        );
    }

    #[test]
    fn wrong_zeros_lengths_and_sizes_are_refused() {
        let plain = FRAME.pad(b"content").unwrap();
        assert_eq!(*FRAME.unpad(&plain).unwrap(), b"content");
        let mut spoiled = plain.to_vec();
        *spoiled.last_mut().unwrap() = 1;
        assert!(FRAME.unpad(&spoiled).is_err());
        assert!(FRAME.unpad(&plain[..plain.len() - 1]).is_err());
        let longer = [plain.as_slice(), &[0; 32]].concat();
        assert!(FRAME.unpad(&longer).is_err());
        let mut false_length = plain.to_vec();
        false_length[..4].copy_from_slice(&u32::MAX.to_be_bytes());
        assert!(FRAME.unpad(&false_length).is_err());
        assert!(FRAME.unpad(&[]).is_err());
    }

    proptest! {
        #[test]
        fn padding_comes_off_again(content in proptest::collection::vec(any::<u8>(), 0..3_000)) {
            let plain = FRAME.pad(&content).unwrap();
            prop_assert_eq!(&*FRAME.unpad(&plain).unwrap(), &content);
        }
    }
}
