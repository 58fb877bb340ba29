//! Enrolment with an issuer, and what follows from it: pinned issuers, proofs for others. It never
//! sees a certificate or an attribute: the command line brings statement and card together.

use rand_core::Rng as _;

use crate::Timestamp;
use crate::book::{ControlOp, Enrolment, EnrolmentHandle, MemberId};
use crate::crypto::{SealKey, SigningKey};
use crate::issued::{
    GroupName, InboxDescriptor, IssuedBook, IssuedError, IssuerFile, Proof, RebindPlan, seal_rebind,
};
use crate::vault::views::IssuerView;
use crate::vault::write::rng;
use crate::vault::{Vault, VaultError};
use techo_wire::Label;
use techo_wire::label::sha256;

/// What a statement says of this family: nothing but fresh keys.
#[derive(Debug, Clone)]
pub struct EnrolmentRequest {
    /// The random handle of this enrolment.
    pub handle: [u8; 32],
    /// The public half of the key made for this issuer alone.
    pub issuer_only_key: [u8; 32],
    /// The X-Wing key to which the issuer seals.
    pub feed_key: Vec<u8>,
    /// Canonical bytes that say where it puts.
    pub inbox_descriptor: Vec<u8>,
    /// The binding of this book that the new one is to continue.
    pub follows: Option<[u8; 32]>,
}

impl Vault {
    /// Pins an issuer and makes fresh keys for an enrolment with it. Every device of the book can
    /// read what the issuer will send; only this one can prove to be the one that enrolled.
    pub fn begin_enrolment(
        &mut self,
        member: &MemberId,
        issuer: &IssuerFile,
        now: Timestamp,
    ) -> Result<EnrolmentRequest, VaultError> {
        let id = self.handbook_of(member)?;
        let relay = self
            .relays()
            .into_iter()
            .next()
            .ok_or(VaultError::NoRelay)?;
        let mut rng = rng();
        let mut handle = [0; 32];
        rng.fill_bytes(&mut handle);
        let (feed, inbox) = (SealKey::generate(&mut rng), SigningKey::generate(&mut rng));
        let proof_key = SigningKey::generate(&mut rng);
        let descriptor = InboxDescriptor::new(relay.clone(), inbox.inbox());
        let book = self.book_mut(&id)?;
        book.refresh_bindings();
        let follows = book.binding_with(&issuer.id()).map(|b| b.id().to_bytes());
        let pinned = book.issuer_file(&issuer.id()).is_some();
        let holder = book.secrets.device.key();
        let request = EnrolmentRequest {
            handle,
            issuer_only_key: proof_key.public(),
            feed_key: feed.public().as_bytes().to_vec(),
            inbox_descriptor: descriptor.to_bytes(),
            follows,
        };
        book.secrets.issuer_only.push((handle, proof_key));
        self.save_keys(&id)?;
        let mut ops = Vec::new();
        if !pinned {
            ops.push(ControlOp::IssuerTrusted {
                file: issuer.to_bytes(),
            });
        }
        ops.push(ControlOp::EnrolmentOpened(Box::new(Enrolment {
            issuer: issuer.id(),
            handle: EnrolmentHandle::from_bytes(handle),
            feed,
            inbox,
            relay,
            issuer_only: request.issuer_only_key,
            holder,
        })));
        self.write_controls(&id, now, ops)?;
        Ok(request)
    }

    /// Makes other keys for a standing enrolment and asks the issuer, without a card, to use them
    /// from now on: after a device was removed, until then it can read what the issuer sends.
    ///
    /// Returns the file for the issuer. Only the device that enrolled can do it; where that one is
    /// gone, another enrols anew with the card.
    pub fn rebind(
        &mut self,
        member: &MemberId,
        issuer: &str,
        now: Timestamp,
    ) -> Result<String, VaultError> {
        let id = self.handbook_of(member)?;
        let book = self.book_mut(&id)?;
        book.refresh_bindings();
        let issuer = book.trusted(issuer).ok_or(VaultError::UnknownIssuer)?;
        let keys = issuer.latest().ok_or(IssuedError::Key)?;
        let standing = book.binding_with(&issuer.id());
        let standing = standing.ok_or(VaultError::NotEnrolled)?.clone();
        let old = book
            .enrolment_of(&standing)
            .ok_or(VaultError::NotEnrolled)?;
        let (handle, relay) = (old.handle.to_bytes(), old.relay.clone());
        let held = book.secrets.issuer_only.iter();
        let (_, key) = { held }
            .find(|(of, _)| *of == handle)
            .ok_or(VaultError::NotHolder)?;
        let (key, mut rng) = (key.clone(), rng());
        let enrolment = Enrolment {
            issuer: issuer.id(),
            handle: EnrolmentHandle::generate(&mut rng),
            feed: SealKey::generate(&mut rng),
            inbox: SigningKey::generate(&mut rng),
            relay,
            issuer_only: key.public(),
            holder: book.secrets.device.key(),
        };
        let plan = RebindPlan {
            follows: standing.id(),
            sequence: standing.sequence().saturating_add(1),
            handle: enrolment.handle,
            feed: enrolment.feed.public(),
            inbox: InboxDescriptor::new(enrolment.relay.clone(), enrolment.inbox_id()),
        };
        let text = seal_rebind(&mut rng, keys, &key, &plan)?;
        let handle = enrolment.handle.to_bytes();
        book.secrets.issuer_only.push((handle, key));
        self.save_keys(&id)?;
        let op = ControlOp::EnrolmentOpened(Box::new(enrolment));
        self.write_controls(&id, now, vec![op])?;
        Ok(text)
    }

    /// Signs with the key made for this issuer alone exactly what `techo-jpki` hands over: an
    /// enrolment statement behind its label. Nothing else is ever signed with that key here.
    pub fn sign_enrolment(
        &self,
        handle: &[u8; 32],
        labelled: &[u8],
    ) -> Result<[u8; 64], VaultError> {
        let statement = labelled
            .strip_prefix(Label::DeviceProof.bytes())
            .and_then(|rest| rest.strip_prefix(&[0]))
            .filter(|statement| statement.starts_with(STATEMENT))
            .ok_or(IssuedError::Malformed)?;
        let keys = self
            .books
            .values()
            .flat_map(|book| book.secrets.issuer_only.iter());
        let mut keys = keys.filter(|(of, _)| of == handle);
        let (_, key) = keys.next().ok_or(VaultError::UnknownIssuer)?;
        Ok(key.sign(Label::DeviceProof, statement))
    }

    /// Returns the issuers that the family trusts.
    pub fn issuers(&self) -> Vec<IssuerView> {
        let mut views: Vec<IssuerView> = Vec::new();
        for (id, book) in self.handbooks() {
            let state = book.replica.fold().state();
            let trusted = state.issuers().iter();
            for file in trusted.filter_map(|issuer| IssuerFile::from_bytes(&issuer.file).ok()) {
                let issuer = file.id().to_string();
                let bound: Vec<_> = book
                    .issued_books()
                    .filter(|b| b.binding().issuer() == file.id())
                    .collect();
                let entries: u64 = bound.iter().map(|book| book.next_index()).sum();
                let documents: Vec<String> =
                    bound.iter().filter_map(|b| document_hash(b)).collect();
                let members = self.member_of(id).filter(|_| !bound.is_empty());
                match views.iter_mut().find(|view| view.issuer == issuer) {
                    Some(view) => {
                        view.entries += entries;
                        view.documents.extend(documents);
                        view.members.extend(members);
                    }
                    None => views.push(IssuerView {
                        issuer,
                        code: file.code().to_owned(),
                        name: file.name().to_owned(),
                        members: members.into_iter().collect(),
                        entries,
                        documents,
                    }),
                }
            }
        }
        views
    }

    /// Makes a proof of an official record as it stands, that shows only the groups named.
    pub fn prove(&self, id: &str, show: &[GroupName]) -> Result<String, VaultError> {
        let item = self.record(id)?.item;
        let book = self.book(&self.book_of_member_item(&item)?)?;
        let (_, issuer, record) = book
            .official_record(&item.id)
            .ok_or(VaultError::NotOfficial)?;
        let entry = record.current().ok_or(VaultError::Withdrawn)?;
        Ok(Proof::new(&issuer, entry, show)?.to_text())
    }
}

/// How every enrolment statement begins.
const STATEMENT: &[u8] = b"TECHO-JPKI-ENROL\0";

fn document_hash(book: &IssuedBook) -> Option<String> {
    let saved = book.document().save().ok()?;
    Some(data_encoding::HEXLOWER.encode(&sha256(&saved.bytes)))
}
