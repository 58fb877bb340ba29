//! From an enrolment file to a binding: evidence, register, signature; it keeps no evidence.

use techo_jpki::{
    Enrolment, Environment, Expectation, Judgement, ManualReason, NonceLedger, NonceRefusal,
    Refusal, Revocation, RevocationGap, RevocationReason, RevocationSource, UnverifiedBundle,
    consent,
};
use techo_vault::book::EnrolmentHandle;
use techo_vault::crypto::SealPublic;
use techo_vault::issued::{
    BindingId, BindingPlan, EnrolmentTerms, InboxDescriptor, IssuerOnlyKey, SignedBinding, Subject,
    open_enrolment,
};

use crate::city::random;
use crate::record::{Bound, JournalRecord};
use crate::register::NoMatch;
use crate::{City, CityError, Register, Resident};

/// What the city answers to an enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnrolAnswer {
    /// Bound; the answer goes out with the next delivery.
    Bound {
        /// The binding.
        binding: BindingId,
        /// The city's number of the resident whose records will be issued.
        resident: String,
        /// The hierarchy of the certificate; show it.
        environment: Environment,
        /// Whether the evidence identifies nobody; show it.
        simulated: bool,
        /// What is known about revocation; show it.
        revocation: Revocation,
        /// Whether this very request had been answered before.
        repeated: bool,
    },
    /// Nobody could say that the certificate is not revoked: the file is kept, sealed, and judged
    /// again by [`City::recheck`]. Nothing was bound.
    Pending(RevocationGap),
    /// A person has to decide; nothing was bound.
    Review(ReviewReason),
    /// Refused; another attempt needs another nonce.
    Refused(EnrolRefusal),
}

/// Why a person has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReviewReason {
    /// The certificate replaced characters of the name or address.
    SubstitutedCharacters,
    /// The register holds nobody with these four attributes.
    NotInRegister,
    /// The register holds several.
    SeveralInRegister,
    /// The register does not name the holder of the card as the child's guardian.
    NotGuardian,
}

/// Why an enrolment is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EnrolRefusal {
    /// Not an enrolment file, or sealed to another city or key.
    NotOpened,
    /// The first check of the evidence that failed.
    Evidence(Refusal),
    /// Feed key or inbox are not well formed.
    Inbox,
}

impl City {
    /// Judges an enrolment file and binds the resident if everything agrees.
    ///
    /// The same file again gets the same answer. Neither file nor attributes are kept.
    pub fn enrol(
        &mut self,
        now: u64,
        file: &str,
        register: &Register,
    ) -> Result<EnrolAnswer, CityError> {
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
            Ok(Judgement::Verified(enrolment)) => match subject(&enrolment, register) {
                Ok(resident) => self.bind(now, request, &enrolment, resident)?,
                Err(reason) => EnrolAnswer::Review(reason),
            },
            Ok(Judgement::ManualReview(ManualReason::SubstitutedCharacters | _, _)) => {
                EnrolAnswer::Review(ReviewReason::SubstitutedCharacters)
            }
            Err(Refused::Evidence(Refusal::RevocationUnavailable(gap))) => {
                self.wait(now, request, file)?;
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

    /// Who is asked about revocation.
    pub(crate) fn source(&self) -> RevocationSource<'_> {
        match &self.lists {
            Some(lists) => RevocationSource::Lists(lists),
            None => RevocationSource::Nobody,
        }
    }

    /// Returns the answer that this request got before.
    fn answered(&self, request: &[u8; 32]) -> Option<EnrolAnswer> {
        let id = self.state.by_request.get(request)?;
        let bound = &self.state.bindings.get(id)?.bound;
        Some(EnrolAnswer::Bound {
            binding: bound.id,
            resident: bound.resident.clone(),
            environment: self.roots.environment(),
            simulated: bound.simulated,
            revocation: bound.revocation(),
            repeated: true,
        })
    }

    fn judge(&mut self, bundle: UnverifiedBundle, now: u64) -> Result<Judgement, Refused> {
        let expected = Expectation {
            city_code: self.file.code().to_owned(),
            issuer: self.file.id().to_bytes(),
            purpose: consent::PURPOSE.to_owned(),
            consents: consent::accepted(),
            environment: self.roots.environment(),
        };
        // The nonce of an enrolment that waits was spent for it, and its statement was current then.
        let waiting = self.state.pending.get(bundle.request()).copied();
        let fresh = if let Some(since) = waiting {
            bundle.consume_nonce(&mut Resumed, &expected, since)
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

    fn bind(
        &mut self,
        now: u64,
        request: [u8; 32],
        enrolment: &Enrolment,
        resident: &Resident,
    ) -> Result<EnrolAnswer, CityError> {
        let feed = SealPublic::from_bytes(enrolment.feed_key());
        let inbox = InboxDescriptor::from_bytes(enrolment.inbox_descriptor());
        let (Ok(feed), Ok(inbox)) = (feed, inbox) else {
            return Ok(EnrolAnswer::Refused(EnrolRefusal::Inbox));
        };
        let statement = enrolment.statement();
        let simulated = enrolment.environment() == Environment::Simulated;
        let id = BindingId::from_bytes(random());
        let certificate = self.mark(&id, enrolment.certificate());
        if self.state.revoked.contains(&certificate.tag) {
            // An older list may not say so yet; no revocation is ever lifted.
            let revoked = Refusal::Revoked(RevocationReason::Unspecified);
            return Ok(EnrolAnswer::Refused(EnrolRefusal::Evidence(revoked)));
        }
        let checked_at = match enrolment.revocation() {
            Revocation::NotRevoked => Some(now),
            Revocation::NotChecked | _ => None,
        };
        let plan = BindingPlan {
            id,
            issuer: self.file.id(),
            key_set_version: self.keys.key_set,
            terms: EnrolmentTerms {
                handle: EnrolmentHandle::from_bytes(*statement.handle()),
                issuer_only_key: IssuerOnlyKey::from_bytes(*statement.issuer_only_key()),
                feed_key: *statement.feed_key(),
                inbox_descriptor: *statement.inbox_descriptor(),
            },
            subject: Subject::from_bytes(random()),
            relation: statement.relation().number(),
            method: if simulated {
                "jpki-simulated"
            } else {
                "jpki-signature"
            }
            .to_owned(),
            verified_at: now,
            revocation_checked_at: checked_at,
            simulated,
            not_after: enrolment
                .not_after()
                .min(now.saturating_add(BINDING_LIFETIME_MS)),
            sequence: 0,
            supersedes: None,
        };
        let bound = Bound {
            request,
            id,
            binding: SignedBinding::sign(&self.keys.entry, &plan),
            resident: resident.id.clone(),
            name: resident.name.clone(),
            birth_date: techo_health::When::from(resident.birth_date).to_string(),
            feed,
            inbox,
            simulated,
            certificate: Some(certificate),
            checked_at,
        };
        self.commit(vec![JournalRecord::Bound(Box::new(bound))])?;
        Ok(EnrolAnswer::Bound {
            binding: id,
            resident: resident.id.clone(),
            environment: enrolment.environment(),
            simulated,
            revocation: enrolment.revocation(),
            repeated: false,
        })
    }
}

/// Finds whose records will be issued: the holder, or the child whose guardian the holder is.
fn subject<'a>(
    enrolment: &Enrolment,
    register: &'a Register,
) -> Result<&'a Resident, ReviewReason> {
    let review = |no_match| match no_match {
        NoMatch::Nobody => ReviewReason::NotInRegister,
        NoMatch::Several => ReviewReason::SeveralInRegister,
    };
    let holder = register.find(enrolment.attributes()).map_err(review)?;
    let Some(child) = enrolment.child() else {
        return Ok(holder);
    };
    let child = register.find(child).map_err(review)?;
    if child.guardians.contains(&holder.id) {
        Ok(child)
    } else {
        Err(ReviewReason::NotGuardian)
    }
}

enum Refused {
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

/// Five years, as long as a certificate.
const BINDING_LIFETIME_MS: u64 = 5 * 365 * 86_400_000;
