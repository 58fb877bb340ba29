//! A certificate written field by field, so that each can be wrong on its own.

use openssl::hash::MessageDigest;
use openssl::pkey::{PKeyRef, Private};
use openssl::rsa::Padding;
use openssl::sign::Signer;
use x509_cert::der::Encode;

use super::tests::{NOW, WORLD, bundle_of, expected, ledger, profile, statement};
use super::*;
use crate::signed::SHA256_WITH_RSA;
use crate::simulated::authority::key_id;
use crate::simulated::der::{bits, element, extension, generalized, integer, octets, sequence};
use crate::simulated::profile::{authority_key_identifier, distribution_name};
use crate::simulated::{ListProfile, MUNICIPALITY, SimulatedAuthority};
use crate::{CardError, SignatureCard};

/// The fields of a certificate, each DER.
#[derive(Clone)]
pub(super) struct RawLeaf<'a> {
    pub(super) version: Vec<u8>,
    pub(super) serial: Vec<u8>,
    pub(super) inner: Vec<u8>,
    pub(super) issuer: Vec<u8>,
    pub(super) validity: Vec<u8>,
    pub(super) key: Vec<u8>,
    pub(super) extensions: Vec<(String, bool, Vec<u8>)>,
    /// Appended to the extensions as it stands.
    pub(super) more: Vec<u8>,
    pub(super) outer: Vec<u8>,
    pub(super) digest: MessageDigest,
    pub(super) padding: Padding,
    pub(super) signer: &'a PKeyRef<Private>,
}

impl RawLeaf<'_> {
    pub(super) fn genuine() -> RawLeaf<'static> {
        Self::issued_by(&WORLD.authority)
    }

    pub(super) fn issued_by(authority: &SimulatedAuthority) -> RawLeaf<'_> {
        let name = authority.name().unwrap();
        let key = key_id(authority.key()).unwrap();
        let id = authority_key_identifier(&key, &name, &authority.serial().unwrap()).unwrap();
        RawLeaf {
            version: element(0xa0, &[&integer(&[2])]),
            serial: integer(&[0x20, 0, 1]),
            inner: SHA256_WITH_RSA.to_vec(),
            issuer: name,
            validity: between(NOW - 86_400_000, NOW + 86_400_000),
            key: WORLD.card_key.public_key_to_der().unwrap(),
            extensions: profile().extensions(&id).unwrap(),
            more: Vec::new(),
            outer: SHA256_WITH_RSA.to_vec(),
            digest: MessageDigest::sha256(),
            padding: Padding::PKCS1,
            signer: authority.key(),
        }
    }

    pub(super) fn der(&self) -> Vec<u8> {
        let mut extensions = Vec::new();
        for (id, critical, value) in &self.extensions {
            extensions.extend(extension(id, *critical, value).unwrap());
        }
        extensions.extend_from_slice(&self.more);
        if !extensions.is_empty() {
            extensions = element(0xa3, &[&sequence(&[&extensions])]);
        }
        let subject = distribution_name("202604010900000099999000001T")
            .unwrap()
            .to_der()
            .unwrap();
        let contents = sequence(&[
            &self.version,
            &self.serial,
            &self.inner,
            &self.issuer,
            &self.validity,
            &subject,
            &self.key,
            &extensions,
        ]);
        let mut signer = Signer::new(self.digest, self.signer).unwrap();
        if self.signer.rsa().is_ok() {
            signer.set_rsa_padding(self.padding).unwrap();
        }
        let signature = signer.sign_oneshot_to_vec(&contents).unwrap();
        sequence(&[&contents, &self.outer, &bits(&signature)])
    }

    /// Replaces an extension, or leaves it out.
    pub(super) fn set(&mut self, id: &str, to: Option<(bool, &[u8])>) {
        self.extensions.retain(|(other, ..)| other != id);
        if let Some((critical, value)) = to {
            self.extensions
                .push((id.to_owned(), critical, value.to_vec()));
        }
    }
}

pub(super) fn between(from: u64, until: u64) -> Vec<u8> {
    // Until 2049 validity is written in the short form.
    let short = |ms| {
        let long = generalized(ms).unwrap();
        element(0x17, &[&long[4..]])
    };
    sequence(&[&short(from), &short(until)])
}

/// An extension whose criticality is written although it is the default.
pub(super) fn explicit_default(id: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[&element(6, &[id]), &[1, 1, 0], &octets(value)])
}

/// A card with any certificate and any way to sign.
pub(super) struct RawCard {
    pub(super) certificate: Vec<u8>,
    pub(super) sign: fn(&[u8]) -> Vec<u8>,
}

impl SignatureCard for RawCard {
    fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CardError> {
        Ok((self.sign)(message))
    }
}

pub(super) fn rightly(message: &[u8]) -> Vec<u8> {
    crate::simulated::revocation::sign(&WORLD.card_key, message).unwrap()
}

/// Takes a bundle through every stage, with a current list of the municipality.
pub(super) fn outcome(card: &RawCard) -> Result<Judgement, Refusal> {
    let list = ListProfile::genuine(MUNICIPALITY, NOW, vec![(vec![9], 1)]).unwrap();
    let mut lists = RevocationLists::default();
    let der = WORLD.authority.revocation_list(&list).unwrap();
    lists.add(&der, &WORLD.roots).unwrap();
    UnverifiedBundle::decode(&bundle_of(card, &statement(None)))?
        .consume_nonce(&mut ledger(), &expected(), NOW)?
        .verify(&WORLD.roots, NOW)?
        .accept(RevocationSource::Lists(&lists), NOW)
}

pub(super) fn refusal(certificate: Vec<u8>) -> Option<Refusal> {
    let card = RawCard {
        certificate,
        sign: rightly,
    };
    outcome(&card).err()
}
