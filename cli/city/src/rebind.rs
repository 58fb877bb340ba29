//! Other keys for a binding that stands, at the word of the key that enrolled: no card, no new
//! identity. Where anything is in doubt the card is needed again; it is not said why.

use techo_jpki::Refusal;
use techo_vault::issued::{BindingId, EnrolmentTerms, RebindPlan, feed_key_hash, open_rebind};

use crate::answer::{EnrolAnswer, EnrolRefusal};
use crate::city::random;
use crate::record::{Bound, CertificateMark, Grounds};
use crate::review::doubt;
use crate::{City, CityError, Register};

impl City {
    /// Judges a request for other keys and binds anew if the binding it follows stands.
    ///
    /// The same file again gets the same answer; an older one, or one out of its turn, none.
    pub fn rebind(
        &mut self,
        now: u64,
        file: &str,
        register: &Register,
    ) -> Result<EnrolAnswer, CityError> {
        let refused = |why| Ok(EnrolAnswer::Refused(why));
        let Ok(asked) = open_rebind(&self.keys.enrolment, self.file.id(), file) else {
            return refused(EnrolRefusal::NotOpened);
        };
        let request = *asked.request();
        if let Some(answer) = self.answered(&request) {
            return Ok(answer);
        }
        let Some(state) = self.state.bindings.get(&asked.follows()) else {
            return refused(EnrolRefusal::Follows);
        };
        let Some(old) = &state.bound.grounds else {
            return refused(EnrolRefusal::Follows);
        };
        let Ok(plan) = asked.verify(old.issuer_only_key) else {
            return refused(EnrolRefusal::Evidence(Refusal::DeviceProof));
        };
        let in_turn = Some(plan.sequence) == old.sequence.checked_add(1);
        let stands = state.stands() && doubt(now, state, Some(register)).is_none();
        let known = match &state.bound.certificate {
            Some(mark) => self.state.revoked.contains(&mark.tag),
            None => false,
        };
        if !in_turn || !stands || known {
            return refused(EnrolRefusal::Follows);
        }
        let bound = self.renewed(request, &state.bound, old, plan)?;
        self.commit_binding(now, bound)
    }

    /// Puts other keys into a binding; everything else of it stays.
    fn renewed(
        &self,
        request: [u8; 32],
        old: &Bound,
        old_grounds: &Grounds,
        plan: RebindPlan,
    ) -> Result<Bound, CityError> {
        let id = BindingId::from_bytes(random());
        let grounds = Grounds {
            sequence: plan.sequence,
            follows: Some(old.id),
            ..old_grounds.clone()
        };
        let terms = EnrolmentTerms {
            handle: plan.handle,
            issuer_only_key: grounds.issuer_only_key,
            feed_key: feed_key_hash(plan.feed.as_bytes()),
            inbox_descriptor: plan.inbox.hash(),
        };
        let certificate = old.certificate.as_ref().map(|mark| {
            let opened = self.unlocked.open_certificate(&old.id, &mark.sealed)?;
            Ok::<_, CityError>(CertificateMark {
                tag: mark.tag,
                sealed: self
                    .unlocked
                    .seal_certificate(&mut crate::city::rng(), &id, &opened),
            })
        });
        Ok(Bound {
            request,
            id,
            binding: self.sign_binding(id, terms, &grounds, (old.simulated, old.checked_at)),
            feed: plan.feed,
            inbox: plan.inbox,
            certificate: certificate.transpose()?,
            grounds: Some(grounds),
            ..old.clone()
        })
    }
}
