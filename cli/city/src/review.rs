//! What a clerk has to look at: enrolments that nobody could judge by the register, and bindings in
//! doubt. It decides nothing by itself, and shows attributes to the clerk alone.

use techo_jpki::{Attributes, Enrolment, Judgement, Refusal, RevocationReason, UnverifiedBundle};
use techo_vault::issued::{BindingId, open_enrolment};

use crate::answer::{EnrolAnswer, EnrolRefusal, ReviewReason};
use crate::bind::{Found, has_reached};
use crate::city::today;
use crate::enrol::Refused;
use crate::record::{Bound, hex};
use crate::state::BoundState;
use crate::{City, CityError, Register};

/// Everything that waits for a clerk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewList {
    /// Enrolments that wait.
    pub cases: Vec<Case>,
    /// Bindings in doubt.
    pub bindings: Vec<DoubtfulBinding>,
}

/// An enrolment that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its name, in hexadecimal.
    pub id: String,
    /// Since when, in milliseconds.
    pub since: u64,
    /// Why a person has to look, or `None` if it waits for a revocation list.
    pub reason: Option<ReviewReason>,
}

/// A binding about which a person has to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoubtfulBinding {
    /// The binding.
    pub binding: BindingId,
    /// The city's number of the resident.
    pub resident: String,
    /// Why.
    pub doubt: Doubt,
}

/// Why a binding is in doubt. For the city alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Doubt {
    /// The certificate was revoked since.
    Revoked(RevocationReason),
    /// The certificate has run out.
    RunOut,
    /// The register does not hold the resident any more.
    NotInRegister,
    /// The register does not name the holder of the card as guardian any more.
    NotGuardian,
    /// The child has come of age.
    OfAge,
}

/// A case as the clerk sees it: who the card says that they are.
#[derive(Debug)]
pub struct CaseView {
    /// The case.
    pub case: Case,
    /// The holder of the card.
    pub holder: Attributes,
    /// The child, if one is enrolled.
    pub child: Option<Attributes>,
    /// Residents born on the day of whoever's records are asked for, by number.
    pub candidates: Vec<String>,
}

impl City {
    /// Returns what waits for a clerk; without the register, only what is known without it.
    pub fn review(&self, now: u64, register: Option<&Register>) -> ReviewList {
        let cases = self.state.pending.iter().map(|(request, waiting)| Case {
            id: hex(request),
            since: waiting.since,
            reason: waiting.review,
        });
        let bindings = self.state.bindings.iter().filter_map(|(id, state)| {
            let doubt = doubt(now, state, register).filter(|_| state.stands())?;
            Some(DoubtfulBinding {
                binding: *id,
                resident: state.bound.resident.clone(),
                doubt,
            })
        });
        ReviewList {
            cases: cases.collect(),
            bindings: bindings.collect(),
        }
    }

    /// Finds the one binding whose name begins with `text`.
    pub fn find_binding(&self, text: &str) -> Option<BindingId> {
        let mut found = self
            .state
            .bindings
            .keys()
            .filter(|id| id.to_string().starts_with(text));
        found.next().copied().filter(|_| found.next().is_none())
    }

    /// Verifies the evidence of a case again and shows who enrols.
    ///
    /// Returns `None` if there is no such case, and why not if the evidence does not hold.
    pub fn case(
        &mut self,
        now: u64,
        id: &str,
        register: &Register,
    ) -> Result<Option<Result<CaseView, EnrolRefusal>>, CityError> {
        let Some((request, case)) = self.find_case(id) else {
            return Ok(None);
        };
        Ok(self.judge_case(now, &request)?.map(|judged| {
            judged.map(|enrolment| {
                let holder = enrolment.attributes().clone();
                let child = enrolment.child().cloned();
                let subject = child.as_ref().unwrap_or(&holder);
                CaseView {
                    candidates: register.born_on(&subject.birth_date),
                    case,
                    holder,
                    child,
                }
            })
        }))
    }

    /// Binds `resident`, because a clerk has made sure who it is. The evidence is judged once more.
    ///
    /// `guardian` is the number of the card's holder where the register does not tell it. Returns
    /// `None` if there is no such case, resident or guardian.
    pub fn bind_case(
        &mut self,
        now: u64,
        id: &str,
        (resident, guardian): (&str, Option<&str>),
        register: &Register,
    ) -> Result<Option<EnrolAnswer>, CityError> {
        let found = (self.find_case(id), register.resident(resident));
        let (Some((request, _)), Some(resident)) = found else {
            return Ok(None);
        };
        let enrolment = match self.judge_case(now, &request)? {
            None => return Ok(None),
            Some(Err(EnrolRefusal::Evidence(Refusal::RevocationUnavailable(gap)))) => {
                return Ok(Some(EnrolAnswer::Pending(gap)));
            }
            Some(Err(refusal)) => {
                self.close(request)?;
                return Ok(Some(EnrolAnswer::Refused(refusal)));
            }
            Some(Ok(enrolment)) => enrolment,
        };
        let enroller = match (enrolment.child(), guardian) {
            (None, _) => Some(resident.id.clone()),
            (Some(_), Some(named)) => register.resident(named).map(|holder| holder.id.clone()),
            (Some(_), None) => {
                let holder = register.find(enrolment.attributes());
                holder.ok().map(|holder| holder.id.clone())
            }
        };
        let Some(enroller) = enroller else {
            return Ok(None);
        };
        let found = Found { resident, enroller };
        let answer = self.bind(now, request, &enrolment, &found)?;
        self.close(request)?;
        Ok(Some(answer))
    }

    /// Binds nobody, and deletes the evidence of a case. Returns whether there was such a case.
    pub fn dismiss(&mut self, id: &str) -> Result<bool, CityError> {
        let Some((request, _)) = self.find_case(id) else {
            return Ok(false);
        };
        self.close(request)?;
        Ok(true)
    }

    fn find_case(&self, id: &str) -> Option<([u8; 32], Case)> {
        let mut found = self
            .state
            .pending
            .iter()
            .filter(|(request, _)| hex(request).starts_with(id));
        let (request, waiting) = found.next().filter(|_| !id.is_empty())?;
        let case = Case {
            id: hex(request),
            since: waiting.since,
            reason: waiting.review,
        };
        found.next().is_none().then_some((*request, case))
    }

    fn judge_case(
        &mut self,
        now: u64,
        request: &[u8; 32],
    ) -> Result<Option<Result<Enrolment, EnrolRefusal>>, CityError> {
        self.hold_lists()?;
        let Some(waiting) = self.state.pending.get(request).copied() else {
            return Ok(None);
        };
        let Some(file) = self.waiting_file(now, request, waiting)? else {
            return Ok(None);
        };
        let opened = open_enrolment(&self.keys.enrolment, self.file.id(), &file);
        let Some(bundle) = opened
            .ok()
            .and_then(|bytes| UnverifiedBundle::decode(&bytes).ok())
        else {
            return Err(CityError::Malformed);
        };
        match self.judge(bundle, now) {
            Ok(Judgement::Verified(enrolment) | Judgement::ManualReview(_, enrolment)) => {
                Ok(Some(Ok(enrolment)))
            }
            Err(Refused::Evidence(refusal)) => Ok(Some(Err(EnrolRefusal::Evidence(refusal)))),
            Err(Refused::City(error)) => Err(error),
        }
    }
}

/// Says why a binding is in doubt, if it is.
pub(crate) fn doubt(now: u64, state: &BoundState, register: Option<&Register>) -> Option<Doubt> {
    if let Some(revoked) = state.revoked {
        return Some(Doubt::Revoked(revoked.reason));
    }
    let grounds = state.bound.grounds.as_ref()?;
    if now > grounds.not_after {
        return Some(Doubt::RunOut);
    }
    let guarded = grounds.enroller != state.bound.resident;
    let birth: Option<techo_health::When> = state.bound.birth_date.parse().ok();
    let of_age = birth
        .and_then(|birth| birth.day())
        .is_some_and(|birth| has_reached(birth, OF_AGE, today(now)));
    if guarded && of_age {
        return Some(Doubt::OfAge);
    }
    in_register(&state.bound, &grounds.enroller, guarded, register?)
}

fn in_register(bound: &Bound, enroller: &str, guarded: bool, register: &Register) -> Option<Doubt> {
    match register.resident(&bound.resident) {
        None => Some(Doubt::NotInRegister),
        Some(resident) if guarded && !resident.guardians.contains(enroller) => {
            Some(Doubt::NotGuardian)
        }
        Some(_) => None,
    }
}

/// Adulthood: the day after which nobody enrols for somebody else.
const OF_AGE: u16 = 18;
