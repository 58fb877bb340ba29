//! Signs one message with Techo's reader and with the crate `myna-card`, and compares certificates,
//! counters and signatures. `--hold READER` waits for a line with the card in hand and then asks it once more.

use std::error::Error;
use std::io::Write as _;

use myna_card::ap::jpki::{JpkiAp, SignatureScheme};
use myna_card::transport::pcsc::{Sharing, connect};
use myna_card::{Pin, Retries};
use sha2::{Digest as _, Sha256};
use techo_jpki::reader::Readers;
use techo_jpki::{JpkiCard, LastTry, Password, Secret, SignatureCard as _};

type Done<T> = Result<T, Box<dyn Error>>;

fn main() -> Done<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--hold", reader] => hold(&named(reader)?),
        [reader, password, message, out] => {
            let reader = named(reader)?;
            let message = std::fs::read(message)?;
            let ours = techo(&reader, password, &message)?;
            let theirs = myna(&reader, password, &message)?;
            if ours != theirs {
                return Err("the two programs do not agree".into());
            }
            std::fs::write(format!("{out}.der"), &ours.certificate)?;
            std::fs::write(format!("{out}.signature"), &ours.signature)?;
            println!("{} and {} tries", ours.password_tries, ours.pin_tries);
            Ok(())
        }
        _ => Err("usage: techo-card-oracle READER PASSWORD MESSAGE OUT | --hold READER".into()),
    }
}

#[derive(PartialEq)]
struct Seen {
    password_tries: u8,
    pin_tries: u8,
    authentication: Vec<u8>,
    certificate: Vec<u8>,
    signature: Vec<u8>,
}

fn named(part: &str) -> Done<String> {
    let all = Readers::open()?.all()?;
    let found = all
        .into_iter()
        .find(|(name, there)| *there && name.contains(part));
    Ok(found.ok_or("no such reader with a card")?.0)
}

fn techo(reader: &str, password: &str, message: &[u8]) -> Done<Seen> {
    let card = JpkiCard::select(Readers::open()?.connect(reader)?)?;
    let pin_tries = card.tries(Secret::AuthenticationPin)?;
    let authentication = card.authentication_certificate()?;
    let counted = card.count_tries()?;
    let password_tries = counted.left();
    let unlocked = counted.unlock(&Password::new(password)?, LastTry::Keep)?;
    Ok(Seen {
        password_tries,
        pin_tries,
        authentication,
        certificate: unlocked.certificate().to_vec(),
        signature: unlocked.sign(message)?,
    })
}

fn myna(reader: &str, password: &str, message: &[u8]) -> Done<Seen> {
    let mut card = connect(reader, Sharing::Exclusive)?;
    let mut jpki = JpkiAp::select(&mut card)?;
    let count = |tries: Retries| tries.count().ok_or("no count");
    let password_tries = count(jpki.sign_pin_retries()?)?;
    let pin_tries = count(jpki.auth_pin_retries()?)?;
    let authentication = jpki.read_auth_certificate_der()?;
    jpki.verify_sign_pin(&Pin::new(password)?)?;
    // DER of a `DigestInfo` for SHA-256 (RFC 8017 §9.2), written anew here.
    let mut info = vec![
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00, 0x04, 0x20,
    ];
    info.extend_from_slice(&Sha256::digest(message));
    Ok(Seen {
        password_tries,
        pin_tries,
        authentication,
        certificate: jpki.read_sign_certificate_der()?,
        signature: jpki.sign_with_sign_key(SignatureScheme::Verbatim, &info)?,
    })
}

/// Holds the card until a line comes, then asks it once more.
fn hold(reader: &str) -> Done<()> {
    let card = JpkiCard::select(Readers::open()?.connect(reader)?)?;
    println!("held");
    std::io::stdout().flush()?;
    std::io::stdin().read_line(&mut String::new())?;
    match card.tries(Secret::SignaturePassword) {
        Ok(left) => println!("{left} tries left"),
        Err(error) => println!("{error}"),
    }
    Ok(())
}
