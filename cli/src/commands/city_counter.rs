//! What every counter of a city works with: its folder, the files handed over, the relays.

use std::path::{Path, PathBuf};

use techo_city::{City, EnrolAnswer};
use techo_client::Client;
use techo_vault::net::NetError;

use super::city_pages::{self as pages, Delivered};
use crate::clock;
use crate::desk::{Desk, network};
use crate::error::{Failure, NotBound};

/// Unlocks the city's folder.
pub(super) fn open(desk: &Desk, dir: &Path) -> Result<City, Failure> {
    Ok(City::open(dir, &desk.passphrase().existing()?)?)
}

/// Shows what became of an enrolment, and delivers the answer.
pub(super) fn answer(
    desk: &Desk,
    city: City,
    answer: &EnrolAnswer,
    go: bool,
) -> Result<(), Failure> {
    match answer {
        EnrolAnswer::Bound { .. } => {}
        EnrolAnswer::Pending(gap) => {
            let refusal = techo_jpki::Refusal::RevocationUnavailable(*gap);
            let why = techo_city::EnrolRefusal::Evidence(refusal);
            return Err(Failure::NotBound(NotBound::Refused(why)));
        }
        EnrolAnswer::Review(reason) => return Err(Failure::NotBound(NotBound::Review(*reason))),
        EnrolAnswer::Refused(why) => return Err(Failure::NotBound(NotBound::Refused(*why))),
    }
    let delivery = send(city, go)?;
    desk.out.show(
        "city-enrol/1",
        &pages::Bound::new(answer, &delivery),
        |page| {
            pages::bound(desk.lang(), page, answer, &delivery);
        },
    )?;
    delivery.failure.map_or(Ok(()), Err)
}

/// Goes to the relays, unless told not to.
pub(super) fn send(mut city: City, go: bool) -> Result<Delivered, Failure> {
    let now = clock::now().millis();
    if !go {
        let waiting = city.status(now).pending;
        return Ok(Delivered {
            count: 0,
            waiting,
            failure: None,
        });
    }
    network(async {
        let client = Client::new().map_err(NetError::Client)?;
        let report = Box::pin(city.deliver(&client, now)).await?;
        client.close().await;
        let first = report.failures.into_iter().next();
        Ok(Delivered {
            count: report.delivered,
            waiting: report.pending,
            failure: first.map(|failure| Failure::Net(failure.error.into())),
        })
    })
}

/// Reads a table that somebody handed over.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|source| Failure::File {
        path: PathBuf::from(path),
        source,
    })
}
