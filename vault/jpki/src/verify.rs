//! The stages of verification, one type each; it never skips one and stops at the first failure.

use ed25519_dalek::{Signature, VerifyingKey};

use crate::attributes::{Attributes, Child};
use crate::bundle::{Fields, UnverifiedBundle};
use crate::certificate::Leaf;
use crate::certificate_id::CertificateId;
use crate::crl::RevocationLists;
use crate::error::{NonceRefusal, Refusal, RevocationGap};
use crate::ocsp;
use crate::roots::{Environment, Roots};
use crate::statement::{
    EnrolmentStatement, LIFETIME_MS, Relation, feed_key_hash, inbox_descriptor_hash,
};

/// A city's record of the nonces it gave out.
pub trait NonceLedger {
    /// Consumes `nonce`, durably, before it returns: two calls never both succeed.
    fn consume(&mut self, nonce: &[u8; 32], now: u64) -> Result<(), NonceRefusal>;
}

/// What the city's own record says a statement must be made for.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The city's six-digit code.
    pub city_code: String,
    /// The city's issuer id.
    pub issuer: [u8; 32],
    /// The one accepted purpose.
    pub purpose: String,
    /// Hashes of the consent texts it accepts.
    pub consents: Vec<[u8; 32]>,
    /// The hierarchy it accepts.
    pub environment: Environment,
}

impl UnverifiedBundle {
    /// Consumes the nonce, before any cryptography, and compares the context.
    ///
    /// Whatever comes after, the nonce is spent.
    pub fn consume_nonce(
        self,
        ledger: &mut dyn NonceLedger,
        expected: &Expectation,
        now: u64,
    ) -> Result<FreshBundle, Refusal> {
        ledger.consume(self.statement.nonce(), now)?;
        let statement = &self.statement;
        if now > statement.expires() {
            return Err(Refusal::NonceExpired);
        }
        let child = match (statement.relation(), &self.fields.child) {
            (Relation::Holder, None) => true,
            (Relation::Child(commitment), Some(child)) => *commitment == child.commitment(),
            (Relation::Holder, Some(_)) | (Relation::Child(_), None) => false,
        };
        let same = statement.city_code() == expected.city_code
            && *statement.issuer() == expected.issuer
            && statement.purpose() == expected.purpose
            && expected.consents.contains(statement.consent())
            && statement.issued() <= now.saturating_add(LIFETIME_MS / 2)
            && *statement.feed_key() == feed_key_hash(&self.fields.feed_key)
            && *statement.inbox_descriptor()
                == inbox_descriptor_hash(&self.fields.inbox_descriptor);
        if same && child {
            Ok(FreshBundle {
                statement: self.statement,
                fields: self.fields,
                environment: expected.environment,
            })
        } else {
            Err(Refusal::ContextMismatch)
        }
    }
}

/// A bundle with a nonce of this city, spent for it; nothing is proven yet.
pub struct FreshBundle {
    statement: EnrolmentStatement,
    fields: Fields,
    environment: Environment,
}

impl std::fmt::Debug for FreshBundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FreshBundle(redacted)")
    }
}

impl FreshBundle {
    /// Verifies both signatures and everything about the certificate except its revocation.
    pub fn verify(self, roots: &Roots, now: u64) -> Result<Evidence, Refusal> {
        // Rebuilt from the decoded fields: what is verified is what will be acted upon.
        let message = self.statement.to_bytes();
        self.check_device_proof()?;
        let leaf = Leaf::parse(&self.fields.certificate)?;
        let id = leaf.check_chain(roots, now)?;
        if roots.environment() != self.environment {
            return Err(Refusal::EnvironmentMismatch);
        }
        leaf.check_policy(self.environment)?;
        leaf.check_key_usage()?;
        leaf.check_signature(&message, &self.fields.signature)?;
        Ok(Evidence {
            bundle: self,
            leaf,
            id,
        })
    }

    fn check_device_proof(&self) -> Result<(), Refusal> {
        let key = VerifyingKey::from_bytes(self.statement.issuer_only_key())
            .map_err(|_| Refusal::DeviceProof)?;
        if key.is_weak() {
            return Err(Refusal::DeviceProof);
        }
        let signature = Signature::from_bytes(&self.fields.proof);
        key.verify_strict(&self.statement.proof_bytes(), &signature)
            .map_err(|_| Refusal::DeviceProof)
    }
}

/// Who is asked about revocation.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum RevocationSource<'a> {
    /// Nobody. Accepted for simulated certificates only.
    Nobody,
    /// The lists a city holds.
    Lists(&'a RevocationLists),
    /// A responder's answer about this certificate, DER, and the roots it is measured by.
    Response(&'a [u8], &'a Roots),
}

impl RevocationSource<'_> {
    /// Asks about the certificate `id`.
    ///
    /// Anything but an answer that it is not revoked is an error, and most are retryable.
    pub fn check(self, id: &CertificateId, now: u64) -> Result<Revocation, Refusal> {
        match self {
            Self::Nobody => Err(Refusal::RevocationUnavailable(RevocationGap::Missing)),
            Self::Lists(lists) => lists.check(id, now),
            Self::Response(der, roots) => ocsp::check(der, id, roots, now),
        }?;
        Ok(Revocation::NotRevoked)
    }
}

/// What is known about the certificate's revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Revocation {
    /// Nobody was asked. Never accepted for real residents.
    NotChecked,
    /// The authority's own word, current at the time of the check: not revoked.
    NotRevoked,
}

/// A statement signed by a certificate that was valid at the city's time, if it is not revoked.
pub struct Evidence {
    bundle: FreshBundle,
    leaf: Leaf,
    id: CertificateId,
}

impl std::fmt::Debug for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Evidence(redacted)")
    }
}

impl Evidence {
    /// Asks about revocation, then reads the attributes.
    pub fn accept(self, source: RevocationSource<'_>, now: u64) -> Result<Judgement, Refusal> {
        let revocation = match (source, self.bundle.environment) {
            (RevocationSource::Nobody, Environment::Simulated) => Revocation::NotChecked,
            (source, _) => source.check(&self.id, now)?,
        };
        let (attributes, substituted) = self.leaf.attributes()?;
        let enrolment = Enrolment {
            not_after: self.leaf.not_after(),
            statement: self.bundle.statement,
            feed_key: self.bundle.fields.feed_key,
            inbox_descriptor: self.bundle.fields.inbox_descriptor,
            child: self.bundle.fields.child,
            environment: self.bundle.environment,
            attributes,
            revocation,
            id: self.id,
        };
        Ok(if substituted {
            Judgement::ManualReview(ManualReason::SubstitutedCharacters, enrolment)
        } else {
            Judgement::Verified(enrolment)
        })
    }
}

/// The end of verification.
#[derive(Debug)]
pub enum Judgement {
    /// Every check passed; the register decides who it is.
    Verified(Enrolment),
    /// Every check passed, but a person has to look.
    ManualReview(ManualReason, Enrolment),
}

/// Why a person has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ManualReason {
    /// The certificate says that it could not write a character of the name or address.
    SubstitutedCharacters,
}

/// A verified enrolment. Drop it once the register has been compared.
pub struct Enrolment {
    statement: EnrolmentStatement,
    feed_key: Vec<u8>,
    inbox_descriptor: Vec<u8>,
    attributes: Attributes,
    child: Option<Child>,
    environment: Environment,
    revocation: Revocation,
    not_after: u64,
    id: CertificateId,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Enrolment({}, {:?})", self.environment, self.revocation)
    }
}

impl Enrolment {
    /// Returns the signed statement.
    pub fn statement(&self) -> &EnrolmentStatement {
        &self.statement
    }

    /// Returns the X-Wing key for issued entries; its hash was signed.
    pub fn feed_key(&self) -> &[u8] {
        &self.feed_key
    }

    /// Returns where issued entries are to be put; its hash was signed.
    pub fn inbox_descriptor(&self) -> &[u8] {
        &self.inbox_descriptor
    }

    /// Returns the four attributes of the card's holder.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Returns the child's attributes as the guardian states them: the register decides.
    pub fn child(&self) -> Option<&Attributes> {
        self.child.as_ref().map(|child| &child.attributes)
    }

    /// Returns the hierarchy; show it with every answer.
    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// Returns what is known about revocation; show it with every answer.
    pub fn revocation(&self) -> Revocation {
        self.revocation
    }

    /// Returns how to ask about its revocation again; keep it sealed, and within the city.
    pub fn certificate(&self) -> &CertificateId {
        &self.id
    }

    /// Returns the end of the certificate's validity, in milliseconds.
    pub fn not_after(&self) -> u64 {
        self.not_after
    }
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod genuine;
#[cfg(test)]
mod mixed;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod revocation;
#[cfg(test)]
mod situations;
#[cfg(test)]
mod tests;
