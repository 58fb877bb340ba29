//! Lengths that tell little: Padmé (Nikitin et al., PETS 2019) with a floor.

/// The floor of an envelope.
pub const ENVELOPE_FLOOR: usize = 640;
/// The floor of an inbox item.
pub const ITEM_FLOOR: usize = 2_048;

/// Returns the length to which `length` is padded: at least `floor`, then as Padmé says.
///
/// Padding a padded length changes nothing. `None` if the result does not fit a `usize`.
pub fn padded_length(length: usize, floor: usize) -> Option<usize> {
    let length = length.max(floor);
    if length < 2 {
        return Some(length);
    }
    let exponent = length.ilog2();
    let kept = exponent
        .checked_ilog2()
        .map_or(1, |log| log.saturating_add(1));
    length.checked_next_multiple_of(1 << exponent.saturating_sub(kept))
}

/// Whether `length` is one that padding with this floor yields.
pub fn is_padded(length: usize, floor: usize) -> bool {
    length >= floor && padded_length(length, floor) == Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_lengths() {
        for (plain, padded) in [
            (1, 640),
            (640, 640),
            (641, 672),
            (1_025, 1_088),
            (9_001, 9_216),
        ] {
            assert_eq!(
                padded_length(plain, ENVELOPE_FLOOR),
                Some(padded),
                "{plain}"
            );
        }
        assert_eq!(padded_length(9, 0), Some(10));
        assert!(is_padded(crate::MAX_ENVELOPE, ENVELOPE_FLOOR));
        assert!(is_padded(crate::MAX_ITEM, ITEM_FLOOR));
        assert!(!is_padded(512, ENVELOPE_FLOOR));
        assert_eq!(padded_length(usize::MAX, 0), None);
    }

    proptest! {
        #[test]
        fn padding_is_idempotent_monotone_and_at_most_an_eighth(length in 0usize..100_000) {
            let padded = padded_length(length, 640).unwrap();
            prop_assert!(padded >= length);
            prop_assert!(padded <= (length + length / 8 + 1).max(640));
            prop_assert_eq!(padded_length(padded, 640), Some(padded));
            prop_assert!(padded_length(length + 1, 640).unwrap() >= padded);
        }
    }
}
