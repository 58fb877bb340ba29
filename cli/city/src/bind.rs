//! Bindings for life: who is bound, what a new binding follows, what it ends. One resident's card
//! has one binding for each person at a time; nobody is told why another ended.

use std::collections::BTreeSet;

use techo_health::Date;
use techo_health::calendar::Birth;
use techo_jpki::{
    CertificateId, Enrolment, EnrolmentStatement, Environment, Refusal, Relation, Revocation,
    RevocationReason,
};
use techo_vault::book::EnrolmentHandle;
use techo_vault::crypto::SealPublic;
use techo_vault::issued::{
    BindingId, BindingPlan, EnrolmentTerms, EntryPlan, Groups, InboxDescriptor, IssuedKind,
    IssuerOnlyKey, SignedBinding, SignedIssuedEntry, Subject,
};

use crate::answer::{EnrolAnswer, EnrolRefusal, ReviewReason};
use crate::city::{random, rng, today};
use crate::record::{Bound, CertificateMark, Grounds, Issued, JournalRecord};
use crate::register::NoMatch;
use crate::state::BoundState;
use crate::{City, CityError, Register, Resident};

/// Whose records will be issued, and whose card asked for them.
#[derive(Clone, Debug)]
pub(crate) struct Found<'a> {
    pub(crate) resident: &'a Resident,
    pub(crate) enroller: String,
}

impl<'a> Found<'a> {
    /// Finds the holder in the register, or the child whose guardian the holder is.
    pub(crate) fn in_register(
        now: u64,
        enrolment: &Enrolment,
        register: &'a Register,
    ) -> Result<Self, ReviewReason> {
        let review = |no_match| match no_match {
            NoMatch::Nobody => ReviewReason::NotInRegister,
            NoMatch::Several => ReviewReason::SeveralInRegister,
        };
        let holder = register.find(enrolment.attributes()).map_err(review)?;
        let enroller = holder.id.clone();
        let Some(child) = enrolment.child() else {
            return Ok(Self {
                resident: holder,
                enroller,
            });
        };
        let child = register.find(child).map_err(review)?;
        if !child.guardians.contains(&holder.id) {
            return Err(ReviewReason::NotGuardian);
        }
        if has_reached(child.birth_date, OWN_CARD, today(now)) {
            return Err(ReviewReason::OldEnough);
        }
        Ok(Self {
            resident: child,
            enroller,
        })
    }
}

/// Tells whether somebody has reached an age, which happens on the eve of the birthday.
pub(crate) fn has_reached(birth: Date, years: u16, today: Date) -> bool {
    today >= Birth(birth).attains_years(years)
}

impl City {
    /// Binds a resident, and ends what the new binding takes the place of, in one step.
    pub(crate) fn bind(
        &mut self,
        now: u64,
        request: [u8; 32],
        enrolment: &Enrolment,
        found: &Found<'_>,
    ) -> Result<EnrolAnswer, CityError> {
        let refused = |why| Ok(EnrolAnswer::Refused(why));
        let feed = SealPublic::from_bytes(enrolment.feed_key());
        let inbox = InboxDescriptor::from_bytes(enrolment.inbox_descriptor());
        let (Ok(feed), Ok(inbox)) = (feed, inbox) else {
            return refused(EnrolRefusal::Inbox);
        };
        let id = BindingId::from_bytes(random());
        let certificate = self.mark(&id, enrolment.certificate());
        if self.state.revoked.contains(&certificate.tag) {
            // An older list may not say so yet; no revocation is ever lifted.
            let revoked = Refusal::Revoked(RevocationReason::Unspecified);
            return refused(EnrolRefusal::Evidence(revoked));
        }
        let simulated = enrolment.environment() == Environment::Simulated;
        let checked_at = match enrolment.revocation() {
            Revocation::NotRevoked => Some(now),
            Revocation::NotChecked | _ => None,
        };
        let grounds = self.grounds(now, enrolment, found);
        let terms = terms(enrolment.statement());
        let bound = Bound {
            request,
            id,
            binding: self.sign_binding(id, terms, &grounds, (simulated, checked_at)),
            resident: found.resident.id.clone(),
            name: found.resident.name.clone(),
            birth_date: techo_health::When::from(found.resident.birth_date).to_string(),
            feed,
            inbox,
            simulated,
            certificate: Some(certificate),
            checked_at,
            grounds: Some(grounds),
        };
        self.commit_binding(now, bound)
    }

    /// Returns what a new binding rests on.
    ///
    /// To follow is a wish: what another person's card bound goes on, and this one begins anew.
    fn grounds(&self, now: u64, enrolment: &Enrolment, found: &Found<'_>) -> Grounds {
        let statement = enrolment.statement();
        let follows = statement.follows().copied().map(BindingId::from_bytes);
        let followed = follows.and_then(|old| Some((old, self.may_follow(&old, found)?)));
        Grounds {
            enroller: found.enroller.clone(),
            relation: statement.relation().number(),
            issuer_only_key: IssuerOnlyKey::from_bytes(*statement.issuer_only_key()),
            subject: followed
                .as_ref()
                .map_or_else(|| Subject::from_bytes(random()), |(_, old)| old.subject),
            verified_at: now,
            not_after: enrolment
                .not_after()
                .min(now.saturating_add(BINDING_LIFETIME_MS)),
            follows: followed.as_ref().map(|(old, _)| *old),
            sequence: followed.map_or(0, |(_, old)| old.sequence.saturating_add(1)),
        }
    }

    /// Signs what the family gets to see of a binding.
    pub(crate) fn sign_binding(
        &self,
        id: BindingId,
        terms: EnrolmentTerms,
        grounds: &Grounds,
        (simulated, checked_at): (bool, Option<u64>),
    ) -> SignedBinding {
        let method = if simulated {
            "jpki-simulated"
        } else {
            "jpki-signature"
        };
        let plan = BindingPlan {
            id,
            issuer: self.file.id(),
            key_set_version: self.keys.key_set,
            terms,
            subject: grounds.subject,
            relation: grounds.relation,
            method: method.to_owned(),
            verified_at: grounds.verified_at,
            revocation_checked_at: checked_at,
            simulated,
            not_after: grounds.not_after,
            sequence: grounds.sequence,
            supersedes: grounds.follows,
        };
        SignedBinding::sign(&self.keys.entry, &plan)
    }

    /// Makes a binding durable together with the end of those it takes the place of.
    pub(crate) fn commit_binding(
        &mut self,
        now: u64,
        bound: Bound,
    ) -> Result<EnrolAnswer, CityError> {
        let request = bound.request;
        let replaced = self.replaced(&bound);
        let ending = |id: &BindingId| {
            let state = self.state.bindings.get(id)?;
            Some(JournalRecord::Issued(Box::new(
                self.ending(now, *id, state),
            )))
        };
        let mut records: Vec<_> = replaced.iter().filter_map(ending).collect();
        records.push(JournalRecord::Bound(Box::new(bound)));
        self.commit(records)?;
        match self.answered(&request) {
            Some(EnrolAnswer::Bound {
                binding,
                resident,
                environment,
                simulated,
                revocation,
                follows,
                ..
            }) => Ok(EnrolAnswer::Bound {
                binding,
                resident,
                environment,
                simulated,
                revocation,
                follows,
                repeated: false,
                ended: replaced.len(),
            }),
            Some(answer) => Ok(answer),
            None => Err(CityError::Malformed),
        }
    }

    /// Returns the answer that this request got before.
    pub(crate) fn answered(&self, request: &[u8; 32]) -> Option<EnrolAnswer> {
        let id = self.state.by_request.get(request)?;
        let bound = &self.state.bindings.get(id)?.bound;
        Some(EnrolAnswer::Bound {
            binding: bound.id,
            resident: bound.resident.clone(),
            environment: self.roots.environment(),
            simulated: bound.simulated,
            revocation: bound.revocation(),
            repeated: true,
            follows: bound.grounds.as_ref().and_then(|g| g.follows),
            ended: 0,
        })
    }

    /// Returns what `old` rests on, if whoever was found may continue it: the card that bound it
    /// before, or the resident's own.
    fn may_follow(&self, old: &BindingId, found: &Found<'_>) -> Option<Grounds> {
        let state = self.state.bindings.get(old)?;
        let grounds = state.bound.grounds.as_ref()?;
        let same = state.bound.resident == found.resident.id && !state.superseded;
        let entitled = grounds.enroller == found.enroller || found.enroller == found.resident.id;
        (same && entitled).then(|| grounds.clone())
    }

    /// Returns the bindings that end with a new one: others by the same card for the same person,
    /// and, once a person comes with a card of their own, all others.
    fn replaced(&self, new: &Bound) -> BTreeSet<BindingId> {
        let Some(grounds) = &new.grounds else {
            return BTreeSet::new();
        };
        let own = grounds.relation == Relation::Holder.number();
        let others = self.state.by_resident.get(&new.resident);
        let others = others.map_or(&[][..], Vec::as_slice).iter();
        others
            .filter(|id| Some(**id) != grounds.follows)
            .filter(|id| {
                self.state.bindings.get(id).is_some_and(|state| {
                    let same = |old: &Grounds| old.enroller == grounds.enroller;
                    let theirs = state.bound.grounds.as_ref().is_some_and(same);
                    state.stands() && (own || theirs)
                })
            })
            .copied()
            .collect()
    }

    /// Says under a binding that nothing more will come, without a reason.
    ///
    /// Does nothing if it was said before, or if another binding took its place. Returns whether
    /// there is such a binding.
    pub fn end(&mut self, now: u64, binding: BindingId) -> Result<bool, CityError> {
        let Some(state) = self.state.bindings.get(&binding) else {
            return Ok(false);
        };
        if state.stands() {
            let issued = self.ending(now, binding, state);
            self.commit(vec![JournalRecord::Issued(Box::new(issued))])?;
        }
        Ok(true)
    }

    fn ending(&self, now: u64, binding: BindingId, state: &BoundState) -> Issued {
        let plan = EntryPlan {
            issuer: self.file.id(),
            key_set_version: self.keys.key_set,
            binding,
            index: state.next,
            previous: state.last,
            kind: IssuedKind::End,
            supersedes: None,
            issued_at: now,
            groups: Groups::default(),
            salts: [random(), random(), random()],
        };
        Issued {
            binding,
            index: state.next,
            kind: IssuedKind::End,
            identity: [0; 32],
            content: [0; 32],
            entry: SignedIssuedEntry::sign(&self.keys.entry, &plan),
        }
    }

    /// Seals what is needed to ask about the certificate of a new binding again.
    pub(crate) fn mark(&self, id: &BindingId, certificate: &CertificateId) -> CertificateMark {
        CertificateMark {
            tag: self.unlocked.certificate_tag(&certificate.name()),
            sealed: self
                .unlocked
                .seal_certificate(&mut rng(), id, &certificate.to_bytes()),
        }
    }
}

/// Returns what the resident's statement asks a binding to name.
fn terms(statement: &EnrolmentStatement) -> EnrolmentTerms {
    EnrolmentTerms {
        handle: EnrolmentHandle::from_bytes(*statement.handle()),
        issuer_only_key: IssuerOnlyKey::from_bytes(*statement.issuer_only_key()),
        feed_key: *statement.feed_key(),
        inbox_descriptor: *statement.inbox_descriptor(),
    }
}

/// From this age on people have a signature certificate of their own.
pub(crate) const OWN_CARD: u16 = 15;
/// Five years, as long as a certificate.
const BINDING_LIFETIME_MS: u64 = 5 * 365 * 86_400_000;
