//! The papers of the story: fictitious residents, exports and passphrases, and what to type next.

use std::path::Path;

use crate::lang::{Lang, say};

pub(super) const REGISTER: &str = include_str!("../../city/examples/register.csv");
pub(super) const EXPORT: &str = include_str!("../../city/examples/export.csv");
pub(super) const CORRECTION: &str = include_str!("../../city/examples/correction.csv");

pub(super) const CHILD: &str = "見本　さくら";
pub(super) const CHILD_BORN: &str = "令和6年5月6日";
pub(super) const MOTHER: &str = "見本　はな子";
pub(super) const MOTHER_BORN: &str = "平成2年4月12日";
pub(super) const ADDRESS: &str = "見本県見本市架空町１丁目２番３号";
pub(super) const CITY: &str = "見本市";
pub(super) const CODE: &str = "999993";
pub(super) const PLACE: &str = "見本こどもクリニック";
pub(super) const MOTHERS_PHONE: &str = "母のスマートフォン";
pub(super) const FATHERS_TABLET: &str = "父のタブレット";

/// The day on which the family looks ahead.
pub(super) const DAY_AHEAD: &str = "2025-12-26";
pub(super) const NOTE: &str = "桜の木の下ではじめて三歩あるいた";
pub(super) const MOTHERS_WORDS: &str = "桜の木の下ではじめて五歩あるいた";
pub(super) const FATHERS_WORDS: &str = "公園の砂場ではじめて三歩あるいた";
pub(super) const FATHERS_NOTE: &str = "夜中に鼻血、十分で止まった";

/// The lot that the city wrote wrongly, and the right one.
pub(super) const WRONG_LOT: &str = "MH5A-2417";
pub(super) const RIGHT_LOT: &str = "MH5A-2471";

/// Every paper, by its place in the folder. The export comes from an old system: in `Shift_JIS`.
pub(super) fn all() -> Vec<(&'static str, Vec<u8>)> {
    let old = |text: &str| encoding_rs::SHIFT_JIS.encode(text).0.into_owned();
    vec![
        (
            "secrets/family",
            "青い傘 と 三毛猫 の 手帳\n".as_bytes().to_vec(),
        ),
        (
            "secrets/city",
            "市役所 の 長い 合言葉\n".as_bytes().to_vec(),
        ),
        (
            "secrets/city-root",
            "金庫 の 中 の 別の 合言葉\n".as_bytes().to_vec(),
        ),
        (
            "secrets/card",
            format!("{}\n", techo_jpki::simulated::PASSWORD).into_bytes(),
        ),
        ("secrets/card-wrong", b"WRONG123\n".to_vec()),
        ("papers/register.csv", REGISTER.as_bytes().to_vec()),
        ("papers/export.csv", old(EXPORT)),
        ("papers/correction.csv", old(CORRECTION)),
        ("papers/README", b"Everybody here is fictitious.\n".to_vec()),
    ]
}

/// Every lot number in the city's files about the child.
pub(super) fn lots() -> Vec<String> {
    let words = [EXPORT, CORRECTION].concat();
    let mut lots: Vec<String> = words
        .lines()
        .filter(|line| line.starts_with("1000003"))
        .filter_map(|line| line.split(',').find(|cell| is_lot(cell)))
        .map(str::to_owned)
        .collect();
    lots.sort();
    lots.dedup();
    lots
}

fn is_lot(cell: &str) -> bool {
    cell.split_once('-').is_some_and(|(maker, number)| {
        number.len() == 4
            && number.bytes().all(|b| b.is_ascii_digit())
            && maker.len() >= 2
            && maker.starts_with(['M', 'R'])
    })
}

/// What to try by hand.
pub(super) fn next_steps(lang: Lang, folder: &Path, port: Option<u16>) -> String {
    let folder = folder.display();
    let port = port.map_or_else(|| "4433".to_owned(), |port| port.to_string());
    say!(
        lang,
        "
すべて {folder} に残しました。次に試すこと:

  cd {folder}
  export TECHO_STATE=$PWD/state TECHO_PASSPHRASE_FILE=$PWD/secrets/family
  techo relay run --dir relay --listen 127.0.0.1:{port} &
  techo --vault mother timeline
  techo --vault mother add measurement 体重 11.2 kg --member さくら
  techo --vault mother sync && techo --vault tablet sync
  techo --vault tablet record show {right}の出ている記録の番号
  techo check clinic/mr.techo-proof --issuer clinic/issuer.techo-issuer",
        "
Everything is left in {folder}. Next, try:

  cd {folder}
  export TECHO_STATE=$PWD/state TECHO_PASSPHRASE_FILE=$PWD/secrets/family
  techo relay run --dir relay --listen 127.0.0.1:{port} &
  techo --vault mother timeline
  techo --vault mother add measurement weight 11.2 kg --member さくら
  techo --vault mother sync && techo --vault tablet sync
  techo --vault tablet record show NUMBER-OF-THE-RECORD-WITH-{right}
  techo check clinic/mr.techo-proof --issuer clinic/issuer.techo-issuer",
        folder = folder,
        port = port,
        right = RIGHT_LOT,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lots_of_the_story_are_found_in_its_papers() {
        let lots = lots();
        assert!(lots.len() >= 7, "{lots:?}");
        for lot in [WRONG_LOT, RIGHT_LOT] {
            assert!(lots.iter().any(|known| known == lot), "{lots:?}");
        }
    }

    #[test]
    fn the_papers_name_the_people_of_the_story() {
        for word in [CHILD, CHILD_BORN, MOTHER, MOTHER_BORN, ADDRESS] {
            assert!(REGISTER.contains(word), "{word}");
        }
        assert!(
            EXPORT.contains(PLACE) && EXPORT.contains(WRONG_LOT) && CORRECTION.contains(RIGHT_LOT)
        );
    }
}
