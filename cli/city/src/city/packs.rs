//! Packs of messages as a city publishes them and a family holds them.

use techo_health::message::{Pack, PackError};
use techo_vault::issued::IssuedError;

use super::tests::{EXPORT, NOW, enrol_child, family, held, office};
use crate::CityError;

fn pack(issuer: &str, text: &str) -> String {
    format!(
        "[pack]\nformat = 1\nid = \"babies\"\nissuer = \"{issuer}\"\ndata_version = \"1\"\nreview_by = \"2027-03-31\"\n\n\
         [[message]]\nid = \"a\"\nwhen = {{ age_days = [0, 15] }}\naudience = \"parents\"\ncategory = \"benefit\"\n\
         priority = \"high\"\nconfidence = \"low\"\nsource = \"none\"\nreplaces = \"M023\"\n\
         title = {{ ja = \"題\", en = \"Title\" }}\ntext = {{ ja = \"{text}\", en = \"Text\" }}\n"
    )
}

fn standing(book: &techo_vault::issued::IssuedBook) -> Vec<String> {
    let records = book.records();
    let current = records
        .iter()
        .filter_map(techo_vault::issued::OfficialRecord::current);
    let packs = current.filter_map(|entry| entry.groups().pack());
    packs.map(|(_, text)| text).collect()
}

#[test]
fn a_pack_reaches_everybody_bound_once_is_replaced_by_a_newer_one_and_can_be_taken_back() {
    let mut office = office();
    let family = family();
    let binding = enrol_child(&mut office, &family);
    office.city.publish(NOW, EXPORT, "export.csv").unwrap();
    let issuer = office.city.issuer_file().id().to_string();
    let (first, second) = (pack(&issuer, "3階へ"), pack(&issuer, "4階へ"));
    let mut say = |text: &str| {
        let report = office.city.publish_messages(NOW, text).unwrap();
        (
            (report.issued, report.already),
            standing(&held(&office, &family, binding)),
        )
    };
    assert_eq!(say(&first), ((1, 0), vec![first.clone()]));
    assert_eq!(say(&first), ((0, 1), vec![first.clone()]));
    assert_eq!(say(&second), ((1, 0), vec![second.clone()]));
    let taken = office.city.withdraw_messages(NOW, "babies").unwrap();
    assert_eq!(taken.issued, 1);
    assert_eq!(
        standing(&held(&office, &family, binding)),
        Vec::<String>::new()
    );
    assert_eq!(
        office.city.withdraw_messages(NOW, "babies").unwrap().issued,
        0
    );
    // It may be said again; records go on beside it.
    assert_eq!(office.city.publish_messages(NOW, &first).unwrap().issued, 1);
    assert_eq!(standing(&held(&office, &family, binding)), [first]);
    let again = office.city.publish(NOW, EXPORT, "export.csv").unwrap();
    assert_eq!(again.issued, 0);
}

#[test]
fn a_pack_of_another_city_or_one_that_cannot_be_read_is_not_published() {
    let mut office = office();
    enrol_child(&mut office, &family());
    let issuer = office.city.issuer_file().id().to_string();
    let mut refused = |text: &str| office.city.publish_messages(NOW, text).unwrap_err();
    assert!(matches!(
        refused(&pack("techo", "x")),
        CityError::PackOfAnother
    ));
    let marked = refused(&pack(&issuer, "<b>x</b>"));
    assert!(
        matches!(marked, CityError::Pack(PackError::NotPlain { line: 8, .. })),
        "{marked:?}"
    );
    let long = format!("{}# {}", pack(&issuer, "x"), "x".repeat(12_000));
    assert!(Pack::parse(&long).is_ok());
    assert!(matches!(refused(&long), CityError::PackTooLong));
    assert_eq!(office.city.status(NOW).issued, 0);
}

#[test]
fn a_pack_that_another_issuer_signed_is_refused_by_the_device() {
    let (mut ours, mut theirs) = (office(), office());
    let (family, other) = (family(), family());
    let binding = enrol_child(&mut ours, &family);
    let foreign = enrol_child(&mut theirs, &other);
    let text = pack(&theirs.city.issuer_file().id().to_string(), "x");
    theirs.city.publish_messages(NOW, &text).unwrap();
    let mut book = held(&ours, &family, binding);
    for entry in theirs.city.state.bindings[&foreign].pending.values() {
        let refused = book.accept(&ours.city.file, entry).unwrap_err();
        assert!(matches!(refused, IssuedError::Key), "{refused:?}");
        let refused = book.accept(&theirs.city.file, entry).unwrap_err();
        assert!(matches!(refused, IssuedError::Binding), "{refused:?}");
    }
    assert_eq!(standing(&book), Vec::<String>::new());
}
