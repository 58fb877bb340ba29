//! The consent texts a resident is shown before signing; a text is never edited, only followed by another.

use crate::canonical::hash;

/// The purpose every statement of this version names.
pub const PURPOSE: &str = "health-records";

/// The Japanese text, version 1.
pub const JAPANESE: &str = "\
あなたのマイナンバーカードの署名用電子証明書で、この市区町村に本人確認を依頼します。
市区町村は証明書の氏名・生年月日・性別・住所を自らの住民の記録と照合し、確認の後に証明書を破棄します。
以後、市区町村はこの方の健診と予防接種の記録に署名し、暗号化してこの端末の受信箱へ届けます。
12桁のマイナンバーは使いません。いつでもやめることができます。届いた記録は手元に残ります。";

/// The English text, version 1.
pub const ENGLISH: &str = "\
With the signature certificate of your My Number Card you ask this city to confirm who you are.
The city compares the name, birth date, gender and address in it with its own register, and then discards it.
From then on the city signs this person's checkup and vaccination records and sends them, encrypted, to this device's inbox.
The 12-digit My Number is not used. You can stop at any time; records already received stay with you.";

/// Returns the hash by which a statement names the text that was shown.
pub fn consent_hash(text: &str) -> [u8; 32] {
    hash("techo/consent/v1", &[text.as_bytes()])
}

/// Returns the hashes of all texts that a city accepts today.
pub fn accepted() -> Vec<[u8; 32]> {
    vec![consent_hash(JAPANESE), consent_hash(ENGLISH)]
}
