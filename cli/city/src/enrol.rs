//! From an enrolment file to a binding: evidence, register, signature; it keeps no evidence.

use techo_jpki::{
    Enrolment, Expectation, Judgement, ManualReason, NonceLedger, NonceRefusal, Refusal,
    RevocationSource, UnverifiedBundle, consent,
};
use techo_vault::issued::open_enrolment;

use crate::answer::{EnrolAnswer, EnrolRefusal, ReviewReason};
use crate::bind::Found;
use crate::record::JournalRecord;
use crate::{City, CityError, Register};

impl City {
    /// Judges an enrolment file and binds the resident if everything agrees.
    ///
    /// The same file again gets the same answer. The file is kept, sealed as it came, only while
    /// somebody has to be asked first; attributes never.
    pub fn enrol(
        &mut self,
        now: u64,
        file: &str,
        register: &Register,
    ) -> Result<EnrolAnswer, CityError> {
        self.hold_lists()?;
        let Ok(bytes) = open_enrolment(&self.keys.enrolment, self.file.id(), file) else {
            return Ok(EnrolAnswer::Refused(EnrolRefusal::NotOpened));
        };
        let bundle = match UnverifiedBundle::decode(&bytes) {
            Ok(bundle) => bundle,
            Err(refusal) => return Ok(EnrolAnswer::Refused(EnrolRefusal::Evidence(refusal))),
        };
        let request = *bundle.request();
        if let Some(answer) = self.answered(&request) {
            return Ok(answer);
        }
        let answer = match self.judge(bundle, now) {
            Ok(Judgement::Verified(enrolment) | Judgement::ManualReview(_, enrolment))
                if holds_my_number(&enrolment) =>
            {
                EnrolAnswer::Refused(EnrolRefusal::Evidence(Refusal::Attributes))
            }
            Ok(Judgement::Verified(enrolment)) => {
                match Found::in_register(now, &enrolment, register) {
                    Ok(found) => self.bind(now, request, &enrolment, &found)?,
                    Err(reason) => return self.ask_somebody(now, request, file, reason),
                }
            }
            Ok(Judgement::ManualReview(ManualReason::SubstitutedCharacters | _, _)) => {
                let reason = ReviewReason::SubstitutedCharacters;
                return self.ask_somebody(now, request, file, reason);
            }
            Err(Refused::Evidence(Refusal::RevocationUnavailable(gap))) => {
                self.wait(now, request, file, None)?;
                return Ok(EnrolAnswer::Pending(gap));
            }
            Err(Refused::Evidence(refusal)) => {
                let answer = EnrolAnswer::Refused(EnrolRefusal::Evidence(refusal));
                if refusal.is_retryable() {
                    // Nothing was judged: what waits goes on waiting.
                    return Ok(answer);
                }
                answer
            }
            Err(Refused::City(error)) => return Err(error),
        };
        self.close(request)?;
        Ok(answer)
    }

    fn ask_somebody(
        &mut self,
        now: u64,
        request: [u8; 32],
        file: &str,
        reason: ReviewReason,
    ) -> Result<EnrolAnswer, CityError> {
        self.wait(now, request, file, Some(reason))?;
        Ok(EnrolAnswer::Review(reason))
    }

    /// Who is asked about revocation.
    pub(crate) fn source(&self) -> RevocationSource<'_> {
        match &self.lists {
            Some(lists) => RevocationSource::Lists(lists),
            None => RevocationSource::Nobody,
        }
    }

    pub(crate) fn judge(
        &mut self,
        bundle: UnverifiedBundle,
        now: u64,
    ) -> Result<Judgement, Refused> {
        let expected = Expectation {
            city_code: self.file.code().to_owned(),
            issuer: self.file.id().to_bytes(),
            purpose: consent::PURPOSE.to_owned(),
            consents: consent::accepted(),
            environment: self.roots.environment(),
        };
        // The nonce of an enrolment that waits was spent for it, and its statement was current then.
        let waiting = self.state.pending.get(bundle.request()).copied();
        let fresh = if let Some(held) = waiting {
            bundle.consume_nonce(&mut Resumed, &expected, held.since)
        } else {
            let mut ledger = Ledger {
                city: self,
                failure: None,
            };
            let fresh = bundle.consume_nonce(&mut ledger, &expected, now);
            if let Some(error) = ledger.failure {
                return Err(Refused::City(error));
            }
            fresh
        };
        fresh
            .and_then(|fresh| fresh.verify(&self.roots, now))
            .and_then(|evidence| evidence.accept(self.source(), now))
            .map_err(Refused::Evidence)
    }
}

/// Tells whether somebody wrote a My Number where a name or an address belongs.
fn holds_my_number(enrolment: &Enrolment) -> bool {
    let people = std::iter::once(enrolment.attributes()).chain(enrolment.child());
    people
        .flat_map(|person| [&person.name, &person.address])
        .any(|text| techo_health::personal_number::contains_my_number(text))
}

/// Why nothing was judged to be right.
pub(crate) enum Refused {
    Evidence(Refusal),
    City(CityError),
}

/// The ledger of an enrolment whose nonce was consumed when it arrived.
struct Resumed;

impl NonceLedger for Resumed {
    fn consume(&mut self, _: &[u8; 32], _: u64) -> Result<(), NonceRefusal> {
        Ok(())
    }
}

struct Ledger<'a> {
    city: &'a mut City,
    failure: Option<CityError>,
}

impl NonceLedger for Ledger<'_> {
    fn consume(&mut self, nonce: &[u8; 32], now: u64) -> Result<(), NonceRefusal> {
        let known = *self
            .city
            .state
            .nonces
            .get(nonce)
            .ok_or(NonceRefusal::Unknown)?;
        if known.used {
            return Err(NonceRefusal::Used);
        }
        if let Err(error) = self
            .city
            .commit(vec![JournalRecord::NonceUsed { nonce: *nonce }])
        {
            self.failure = Some(error);
            return Err(NonceRefusal::Unavailable);
        }
        if now > known.expires {
            Err(NonceRefusal::Expired)
        } else {
            Ok(())
        }
    }
}
