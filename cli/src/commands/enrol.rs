//! `techo enrol`: brings together the vault's fresh keys, the card and the consent text. The card
//! signs here; the vault never sees a certificate.

use serde::Serialize;
use techo_health::Value;
use techo_jpki::{
    Attributes, Bundle, Child, EnrolmentStatement, NonceFile, Preview, SignatureCard as _,
    StatementPlan, consent,
};
use techo_vault::issued::{IssuedError, IssuerFile, seal_enrolment};
use techo_vault::vault::{MemberView, Vault};

use crate::args::EnrolArgs;
use crate::clock;
use crate::desk::{Desk, read_text, write_text};
use crate::error::Failure;
use crate::lang::say;
use crate::output::Output;
use crate::slot;

#[derive(Serialize)]
struct Enrolled<'a> {
    member: String,
    city: &'a str,
    file: String,
    simulated: bool,
}

pub(super) fn run(desk: &Desk, args: &EnrolArgs) -> Result<(), Failure> {
    let issuer = IssuerFile::from_text(&read_text(&args.issuer)?)?;
    let nonce = NonceFile::from_text(&read_text(&args.nonce)?)?;
    if *nonce.issuer() != issuer.id().to_bytes() {
        return Err(Failure::OtherCity);
    }
    let mut vault = desk.open()?;
    let member = Desk::member(&vault, args.member.as_deref())?;
    let child = args
        .child
        .then(|| child(&member, args.address.as_deref()))
        .transpose()?;
    let consent = agreed(desk, args, &issuer)?;
    let card = slot::unlock(desk, &args.slot, &args.unlock)?;
    let preview = Preview::of_signature(card.certificate())?;
    if let (None, Some(holder)) = (&child, preview.attributes()) {
        super::holder::check(&member, holder)?;
    }
    let simulated = super::card::is_simulated(&preview);

    let now = clock::now();
    let request = vault.begin_enrolment(&member.id, &issuer, now)?;
    let statement = EnrolmentStatement::new(&StatementPlan {
        city_code: issuer.code(),
        issuer: issuer.id().to_bytes(),
        handle: request.handle,
        issuer_only_key: request.issuer_only_key,
        feed_key: &request.feed_key,
        inbox_descriptor: &request.inbox_descriptor,
        child: child.as_ref(),
        nonce: *nonce.nonce(),
        consent,
        now: now.millis(),
    })
    .following(request.follows);
    let proof = vault.sign_enrolment(&request.handle, &statement.proof_bytes())?;
    let (feed, inbox) = (&request.feed_key, &request.inbox_descriptor);
    let bundle = Bundle::sign(&statement, &card, |_| proof, feed, inbox, child.as_ref())?;
    drop(card);
    let keys = issuer.latest().ok_or(IssuedError::Key)?;
    let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
    write_text(
        &args.out,
        &seal_enrolment(&mut rng, keys, &bundle.to_bytes())?,
    )?;
    told(desk, args, &member, &issuer, simulated)?;
    open_inbox(desk, vault)
}

/// The relay has to know the new inbox before the city can put anything into it.
pub(super) fn open_inbox(desk: &Desk, vault: Vault) -> Result<(), Failure> {
    let working = desk.progress(desk.lang().of("受信箱を開いています", "Opening the inbox"));
    let report = Desk::drive(vault, async |driver, _| Ok(driver.sync(&|_| ()).await?))?;
    drop(working);
    super::sync::failures(report)
}

/// What the guardian states about the child; the city checks it against its register.
fn child(member: &MemberView, address: Option<&str>) -> Result<Child, Failure> {
    let missing = |field| Failure::ProfileIncomplete { field };
    let only = |field: &'static str| match member.profile.get(field).map(Vec::as_slice) {
        Some([Value::Text(text)]) => Ok(text.clone()),
        _ => Err(missing(field)),
    };
    let mut salt = [0; 32];
    getrandom::fill(&mut salt).map_err(std::io::Error::other)?;
    Ok(Child {
        salt,
        attributes: Attributes {
            name: only("name")?,
            birth_date: only("birth_date")?,
            gender: match member.text("sex") {
                Some("male") => 1,
                Some("female") => 2,
                _ => 3,
            },
            address: address
                .ok_or(Failure::NotUnderstood { what: "--address" })?
                .to_owned(),
        },
    })
}

/// Shows the consent text and returns it once somebody agreed.
fn agreed(desk: &Desk, args: &EnrolArgs, issuer: &IssuerFile) -> Result<&'static str, Failure> {
    let lang = desk.lang();
    let text = lang.of(consent::JAPANESE, consent::ENGLISH);
    desk.out.aside(&format!(
        "{} ({})\n\n{text}\n",
        issuer.name(),
        issuer.code()
    ));
    if args.agree || (desk.out.can_ask() && Output::ask(lang.of("同意しますか?", "Do you agree?"))?)
    {
        Ok(text)
    } else {
        Err(Failure::Declined)
    }
}

fn told(
    desk: &Desk,
    args: &EnrolArgs,
    member: &MemberView,
    issuer: &IssuerFile,
    simulated: bool,
) -> Result<(), Failure> {
    let lang = desk.lang();
    let enrolled = Enrolled {
        member: member.id.to_string(),
        city: issuer.name(),
        file: args.out.display().to_string(),
        simulated,
    };
    desk.out.show("enrol/1", &enrolled, |page| {
        page.line(say!(
            lang,
            "{f} を10分以内に{c}に渡してください。",
            "Hand {f} to {c} within ten minutes.",
            f = enrolled.file,
            c = enrolled.city
        ));
        page.line(lang.of(
            "その後 techo sync で、公式記録が届きはじめます。",
            "After that, official records arrive with techo sync.",
        ));
        if simulated {
            page.line(lang.of(
                "注意: 模擬のカードで署名しました。本物の本人確認ではありません。",
                "Note: this was signed with a simulated card and identifies nobody.",
            ));
        }
    })?;
    Ok(())
}
