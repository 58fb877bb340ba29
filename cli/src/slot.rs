//! Where cards are: readers of the operating system, or a file that simulates one. Asks for the
//! signature password and hands it to the card alone.

use techo_jpki::simulated::{PASSWORD, SimulatedCard};
use techo_jpki::{CountedCard, JpkiCard, LastTry, Password, Transport, UnlockedCard};

use crate::args::{SlotArgs, UnlockArgs};
use crate::desk::{Desk, read_text};
use crate::error::Failure;
use crate::lang::say;
use crate::output::Output;
use crate::passphrase;

/// The way to some card.
pub(crate) type Slot = Box<dyn Transport>;

/// A reader, and the way to the card on it.
pub(crate) struct Place {
    pub(crate) name: String,
    /// `None` if no card is there.
    pub(crate) slot: Option<Result<Slot, techo_jpki::CardError>>,
}

/// The readers that were asked about, or the one simulated card.
pub(crate) fn places(args: &SlotArgs) -> Result<Vec<Place>, Failure> {
    match &args.simulated_card {
        Some(_) => Ok(vec![Place {
            name: "SIMULATED".to_owned(),
            slot: Some(Ok(simulated(args)?)),
        }]),
        None => readers::places(args.reader.as_deref()),
    }
}

/// Takes the password and unlocks the card; what cannot succeed is said before anybody types.
pub(crate) fn unlock(
    desk: &Desk,
    slot: &SlotArgs,
    args: &UnlockArgs,
) -> Result<UnlockedCard<Slot>, Failure> {
    let place = match &slot.simulated_card {
        Some(_) => simulated(slot)?,
        None => readers::one(slot.reader.as_deref())?,
    };
    let counted = JpkiCard::select(place)?.count_tries()?;
    let last = last_try(desk, args, &counted)?;
    counted.check(last)?;
    let password = password(desk, slot, args, counted.left())?;
    let working = desk.progress(desk.lang().of(
        "カードと通信しています。動かさないでください",
        "Speaking to the card; do not move it",
    ));
    let unlocked = counted.unlock(&password, last)?;
    drop(working);
    Ok(unlocked)
}

fn simulated(args: &SlotArgs) -> Result<Slot, Failure> {
    let path = args.simulated_card.as_deref().unwrap_or("".as_ref());
    Ok(Box::new(
        SimulatedCard::from_text(&read_text(path)?)?.insert(),
    ))
}

fn last_try(
    desk: &Desk,
    args: &UnlockArgs,
    counted: &CountedCard<Slot>,
) -> Result<LastTry, Failure> {
    if counted.left() != 1 {
        return Ok(LastTry::Keep);
    }
    let question = desk.lang().of(
        "残りはあと1回です。間違えると使えなくなり、市区町村の窓口で初期化が必要です。続けますか?",
        "One try is left. A mistake blocks the card until a city office resets it. Go on?",
    );
    if args.last_try || (desk.out.can_ask() && Output::ask(question)?) {
        Ok(LastTry::Spend)
    } else {
        Ok(LastTry::Keep)
    }
}

fn password(
    desk: &Desk,
    slot: &SlotArgs,
    args: &UnlockArgs,
    left: u8,
) -> Result<Password, Failure> {
    let lang = desk.lang();
    if let Some(file) = &args.card_password_file {
        return Ok(Password::new(&passphrase::first_line(file)?)?);
    }
    if slot.simulated_card.is_some() {
        // Every simulated card has it; it protects nothing.
        return Ok(Password::new(PASSWORD)?);
    }
    let words = say!(
        lang,
        "署名用パスワード(英数字6〜16文字。4桁の暗証番号ではありません。残り{n}回): ",
        "Signature password (6 to 16 letters and digits, not the four-digit PIN; {n} tries left): ",
        n = left
    );
    Ok(Password::new(&passphrase::unseen(desk.out, &words)?)?)
}

#[cfg(feature = "card")]
mod readers {
    use techo_jpki::CardError;
    use techo_jpki::reader::Readers;

    use super::{Place, Slot};
    use crate::error::Failure;

    /// The readers with that name, or all.
    pub(super) fn places(name: Option<&str>) -> Result<Vec<Place>, Failure> {
        let readers = Readers::open()?;
        let found = named(readers.all()?, name);
        if found.is_empty() {
            return Err(CardError::NoReader.into());
        }
        let place = |(name, present): (String, bool)| {
            let connect = || Ok(Box::new(readers.connect(&name)?) as Slot);
            let slot = present.then(connect);
            Place { name, slot }
        };
        Ok(found.into_iter().map(place).collect())
    }

    /// The one card that can be meant.
    pub(super) fn one(name: Option<&str>) -> Result<Slot, Failure> {
        let readers = Readers::open()?;
        let found = named(readers.all()?, name);
        if found.is_empty() {
            return Err(CardError::NoReader.into());
        }
        let full: Vec<String> = found
            .into_iter()
            .filter_map(|(name, present)| present.then_some(name))
            .collect();
        match full.as_slice() {
            [] => Err(CardError::NoCard.into()),
            [name] => Ok(Box::new(readers.connect(name)?)),
            _ => Err(Failure::WhichReader { names: full }),
        }
    }

    /// Those whose name is this, or else contains it.
    fn named(all: Vec<(String, bool)>, name: Option<&str>) -> Vec<(String, bool)> {
        let Some(name) = name else { return all };
        if let Some(exact) = all.iter().find(|(reader, _)| reader == name) {
            return vec![exact.clone()];
        }
        let part = name.to_lowercase();
        all.into_iter()
            .filter(|(reader, _)| reader.to_lowercase().contains(&part))
            .collect()
    }

    #[cfg(test)]
    mod tests {
        use super::named;

        #[test]
        fn a_reader_is_found_by_its_name_or_a_part_of_it() {
            let all = || {
                vec![
                    ("Sony RC-S380 0".to_owned(), true),
                    ("Sony RC-S380 01".to_owned(), false),
                ]
            };
            assert_eq!(named(all(), None).len(), 2);
            assert_eq!(named(all(), Some("sony")).len(), 2);
            assert_eq!(named(all(), Some("Sony RC-S380 0")), all()[..1]);
            assert!(named(all(), Some("ACS")).is_empty());
        }
    }
}

#[cfg(not(feature = "card"))]
mod readers {
    use super::{Place, Slot};
    use crate::error::Failure;

    pub(super) fn places(_: Option<&str>) -> Result<Vec<Place>, Failure> {
        Err(Failure::NoCardSupport)
    }

    pub(super) fn one(_: Option<&str>) -> Result<Slot, Failure> {
        Err(Failure::NoCardSupport)
    }
}
