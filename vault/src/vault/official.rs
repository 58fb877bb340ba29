//! Official records of a book: items from issuers' inboxes, verified and derived; it keeps nothing
//! that does not verify, except proof that an issuer contradicts itself.

use std::collections::BTreeMap;

use techo_health::Value;
use techo_wire::{AppendKey, InboxId, RelayAddress, SealedItem};

use crate::Timestamp;
use crate::book::{ControlOp, Enrolment, IssuerId, MemberId};
use crate::crypto::SigningKey;
use crate::issued::{
    Acceptance, Binding, BindingId, EnrolmentTerms, InboxDescriptor, IssuedBook, IssuedEntry,
    IssuedError, IssuedKind, IssuerFile, IssuerOnlyKey, IssuerPayload, OfficialRecord,
    SignedBinding, SignedKeySet, feed_key_hash,
};
use crate::store::{Batch, FrameKind};
use crate::vault::exchange::{InboxTarget, ItemsReceived};
use crate::vault::views::{Issued, MessagePack, Source, TimelineItem, Verified, Version};
use crate::vault::{Book, Vault, VaultError};

/// Official records of one book.
#[derive(Debug, Default)]
pub(super) struct OfficialRecords {
    issuers: BTreeMap<IssuerId, IssuerFile>,
    /// By the first binding of each.
    books: BTreeMap<BindingId, IssuedBook>,
    /// How many accepted bindings were looked at.
    seen: usize,
    /// The items that hold them, in the order in which they came.
    items: Vec<(InboxId, SealedItem)>,
}

/// An inbox that an issuer writes into.
#[derive(Debug)]
pub(super) struct IssuerInbox {
    pub(super) inbox: SigningKey,
    pub(super) append: Option<AppendKey>,
    pub(super) relay: RelayAddress,
}

/// What an item turned out to be.
enum Taken {
    Official,
    Held,
    /// An entry that came before its binding.
    Early,
    /// A binding that the book has not accepted yet.
    Binding(Box<ControlOp>),
}

impl Book {
    fn opened(&self) -> impl Iterator<Item = &Enrolment> {
        self.replica
            .fold()
            .state()
            .enrolments()
            .iter()
            .map(|opened| &*opened.enrolment)
    }

    /// The inboxes of this book's enrolments.
    pub(super) fn enrolments(&self) -> impl Iterator<Item = IssuerInbox> {
        self.opened().map(|enrolment| {
            let issuer = self.issuer_file(&enrolment.issuer);
            IssuerInbox {
                inbox: enrolment.inbox.clone(),
                append: issuer.and_then(|file| Some(file.latest()?.append())),
                relay: enrolment.relay.clone(),
            }
        })
    }

    /// The pinned file of an issuer, with every key set that it has shown since.
    pub(super) fn issuer_file(&self, id: &IssuerId) -> Option<IssuerFile> {
        self.official.issuers.get(id).cloned().or_else(|| {
            let trusted = self.replica.fold().state().issuers().iter();
            let mut files = trusted.filter_map(|issuer| IssuerFile::from_bytes(&issuer.file).ok());
            files.find(|file| file.id() == *id)
        })
    }

    /// A trusted issuer by its id, the beginning of it, its code or its name.
    pub(super) fn trusted(&self, called: &str) -> Option<IssuerFile> {
        let trusted = self.replica.fold().state().issuers().iter();
        let files = trusted.filter_map(|issuer| IssuerFile::from_bytes(&issuer.file).ok());
        let mut found = files.filter(|file| {
            file.name() == called
                || file.code() == called
                || (called.len() >= 6 && file.id().to_string().starts_with(called))
        });
        let file = found.next().filter(|_| found.next().is_none())?;
        self.issuer_file(&file.id())
    }

    /// Takes an item from the log again.
    pub(super) fn take_item(&mut self, inbox: InboxId, item: &SealedItem) {
        self.refresh_bindings();
        if self.take(inbox, item).is_ok() {
            self.official.items.push((inbox, item.clone()));
        }
    }

    /// Opens an item and takes what is in it.
    fn take(&mut self, inbox: InboxId, item: &SealedItem) -> Result<Taken, IssuedError> {
        let enrolment = self
            .opened()
            .find(|enrolment| enrolment.inbox_id() == inbox);
        let enrolment = enrolment.ok_or(IssuedError::Binding)?.clone();
        match IssuerPayload::open(&enrolment.feed, inbox, item)? {
            IssuerPayload::Binding { binding, key_set } => {
                self.take_binding(&enrolment, &binding, &key_set)
            }
            IssuerPayload::Issued { entry, key_set } => {
                let issuer = self.adopt_keys(&enrolment, &key_set)?;
                let handle = enrolment.handle;
                let mut books = self.official.books.values_mut();
                let asked = |book: &IssuedBook| book.bindings().any(|b| b.handle() == handle);
                let Some(book) = books.find(|book| asked(book)) else {
                    return Ok(Taken::Early);
                };
                match book.accept(&issuer, &entry)? {
                    Acceptance::New(_) => Ok(Taken::Official),
                    Acceptance::Held(_) => Ok(Taken::Held),
                }
            }
        }
    }

    fn take_binding(
        &mut self,
        enrolment: &Enrolment,
        signed: &SignedBinding,
        key_set: &SignedKeySet,
    ) -> Result<Taken, IssuedError> {
        let issuer = self.adopt_keys(enrolment, key_set)?;
        let binding = signed.verify(&issuer, &terms(enrolment))?;
        let mut books = self.official.books.values();
        if books.any(|book| book.holds(binding.id())) {
            return Ok(Taken::Held);
        }
        Ok(Taken::Binding(Box::new(ControlOp::BindingAccepted {
            binding: signed.to_bytes(),
            key_set: key_set.to_bytes(),
        })))
    }

    fn adopt_keys(
        &mut self,
        enrolment: &Enrolment,
        key_set: &SignedKeySet,
    ) -> Result<IssuerFile, IssuedError> {
        let id = enrolment.issuer;
        let mut file = self.issuer_file(&id).ok_or(IssuedError::Key)?;
        file.adopt(key_set)?;
        self.official.issuers.insert(id, file.clone());
        Ok(file)
    }

    /// Opens a chain for every binding that the book's control ops accept, or continues one.
    pub(super) fn refresh_bindings(&mut self) {
        let count = self.replica.fold().state().bindings().len();
        if self.official.seen == count {
            return;
        }
        self.official.seen = count;
        let bindings = self.replica.fold().state().bindings().iter();
        let accepted: Vec<(SignedBinding, SignedKeySet)> = bindings
            .filter_map(|accepted| {
                let binding = SignedBinding::from_bytes(&accepted.binding).ok()?;
                Some((binding, SignedKeySet::from_bytes(&accepted.key_set).ok()?))
            })
            .collect();
        let enrolments: Vec<Enrolment> = self.opened().cloned().collect();
        let mut verified = Vec::new();
        for (signed, key_set) in accepted {
            for enrolment in &enrolments {
                let Ok(issuer) = self.adopt_keys(enrolment, &key_set) else {
                    continue;
                };
                if let Ok(binding) = signed.verify(&issuer, &terms(enrolment)) {
                    verified.push(binding);
                }
            }
        }
        // Whatever the order in which devices accepted them: the earlier one comes first.
        verified.sort_by_key(|binding| (binding.sequence(), binding.id()));
        for binding in verified {
            if binding.supersedes().is_none() {
                let new = || IssuedBook::new(binding.clone());
                self.official.books.entry(binding.id()).or_insert_with(new);
                continue;
            }
            for book in self.official.books.values_mut() {
                if book.follow(binding.clone()).is_ok() {
                    break;
                }
            }
        }
    }

    /// The binding that a new enrolment with an issuer continues: the newest of this book.
    pub(super) fn binding_with(&self, issuer: &IssuerId) -> Option<&Binding> {
        let books = self.official.books.values();
        books
            .map(IssuedBook::current)
            .filter(|binding| binding.issuer() == *issuer)
            .max_by_key(|binding| (binding.verified_at(), binding.sequence()))
    }

    /// The enrolment that a binding answers.
    pub(super) fn enrolment_of(&self, binding: &Binding) -> Option<&Enrolment> {
        self.opened()
            .find(|opened| opened.handle == binding.handle())
    }

    /// Which cities verified this member.
    pub(super) fn verified(&self) -> Vec<Verified> {
        let books = self.official.books.values();
        books
            .filter_map(|book| {
                let binding = book.current();
                let issuer = self.issuer_file(&binding.issuer())?;
                Some(Verified {
                    until: binding.not_after(),
                    ended: book.has_ended(),
                    issuer_name: issuer.name().to_owned(),
                    issuer: issuer.id().to_string(),
                    at: binding.verified_at(),
                    simulated: binding.is_simulated(),
                    revocation_checked: binding.revocation_checked_at().is_some(),
                })
            })
            .collect()
    }

    /// The official records as lines of the timeline.
    pub(super) fn official_items(&self, member: MemberId) -> impl Iterator<Item = TimelineItem> {
        self.official.books.values().flat_map(move |book| {
            let issuer = self.issuer_file(&book.binding().issuer());
            let (records, shown) = (book.records(), derived(book));
            let items: Vec<TimelineItem> = records
                .iter()
                .filter_map(|record| official_item(book, issuer.as_ref()?, record, member, &shown))
                .collect();
            items
        })
    }

    /// The packs of messages that stand, each with the name and id of its city. A city that said that
    /// nothing more will come has no messages either.
    fn message_packs(&self) -> Vec<MessagePack> {
        let standing = self.official.books.values();
        let mut packs = Vec::new();
        for book in standing.filter(|book| !book.has_ended()) {
            let Some(issuer) = self.issuer_file(&book.binding().issuer()) else {
                continue;
            };
            for record in book.records() {
                let entry = record.current();
                let Some((entry, (id, text))) = entry.and_then(|e| Some((e, e.groups().pack()?)))
                else {
                    continue;
                };
                packs.push(MessagePack {
                    issuer: issuer.id().to_string(),
                    issuer_name: issuer.name().to_owned(),
                    id: id.to_owned(),
                    issued_at: entry.issued_at(),
                    text,
                });
            }
        }
        // One city may have bound a member twice: of each pack the newest counts.
        packs.sort_by(|a, b| (&a.issuer, &a.id, b.issued_at).cmp(&(&b.issuer, &b.id, a.issued_at)));
        packs.dedup_by(|later, first| (&later.issuer, &later.id) == (&first.issuer, &first.id));
        packs
    }

    /// Finds an official record by its id.
    pub(super) fn official_record(
        &self,
        id: &str,
    ) -> Option<(&IssuedBook, IssuerFile, OfficialRecord<'_>)> {
        self.official.books.values().find_map(|book| {
            let records = book.records();
            let record = records
                .into_iter()
                .find(|record| official_id(book, record) == id)?;
            Some((book, self.issuer_file(&book.binding().issuer())?, record))
        })
    }

    /// The items to be put away with derived state.
    pub(super) fn kept_items(&self) -> Vec<(InboxId, minicbor::bytes::ByteVec)> {
        let items = self.official.items.iter();
        items
            .map(|(inbox, item)| (*inbox, item.as_bytes().to_vec().into()))
            .collect()
    }

    pub(super) fn restore_items(&mut self, items: Vec<(InboxId, minicbor::bytes::ByteVec)>) {
        self.refresh_bindings();
        for (inbox, bytes) in items {
            if let Ok(item) = SealedItem::parse(bytes.to_vec()) {
                self.take_item(inbox, &item);
            }
        }
    }

    pub(super) fn issued_books(&self) -> impl Iterator<Item = &IssuedBook> {
        self.official.books.values()
    }
}

impl Vault {
    /// Takes one item from an inbox and makes it durable. Says whether the item must wait for
    /// earlier ones.
    pub(super) fn receive_item(
        &mut self,
        target: &InboxTarget,
        item: SealedItem,
        now: Timestamp,
        received: &mut ItemsReceived,
    ) -> Result<bool, VaultError> {
        if target.inbox == self.book(&target.book)?.secrets.device.inbox_id() {
            self.receive_grant(target, &item, received)?;
            return Ok(false);
        }
        let book = self.book_mut(&target.book)?;
        book.refresh_bindings();
        match book.take(target.inbox, &item) {
            Ok(Taken::Held) => {}
            Ok(Taken::Early) => {
                received.refused.push(IssuedError::Binding.to_string());
                return Ok(true);
            }
            Ok(Taken::Official) => {
                received.official += 1;
                self.keep_item(target, item)?;
            }
            Ok(Taken::Binding(op)) => {
                self.write_controls(&target.book, now, vec![*op])?;
                self.book_mut(&target.book)?.refresh_bindings();
                received.bindings += 1;
            }
            Err(error @ IssuedError::Fork { .. }) => {
                // Kept: the two signatures are proof against the issuer.
                received.refused.push(error.to_string());
                self.keep_item(target, item)?;
            }
            Err(error) => {
                received.refused.push(error.to_string());
                return Ok(error.is_retryable());
            }
        }
        Ok(false)
    }

    fn keep_item(&mut self, target: &InboxTarget, item: SealedItem) -> Result<(), VaultError> {
        let book = self.book_mut(&target.book)?;
        let body = [target.inbox.as_bytes().as_slice(), item.as_bytes()].concat();
        let mut batch = Batch::new();
        batch.push(book.tag, FrameKind::InboxItem, body);
        book.official.items.push((target.inbox, item));
        self.commit(&target.book, batch, &[])
    }

    /// The packs of messages that a member's cities published, verified up to their pinned roots.
    pub fn message_packs(&self, member: &MemberId) -> Vec<MessagePack> {
        let mut books = self.handbooks();
        let own = books.find(|(id, _)| self.member_of(id) == Some(*member));
        own.map_or_else(Vec::new, |(_, book)| book.message_packs())
    }

    /// The versions of an official record, oldest first.
    pub(super) fn official_history(&self, id: &str) -> Vec<Version> {
        let found = self
            .handbooks()
            .find_map(|(_, book)| book.official_record(id));
        let Some((book, _, record)) = found else {
            return Vec::new();
        };
        let shown = derived(book);
        record
            .versions()
            .map(|entry| version(entry, &shown))
            .collect()
    }
}

fn version(entry: &IssuedEntry, shown: &Derived) -> Version {
    let kind = match entry.kind() {
        IssuedKind::Issue => "issue",
        IssuedKind::Correct => "correct",
        IssuedKind::Withdraw => "withdraw",
        IssuedKind::Heartbeat => "heartbeat",
        IssuedKind::End => "end",
    };
    Version {
        index: entry.index(),
        kind: kind.to_owned(),
        issued_at: entry.issued_at(),
        fields: shown.get(&entry.index()).cloned().unwrap_or_default(),
    }
}

/// The fields of every entry, by index.
type Derived = BTreeMap<u64, BTreeMap<String, Value>>;

/// Reads the derived document; the fields of *what* and *where* stand under their own names.
fn derived(book: &IssuedBook) -> Derived {
    let named = |(key, value): (String, Value)| {
        let (group, name) = key.split_once('/')?;
        let shown = if group == "who" {
            key.clone()
        } else {
            name.to_owned()
        };
        Some((shown, value))
    };
    let states = book.document().records();
    states
        .map(|state| {
            (
                state.index,
                state.fields.into_iter().filter_map(named).collect(),
            )
        })
        .collect()
}

fn official_id(book: &IssuedBook, record: &OfficialRecord<'_>) -> String {
    let binding = book.binding().id().to_string();
    let short: String = binding.chars().take(12).collect();
    format!("issued/{short}/{:06}", record.index())
}

fn official_item(
    book: &IssuedBook,
    issuer: &IssuerFile,
    record: &OfficialRecord<'_>,
    member: MemberId,
    shown: &Derived,
) -> Option<TimelineItem> {
    let last = record.versions().last()?;
    let content = record
        .versions()
        .filter(|entry| entry.kind().has_content())
        .last()?;
    if content.groups().is_pack() {
        return None;
    }
    let mut fields = shown.get(&content.index())?.clone();
    let kind = fields
        .remove("kind")
        .and_then(|kind| kind.as_text().map(str::to_owned));
    Some(TimelineItem {
        id: official_id(book, record),
        member,
        kind: kind.unwrap_or_default(),
        date: fields
            .get("date")
            .and_then(|date| date.as_text().map(str::to_owned)),
        source: Source::Issued(Issued {
            issuer_name: issuer.name().to_owned(),
            issuer: issuer.id().to_string(),
            verified: true,
            index: record.index(),
            issued_at: last.issued_at(),
            versions: record.versions().count(),
            withdrawn: record.current().is_none(),
        }),
        fields: fields
            .into_iter()
            .map(|(field, value)| (field, vec![value]))
            .collect(),
    })
}

/// What a binding must answer.
fn terms(enrolment: &Enrolment) -> EnrolmentTerms {
    let descriptor = InboxDescriptor::new(enrolment.relay.clone(), enrolment.inbox_id());
    EnrolmentTerms {
        handle: enrolment.handle,
        issuer_only_key: IssuerOnlyKey::from_bytes(enrolment.issuer_only),
        feed_key: feed_key_hash(enrolment.feed.public().as_bytes()),
        inbox_descriptor: descriptor.hash(),
    }
}
