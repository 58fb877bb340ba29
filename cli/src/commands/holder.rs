//! Whether a card is the member's own: one person's card never enrols for another's handbook. The
//! city cannot know, because an enrolment names no handbook.

use techo_jpki::Attributes;
use techo_vault::vault::MemberView;

use crate::error::Failure;

/// Refuses a card whose holder is not the member.
pub(super) fn check(member: &MemberView, holder: &Attributes) -> Result<(), Failure> {
    if is_same(member.name(), member.text("birth_date"), holder) {
        Ok(())
    } else {
        Err(Failure::OtherHolder)
    }
}

/// The birth date must be the same where it is known; the name may be the given name alone.
fn is_same(name: &str, birth_date: Option<&str>, holder: &Attributes) -> bool {
    let plain = |text: &str| {
        text.chars()
            .filter(|c| !c.is_whitespace())
            .collect::<String>()
    };
    let (ours, theirs) = (plain(name), plain(&holder.name));
    let named = !ours.is_empty() && (theirs.contains(&ours) || ours.contains(&theirs));
    named && birth_date.is_none_or(|date| date == holder.birth_date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_serves_its_holder_alone() {
        let holder = Attributes {
            name: "見本　はな子".into(),
            birth_date: "1990-04-12".into(),
            gender: 2,
            address: "見本市".into(),
        };
        for (name, birth_date, same) in [
            ("見本 はな子", Some("1990-04-12"), true),
            ("はな子", Some("1990-04-12"), true),
            ("見本はな子", None, true),
            ("見本 たろう", Some("1990-04-12"), false),
            ("見本 はな子", Some("1990-04-13"), false),
            ("さくら", None, false),
            ("", Some("1990-04-12"), false),
        ] {
            assert_eq!(is_same(name, birth_date, &holder), same, "{name}");
        }
    }
}
