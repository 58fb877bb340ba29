//! What others see: a clinic that checks a proof, and somebody who searches every byte.

use crate::demo::papers::{
    ADDRESS, CHILD, FATHERS_NOTE, FATHERS_TABLET, FATHERS_WORDS, MOTHER, MOTHERS_PHONE,
    MOTHERS_WORDS, NOTE, PLACE,
};
use crate::demo::search::{Needle, Search};
use crate::demo::stage::Stage;
use crate::demo::story::{Done, plain_export, record_with};
use crate::lang::say;

pub(super) fn clinic(stage: &mut Stage<'_>) -> Done {
    let lang = stage.lang();
    stage.scene(lang.of(
        "母が麻しん風しんの接種を証明に書き出します(場所は隠して)。診療所はオフラインで、市の発行者ファイルだけで確かめます。",
        "The mother exports one vaccination as a proof, the place hidden. A clinic checks it offline, with the issuer file alone.",
    ))?;
    stage.stop_relay();
    std::fs::create_dir_all(stage.path("clinic"))?;
    stage.write(
        "clinic/issuer.techo-issuer",
        &stage.read("city/issuer.techo-issuer")?,
    )?;
    let id = record_with(stage, "mother", "MHMR-5560")
        .or_else(|_| record_with(stage, "mother", "\"MR\""))?;
    stage.types(
        "mother",
        &[
            "prove",
            &id,
            "--show",
            "who,what",
            "--out",
            "clinic/mr.techo-proof",
        ],
    )?;
    let check = [
        "check",
        "clinic/mr.techo-proof",
        "--issuer",
        "clinic/issuer.techo-issuer",
    ];
    let seen = stage.types("clinic", &check)?;
    let hidden = !seen.contains(PLACE) && !seen.contains("MHMR-5560");
    Stage::must(
        seen.contains(CHILD) && hidden,
        "the proof shows who and what, not where",
        &seen,
    )?;
    stage.note(&seen)?;

    let mut altered = stage.read("clinic/mr.techo-proof")?;
    let middle = altered.len() / 2;
    if let Some(byte) = altered.get_mut(middle) {
        *byte = if *byte == b'A' { b'B' } else { b'A' };
    }
    stage.write("clinic/altered.techo-proof", &altered)?;
    let check = [
        "check",
        "clinic/altered.techo-proof",
        "--issuer",
        "clinic/issuer.techo-issuer",
    ];
    let told = stage.fails("clinic", &check, 3)?;
    stage.note(&say!(
        lang,
        "1文字でも変えると: {t}",
        "With one character changed: {t}",
        t = told.trim()
    ))
}

pub(super) fn secrecy(stage: &mut Stage<'_>) -> Done {
    let lang = stage.lang();
    stage.scene(lang.of(
        "最後に、名前・メモ・ロット番号を、すべてのファイルのすべてのバイトから探します(UTF-8、UTF-16、Shift_JIS)。",
        "Last, every byte of every file is searched for the names, notes and lot numbers (UTF-8, UTF-16, Shift_JIS).",
    ))?;
    let mut words = vec![
        CHILD,
        NOTE,
        MOTHERS_WORDS,
        FATHERS_WORDS,
        FATHERS_NOTE,
        PLACE,
        MOTHER,
        ADDRESS,
        MOTHERS_PHONE,
        FATHERS_TABLET,
    ];
    let lots = crate::demo::papers::lots();
    words.extend(lots.iter().map(String::as_str));
    let needles: Vec<Needle> = words.iter().map(|word| Needle::new(word)).collect();

    plain_export(stage, "papers/plain-export-after.json")?;
    let mut open = Search::default();
    open.run(&stage.path("papers"), &needles)?;
    let missed: Vec<&str> = words
        .iter()
        .copied()
        .filter(|word| !open.words().contains(word))
        .collect();
    Stage::must(
        missed.is_empty(),
        "the search finds every word in the plain files",
        &missed.join(" "),
    )?;
    stage.note(&say!(
        lang,
        "市のCSVと平文の書き出し: {n}語のすべてを発見",
        "The city's CSV and a plain export: all {n} words found",
        n = words.len()
    ))?;

    for folder in ["relay", "mother", "tablet"] {
        let mut sealed = Search::default();
        sealed.run(&stage.path(folder), &needles)?;
        let seen = format!("{:?}", sealed.hits);
        Stage::must(sealed.hits.is_empty() && sealed.bytes > 0, folder, &seen)?;
        stage.note(&say!(
            lang,
            "{f}: {n}ファイル、{b}バイトに、ひとつもなし",
            "{f}: none in {n} files, {b} bytes",
            f = folder,
            n = sealed.files,
            b = sealed.bytes
        ))?;
    }
    Ok(())
}
