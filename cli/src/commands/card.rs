//! `techo card`: what a card says without a password, and what its certificate will say to a city.

use serde::Serialize;
use techo_jpki::{
    CardError, Environment, JpkiCard, Preview, Secret, SignatureCard as _, SimulatedPki,
};

use crate::args::{CardCommand, SlotArgs, UnlockArgs};
use crate::clock;
use crate::desk::Desk;
use crate::error::Failure;
use crate::lang::{Lang, dates, say};
use crate::output::Page;
use crate::slot::{self, Slot};

pub(super) fn run(desk: &Desk, command: &CardCommand) -> Result<(), Failure> {
    match command {
        CardCommand::Status(slot) => status(desk, slot),
        CardCommand::Certificate { slot, unlock } => certificate(desk, slot, unlock),
    }
}

#[derive(Serialize)]
struct Status {
    readers: Vec<Reader>,
}

#[derive(Serialize)]
struct Reader {
    name: String,
    card: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Found>,
}

/// What a card tells everybody.
#[derive(Serialize)]
struct Found {
    signature: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication: Option<Validity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_tries: Option<u8>,
    pin_tries: u8,
    simulated: bool,
}

#[derive(Serialize)]
struct Validity {
    not_before: u64,
    not_after: u64,
    valid: bool,
}

fn status(desk: &Desk, args: &SlotArgs) -> Result<(), Failure> {
    let lang = desk.lang();
    let mut told = Vec::new();
    let mut readers = Vec::new();
    for place in slot::places(args)? {
        let seen = place.slot.map(|slot| slot.and_then(look));
        let card = seen.is_some();
        let (error, found) = match seen {
            None => (None, None),
            Some(Ok(found)) => (None, Some(found)),
            Some(Err(error)) => (Some(Failure::from(error).told(lang)), None),
        };
        readers.push(Reader {
            name: place.name,
            card,
            error: error.as_ref().map(|told| told.code),
            found,
        });
        told.push(error);
    }
    let status = Status { readers };
    desk.out.show("card-status/1", &status, |page| {
        for (reader, told) in status.readers.iter().zip(&told) {
            page.line(&reader.name);
            match (&reader.found, told) {
                (Some(found), _) => found.write(lang, page),
                (None, Some(told)) => {
                    page.line(format!("  {}", told.message));
                    if let Some(hint) = &told.hint {
                        page.line(format!("  → {hint}"));
                    }
                }
                (None, None) => page.line(lang.of("  カードがありません。", "  No card.")),
            }
        }
    })?;
    Ok(())
}

/// Asks the card everything that it tells without a password.
fn look(slot: Slot) -> Result<Found, CardError> {
    let card = JpkiCard::select(slot)?;
    let signature = card.can_sign()?;
    let preview = match card.authentication_certificate() {
        Ok(der) => Some(Preview::of_authentication(&der).map_err(|_| CardError::Answer)?),
        Err(CardError::NoAuthCert) => None,
        Err(error) => return Err(error),
    };
    let password_tries = if signature {
        Some(card.tries(Secret::SignaturePassword)?)
    } else {
        None
    };
    let now = clock::now().millis();
    Ok(Found {
        signature,
        password_tries,
        pin_tries: card.tries(Secret::AuthenticationPin)?,
        simulated: preview.as_ref().is_some_and(is_simulated),
        authentication: preview.map(|preview| Validity {
            not_before: preview.not_before(),
            not_after: preview.not_after(),
            valid: (preview.not_before()..=preview.not_after()).contains(&now),
        }),
    })
}

impl Found {
    fn write(&self, lang: Lang, page: &mut Page) {
        page.line(if self.signature {
            lang.of("  署名用電子証明書: あり", "  Signature certificate: present")
        } else {
            lang.of(
                "  署名用電子証明書: なし(15歳未満の方のカードなど。保護者のカードで申し込みます)",
                "  Signature certificate: none, as on the cards of children under 15; a guardian enrols with their own",
            )
        });
        if let Some(left) = self.password_tries {
            page.line(say!(
                lang,
                "  署名用パスワード: 残り{n}回",
                "  Signature password: {n} tries left",
                n = left
            ));
        }
        match &self.authentication {
            Some(validity) => page.line(say!(
                lang,
                "  利用者証明用電子証明書: {u} まで{v}",
                "  Authentication certificate: until {u}{v}",
                u = dates::instant(validity.not_after),
                v = if validity.valid {
                    ""
                } else {
                    lang.of("(今は有効期間の外です)", " (not valid today)")
                }
            )),
            None => page.line(lang.of(
                "  利用者証明用電子証明書: なし",
                "  Authentication certificate: none",
            )),
        }
        page.line(say!(
            lang,
            "  利用者証明用の暗証番号(4桁): 残り{n}回",
            "  Authentication PIN (four digits): {n} tries left",
            n = self.pin_tries
        ));
        if self.simulated {
            page.line(format!("  {}", SimulatedPki::BANNER));
        }
    }
}

#[derive(Serialize)]
struct Certificate<'a> {
    name: &'a str,
    birth_date: &'a str,
    gender: u8,
    address: &'a str,
    substituted: bool,
    serial: String,
    not_before: u64,
    not_after: u64,
    issued_by: Option<String>,
    simulated: bool,
}

fn certificate(desk: &Desk, slot: &SlotArgs, unlock: &UnlockArgs) -> Result<(), Failure> {
    let card = slot::unlock(desk, slot, unlock)?;
    let preview = Preview::of_signature(card.certificate())?;
    drop(card);
    let attributes = preview.attributes().ok_or(CardError::Answer)?;
    let shown = Certificate {
        name: &attributes.name,
        birth_date: &attributes.birth_date,
        gender: attributes.gender,
        address: &attributes.address,
        substituted: preview.is_substituted(),
        serial: hexadecimal(preview.serial()),
        not_before: preview.not_before(),
        not_after: preview.not_after(),
        issued_by: preview.claims().map(|environment| environment.to_string()),
        simulated: is_simulated(&preview),
    };
    desk.out.show("card-certificate/1", &shown, |page| {
        shown.write(desk.lang(), page);
    })?;
    Ok(())
}

impl Certificate<'_> {
    fn write(&self, lang: Lang, page: &mut Page) {
        page.line(lang.of(
            "申し込むと市区町村に渡る証明書の内容です(今はどこにも送っていません):",
            "An enrolment hands this certificate to the city (nothing was sent anywhere now):",
        ));
        let gender = match self.gender {
            1 => lang.of("男", "male"),
            2 => lang.of("女", "female"),
            _ => lang.of("不明", "not known"),
        };
        let issuer = self.issued_by.as_deref();
        let issuer = issuer.unwrap_or_else(|| lang.of("知らない発行元", "not known"));
        for (label, text) in [
            (lang.of("氏名", "Name"), self.name.to_owned()),
            (
                lang.of("生年月日", "Born"),
                dates::date_text(lang, self.birth_date),
            ),
            (lang.of("性別", "Gender"), gender.to_owned()),
            (lang.of("住所", "Address"), self.address.to_owned()),
            (lang.of("発行番号", "Serial number"), self.serial.clone()),
            (
                lang.of("有効期間の始まり", "Valid from"),
                dates::instant(self.not_before),
            ),
            (
                lang.of("有効期間の終わり", "Valid until"),
                dates::instant(self.not_after),
            ),
            (
                lang.of("発行元の名乗り", "Issuer by its own word"),
                issuer.to_owned(),
            ),
        ] {
            page.line(format!("  {label}: {text}"));
        }
        if self.substituted {
            page.line(lang.of(
                "氏名か住所の一部が代わりの文字です。市区町村では担当者が確かめます。",
                "Some characters of name or address stand for others; at the city a person will look.",
            ));
        }
        page.line(lang.of(
            "検証はしていません。失効していないかを確かめられるのは市区町村だけです。",
            "None of it was verified. Only the city can ask whether the certificate was revoked.",
        ));
        if self.simulated {
            page.line(SimulatedPki::BANNER);
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('?');
    let two = |byte: &u8| [digit(byte >> 4), digit(byte & 0x0f)];
    bytes.iter().flat_map(two).collect()
}

/// Whether the certificate says itself that it identifies nobody.
pub(super) fn is_simulated(preview: &Preview) -> bool {
    matches!(
        preview.claims(),
        Some(Environment::Simulated | Environment::JpkiTest)
    )
}
