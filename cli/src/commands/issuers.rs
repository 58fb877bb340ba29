//! `techo issuers`: whose records the family accepts, and for whom each city gave its word, and when.
//! It never says that this word still holds.

use serde::Serialize;
use techo_vault::book::MemberId;
use techo_vault::vault::{IssuerView, MemberView, Verified};

use super::member::verification;
use crate::desk::Desk;
use crate::error::Failure;
use crate::lang::{Lang, say};
use crate::output::Page;

#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    issuer: &'a IssuerView,
    verified: Vec<Word<'a>>,
}

/// A city's word about one member.
#[derive(Serialize)]
struct Word<'a> {
    member: MemberId,
    #[serde(flatten)]
    verified: &'a Verified,
    #[serde(skip)]
    name: &'a str,
}

pub(super) fn run(desk: &Desk) -> Result<(), Failure> {
    let vault = desk.open()?;
    let (issuers, members) = (vault.issuers(), vault.members());
    let rows = rows(&issuers, &members);
    let lang = desk.lang();
    desk.out.show("issuers/1", &rows, |page| {
        for row in &rows {
            show(lang, page, row);
        }
        if rows.is_empty() {
            page.line(lang.of(
                "まだありません。techo enrol で申し込みます。",
                "None yet. techo enrol asks a city for records.",
            ));
        }
    })?;
    Ok(())
}

fn rows<'a>(issuers: &'a [IssuerView], members: &'a [MemberView]) -> Vec<Row<'a>> {
    let of = |issuer: &'a IssuerView| {
        let words = members.iter().flat_map(move |member| {
            let given = member.verified.iter();
            let given = given.filter(move |verified| verified.issuer == issuer.issuer);
            given.map(move |verified| Word {
                member: member.id,
                verified,
                name: member.name(),
            })
        });
        Row {
            issuer,
            verified: words.collect(),
        }
    };
    issuers.iter().map(of).collect()
}

fn show(lang: Lang, page: &mut Page, row: &Row<'_>) {
    page.line(format!("{}  {}", row.issuer.name, row.issuer.code));
    page.line(say!(
        lang,
        "  公式記録 {n}",
        "  official entries {n}",
        n = row.issuer.entries
    ));
    for word in &row.verified {
        verification(lang, page, Some(word.name), word.verified);
    }
    page.line(format!("  {}", row.issuer.issuer));
}

#[cfg(test)]
mod tests {
    use techo_vault::book::BookId;

    use super::*;

    fn verified(issuer: &str, at: u64) -> Verified {
        Verified {
            issuer_name: format!("{issuer}市"),
            issuer: issuer.into(),
            at,
            simulated: true,
            revocation_checked: false,
            until: at + 1,
            ended: false,
        }
    }

    fn issuer(id: &str) -> IssuerView {
        IssuerView {
            issuer: id.into(),
            code: "999999".into(),
            name: format!("{id}市"),
            members: Vec::new(),
            entries: 7,
            documents: Vec::new(),
        }
    }

    fn member(id: u8, name: &str, verified: Vec<Verified>) -> MemberView {
        let name = vec![techo_health::Value::Text(name.into())];
        MemberView {
            id: MemberId::from_bytes([id; 16]),
            book: BookId::from_bytes([id; 32]),
            profile: [("name".to_owned(), name)].into(),
            verified,
            loading: false,
        }
    }

    #[test]
    fn each_city_is_shown_with_its_own_words_and_their_day() {
        let issuers = [issuer("a"), issuer("b"), issuer("c")];
        let members = [
            member(1, "花", vec![verified("a", 1_790_000_000_000)]),
            member(2, "空", vec![verified("a", 1), verified("b", 2)]),
        ];
        let rows = rows(&issuers, &members);
        let data = serde_json::to_value(&rows).unwrap();
        assert_eq!(data[0]["verified"].as_array().unwrap().len(), 2);
        assert_eq!(data[0]["verified"][0]["at"], 1_790_000_000_000_u64);
        assert_eq!(data[1]["verified"][0]["at"], 2);
        assert_eq!(data[2]["verified"], serde_json::json!([]));
        for (lang, said) in [
            (Lang::Ja, "  ✓ 花: a市 が 2026-09-21 23:13 に本人確認\n"),
            (Lang::En, "  ✓ 花: verified by a市 on 2026-09-21 23:13\n"),
        ] {
            let mut page = Page::default();
            show(lang, &mut page, &rows[0]);
            assert!(page.text().contains(said), "{}", page.text());
        }
    }
}
