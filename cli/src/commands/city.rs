//! `techo city`.

use std::path::Path;

use serde::Serialize;
use techo_city::{City, CityError, CityPlan, IssuerPki, PublishReport, Register};
use techo_health::When;
use techo_jpki::SimulatedPki;
use techo_jpki::simulated::{Holder, LeafProfile, PASSWORD, SimulatedAuthority, Validity};
use techo_vault::crypto::Cost;

use super::city_bindings as bindings;
use super::city_counter::{answer, open, read_bytes, send};
use super::city_pages as pages;
use super::city_review as review;
use crate::args::CityCommand;
use crate::clock;
use crate::desk::{Desk, read_text, write_text};
use crate::error::Failure;
use crate::lang::{Lang, say};
use crate::output::Page;
use crate::passphrase::Source;

/// Beside the city's own files: the authority that makes simulated cards.
const AUTHORITY: &str = "simulated.authority";
/// The public file that residents pin.
const ISSUER: &str = "issuer.techo-issuer";

pub(super) fn run(desk: &Desk, dir: &Path, command: CityCommand) -> Result<(), Failure> {
    match command {
        CityCommand::Init {
            name,
            code,
            simulated_pki,
            root_passphrase_file,
        } => {
            let root = Source::new(root_passphrase_file, desk.out);
            init(desk, dir, (&name, &code), simulated_pki, &root)
        }
        CityCommand::Card {
            name,
            born,
            gender,
            address,
            out,
        } => card(
            desk,
            dir,
            &Person {
                name,
                born,
                gender,
                address,
            },
            &out,
        ),
        CityCommand::Nonce { out } => nonce(desk, dir, &out),
        CityCommand::Enrol {
            file,
            register,
            revocation_lists,
            no_deliver,
        } => {
            let lists = revocation_lists.as_deref();
            enrol(desk, dir, &file, (&register, lists), !no_deliver)
        }
        CityCommand::Publish { file, no_deliver } => {
            issue(desk, dir, &file, !no_deliver, City::publish)
        }
        CityCommand::Correct { file, no_deliver } => {
            issue(desk, dir, &file, !no_deliver, City::correct)
        }
        CityCommand::Withdraw { file, no_deliver } => {
            issue(desk, dir, &file, !no_deliver, City::withdraw)
        }
        CityCommand::PublishMessages {
            file,
            withdraw,
            no_deliver,
        } => messages(desk, dir, file.as_deref(), withdraw.as_deref(), !no_deliver),
        CityCommand::Lists { folder } => bindings::lists(desk, dir, &folder),
        CityCommand::Recheck {
            register,
            revocation_lists,
            no_deliver,
        } => {
            let lists = revocation_lists.as_deref();
            bindings::recheck(desk, dir, &register, lists, !no_deliver)
        }
        CityCommand::End {
            binding,
            no_deliver,
            ..
        } => bindings::end(desk, dir, binding.as_deref(), !no_deliver),
        CityCommand::Review {
            case,
            register,
            bind,
            guardian,
            dismiss,
            no_deliver,
        } => {
            let clerk = review::Clerk {
                case: case.as_deref(),
                register: register.as_deref(),
                bind: bind.as_deref(),
                guardian: guardian.as_deref(),
                dismiss,
                go: !no_deliver,
            };
            review::review(desk, dir, &clerk)
        }
        CityCommand::Deliver => deliver(desk, dir),
        CityCommand::Status => status(desk, dir),
    }
}

#[derive(Serialize)]
struct Founded {
    issuer: String,
    issuer_file: String,
    simulated: bool,
}

fn init(
    desk: &Desk,
    dir: &Path,
    (name, code): (&str, &str),
    simulated: bool,
    root: &Source,
) -> Result<(), Failure> {
    let now = clock::now().millis();
    let (pki, authority) = if simulated {
        let acknowledged = SimulatedPki::acknowledge();
        let authority = SimulatedAuthority::generate(&acknowledged, now)?;
        let roots = vec![authority.root()?];
        (
            IssuerPki::Simulated {
                acknowledged,
                roots,
            },
            Some(authority),
        )
    } else {
        (IssuerPki::Production, None)
    };
    let lang = desk.lang();
    let passphrase = desk.passphrase().fresh()?;
    desk.out.aside(lang.of(
        "ルート鍵の合言葉(別のものに):",
        "The root key's passphrase (another one):",
    ));
    let root_passphrase = root.fresh()?;
    let plan = CityPlan {
        name,
        code,
        passphrase: &passphrase,
        root_passphrase: &root_passphrase,
        cost: Cost::FLOOR,
        pki,
    };
    let city = City::init(dir, &plan, now)?;
    if let Some(authority) = authority {
        write_text(&dir.join(AUTHORITY), &authority.to_text()?)?;
    }
    let founded = Founded {
        issuer: city.issuer_file().id().to_string(),
        issuer_file: dir.join(ISSUER).display().to_string(),
        simulated,
    };
    desk.out.show("city-init/1", &founded, |page| {
        show_founded(lang, page, name, &founded);
    })?;
    Ok(())
}

fn show_founded(lang: Lang, page: &mut Page, name: &str, founded: &Founded) {
    page.line(say!(
        lang,
        "{n}の鍵を作りました。",
        "Made the keys of {n}.",
        n = name
    ));
    page.line(say!(
        lang,
        "住民に配る発行者ファイル: {f}",
        "The issuer file to give to residents: {f}",
        f = founded.issuer_file
    ));
    page.line(lang.of(
        "ルート鍵のファイルは、このフォルダーから離れた安全な所へ移してください。",
        "Move the root key's file out of this folder to a safe place.",
    ));
    if founded.simulated {
        page.line(SimulatedPki::BANNER);
    }
}

#[derive(Debug)]
struct Person {
    name: String,
    born: String,
    gender: u8,
    address: String,
}

fn card(desk: &Desk, dir: &Path, person: &Person, out: &Path) -> Result<(), Failure> {
    let born: When = person.born.parse()?;
    let day = born
        .day()
        .ok_or(Failure::NotUnderstood { what: "--born" })?;
    if !(1..=3).contains(&person.gender) {
        return Err(Failure::NotUnderstood { what: "--gender" });
    }
    let authority = SimulatedAuthority::from_text(&read_text(&dir.join(AUTHORITY))?)?;
    let born = When::from(day).to_string();
    let holder = Holder::new(&person.name, &born, person.gender, &person.address);
    let validity = Validity::five_years(clock::now().millis());
    let card = authority.issue_complete(&LeafProfile::genuine(holder, validity))?;
    write_text(out, &card.to_text()?)?;
    file_written(desk, "city-card/1", out)?;
    desk.out.aside(&say!(
        desk.lang(),
        "署名用パスワードは {p} です(模擬カードはすべて同じです)。",
        "Its signature password is {p}, as on every simulated card.",
        p = PASSWORD
    ));
    Ok(())
}

#[derive(Serialize)]
struct Written {
    file: String,
}

fn file_written(desk: &Desk, schema: &str, out: &Path) -> Result<(), Failure> {
    let written = Written {
        file: out.display().to_string(),
    };
    desk.out.show(schema, &written, |page| {
        page.line(say!(
            desk.lang(),
            "{f} を書きました。",
            "Wrote {f}.",
            f = written.file
        ));
    })?;
    Ok(())
}

fn nonce(desk: &Desk, dir: &Path, out: &Path) -> Result<(), Failure> {
    let nonce = open(desk, dir)?.nonce(clock::now().millis())?;
    write_text(out, &nonce.to_text())?;
    file_written(desk, "city-nonce/1", out)
}

fn enrol(
    desk: &Desk,
    dir: &Path,
    file: &Path,
    (register, lists): (&Path, Option<&Path>),
    go: bool,
) -> Result<(), Failure> {
    let text = read_text(file)?;
    let register = Register::from_csv(&read_bytes(register)?)?;
    let mut city = open(desk, dir)?;
    if let Some(folder) = lists {
        bindings::take_lists(desk, &mut city, folder)?;
    }
    let now = clock::now().millis();
    let told = if techo_vault::issued::is_rebind(&text) {
        city.rebind(now, &text, &register)?
    } else {
        city.enrol(now, &text, &register)?
    };
    answer(desk, city, &told, go)
}

type Issue = fn(&mut City, u64, &[u8], &str) -> Result<PublishReport, CityError>;

fn issue(desk: &Desk, dir: &Path, file: &Path, go: bool, how: Issue) -> Result<(), Failure> {
    let csv = read_bytes(file)?;
    let name = file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let mut city = open(desk, dir)?;
    let lang = desk.lang();
    let working = desk.progress(lang.of("署名しています", "Signing"));
    let report = how(&mut city, clock::now().millis(), &csv, &name)?;
    drop(working);
    let delivery = send(city, go)?;
    desk.out.show(
        "city-publish/1",
        &pages::Published::new(&report, &delivery),
        |page| {
            pages::published(lang, page, &report, &delivery);
        },
    )?;
    if let Some(failure) = delivery.failure {
        return Err(failure);
    }
    match pages::faults(&report).count() {
        0 => Ok(()),
        count => Err(Failure::LinesRejected { count }),
    }
}

fn messages(
    desk: &Desk,
    dir: &Path,
    file: Option<&Path>,
    withdrawn: Option<&str>,
    go: bool,
) -> Result<(), Failure> {
    let text = file.map(read_text).transpose()?;
    let mut city = open(desk, dir)?;
    let now = clock::now().millis();
    let report = match (&text, withdrawn) {
        (Some(text), _) => city.publish_messages(now, text)?,
        (None, pack) => city.withdraw_messages(now, pack.unwrap_or_default())?,
    };
    let delivery = send(city, go)?;
    let told = pages::Published::new(&report, &delivery);
    desk.out.show("city-publish-messages/1", &told, |page| {
        pages::published(desk.lang(), page, &report, &delivery);
    })?;
    delivery.failure.map_or(Ok(()), Err)
}

fn deliver(desk: &Desk, dir: &Path) -> Result<(), Failure> {
    let delivery = send(open(desk, dir)?, true)?;
    desk.out.show("city-deliver/1", &delivery, |page| {
        pages::delivered(desk.lang(), page, &delivery);
    })?;
    delivery.failure.map_or(Ok(()), Err)
}

fn status(desk: &Desk, dir: &Path) -> Result<(), Failure> {
    let status = open(desk, dir)?.status(clock::now().millis());
    desk.out
        .show("city-status/1", &pages::CityPage::new(&status), |page| {
            pages::standing(desk.lang(), page, &status);
        })?;
    Ok(())
}
