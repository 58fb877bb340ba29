//! HKDF and HMAC over SHA-256, as docs/format.md §1 writes them.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use techo_wire::Label;
use zeroize::Zeroizing;

/// `derive(key, label, context, N)` of docs/format.md §1; the context may come in pieces.
pub(in crate::crypto) fn derive<const N: usize>(
    key: &[u8; 32],
    label: Label,
    context: &[&[u8]],
) -> Zeroizing<[u8; N]> {
    const { assert!(N <= 255 * 32, "HKDF-SHA256 yields at most 255 blocks") };
    let mut info: Vec<&[u8]> = Vec::with_capacity(context.len() + 2);
    info.push(label.bytes());
    info.push(&[0]);
    info.extend_from_slice(context);
    let mut output = Zeroizing::new([0; N]);
    #[expect(clippy::expect_used, reason = "the length is checked when compiling")]
    Hkdf::<Sha256>::new(None, key)
        .expand_multi_info(&info, output.as_mut_slice())
        .expect("length within HKDF's bound");
    output
}

/// HMAC-SHA256 over `parts`, one after the other.
pub(in crate::crypto) fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes this key");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The first `N` bytes of `mac`.
pub(in crate::crypto) fn short_mac<const N: usize>(key: &[u8; 32], parts: &[&[u8]]) -> [u8; N] {
    const { assert!(N <= 32, "HMAC-SHA256 has 32 bytes") };
    let full = mac(key, parts);
    let mut short = [0; N];
    for (to, from) in short.iter_mut().zip(full) {
        *to = from;
    }
    short
}

/// Splits 64 derived bytes into a key and what commits to it.
pub(in crate::crypto) fn split(both: &[u8; 64]) -> (Zeroizing<[u8; 32]>, [u8; 32]) {
    let mut key = Zeroizing::new([0; 32]);
    let mut commitment = [0; 32];
    for (to, from) in key.iter_mut().chain(&mut commitment).zip(both) {
        *to = *from;
    }
    (key, commitment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
    }

    #[test]
    fn hkdf_agrees_with_rfc_5869_case_three() {
        let mut output = [0; 42];
        Hkdf::<Sha256>::new(None, &[0x0b; 22])
            .expand(&[], &mut output)
            .unwrap();
        let expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d\
                        9d201395faa4b61a96c8";
        assert_eq!(output.to_vec(), hex(expected));
    }

    #[test]
    fn derive_is_hkdf_with_label_zero_context() {
        let mut expected = [0; 48];
        Hkdf::<Sha256>::new(Some(&[]), &[7; 32])
            .expand(b"techo/mailbox/v1\0context", &mut expected)
            .unwrap();
        assert_eq!(
            *derive::<48>(&[7; 32], Label::Mailbox, &[b"con", b"text"]),
            expected
        );
    }

    #[test]
    fn hmac_agrees_with_its_definition() {
        // RFC 2104 written out: the key is shorter than a block.
        use sha2::Digest as _;
        let key = [0x0b; 32];
        let mut pads = ([0x36_u8; 64], [0x5c_u8; 64]);
        for (at, byte) in key.iter().enumerate() {
            pads.0[at] ^= byte;
            pads.1[at] ^= byte;
        }
        let inner = Sha256::new()
            .chain_update(pads.0)
            .chain_update(b"Hi There")
            .finalize();
        let outer = Sha256::new()
            .chain_update(pads.1)
            .chain_update(inner)
            .finalize();
        assert_eq!(mac(&key, &[b"Hi ", b"There"]), *outer);
        assert_eq!(short_mac::<16>(&key, &[b"Hi There"]), outer[..16]);
    }
}
