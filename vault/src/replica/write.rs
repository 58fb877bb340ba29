//! Writes entries of this device's own feed; it never decides whether the device may.

use rand_core::CryptoRng;
use techo_wire::{Envelope, Head};

use crate::Timestamp;
use crate::book::{Control, ControlOp};
use crate::crypto::{EpochKey, SealError, SigningKey};
use crate::doc::{DocError, DocId, Document, Edit};
use crate::entry::{Certificate, FeedWriter, Op};
use crate::replica::{BookSecrets, Replica};

/// Why an own entry could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The edit does not fit the document.
    #[error(transparent)]
    Document(#[from] DocError),
    /// The entry is longer than an envelope holds.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No epoch key is held.
    #[error("this device holds no key of the book")]
    NoEpoch,
}

impl Replica {
    /// Starts a feed for this device if it has none: call before [`Self::edit`] or
    /// [`Self::write_control`], and make the secrets durable before anything that follows.
    pub fn start_feed(secrets: &mut BookSecrets, rng: &mut impl CryptoRng) {
        secrets.feed = Some(SigningKey::generate(rng));
    }

    /// Edits a document and returns the envelope that says so.
    pub fn edit(
        &mut self,
        secrets: &BookSecrets,
        now: Timestamp,
        document: DocId,
        edits: &[Edit],
    ) -> Result<Envelope, WriteError> {
        let feed = secrets.feed_id().ok_or(WriteError::NoEpoch)?;
        let target = self
            .documents
            .entry(document)
            .or_insert_with(|| Document::new(document));
        let change = target.edit(feed, edits)?;
        self.seal(
            secrets,
            now,
            Op::Change {
                document: document.to_string(),
                change,
            },
        )
    }

    /// Writes a control op upon the control heads held, and returns its envelope.
    pub fn write_control(
        &mut self,
        secrets: &BookSecrets,
        now: Timestamp,
        op: ControlOp,
    ) -> Result<Envelope, WriteError> {
        let parents = self.fold.control_heads();
        let control = Control::new(parents, op);
        let envelope = self.seal(secrets, now, Op::Control(control.clone()))?;
        let author = secrets.device.key();
        self.control(&envelope.head(), author, control);
        Ok(envelope)
    }

    pub(super) fn seal(
        &mut self,
        secrets: &BookSecrets,
        now: Timestamp,
        op: Op,
    ) -> Result<Envelope, WriteError> {
        let epoch = self.writing_epoch()?;
        let key = secrets.feed.clone().ok_or(WriteError::NoEpoch)?;
        let feed = key.feed();
        let mut writer = if let Some(head) = self.feeds.head(&feed) {
            FeedWriter::resume(key, head)
        } else {
            let heads = self.fold.control_heads();
            let last = self.last_own_head(secrets);
            let device = &secrets.device.signing;
            FeedWriter::start(key, Certificate::sign(device, feed, self.book, heads, last))
        };
        let frontier = self.feeds.untold(&feed);
        let envelope = writer.append(epoch, &self.book, now, frontier.clone(), op)?;
        self.feeds.open(feed, secrets.device.key());
        self.feeds.extend_applied(&feed, envelope.hash(), &frontier);
        Ok(envelope)
    }

    /// The key of the epoch that the control ops say is written in: before the genesis is held, the
    /// only one there is.
    fn writing_epoch(&self) -> Result<&EpochKey, WriteError> {
        let current = self
            .fold
            .state()
            .epochs()
            .last()
            .map(|epoch| epoch.commitment);
        let mut keys = self.epochs.iter().rev();
        let found = keys.find(|key| current.is_none_or(|current| key.commitment() == current));
        found.ok_or(WriteError::NoEpoch)
    }

    /// Returns the head of the longest feed that this device wrote before.
    fn last_own_head(&self, secrets: &BookSecrets) -> Option<Head> {
        let device = secrets.device.key();
        let own = self
            .feeds
            .heads()
            .filter(|head| self.feeds.device(&head.feed) == Some(&device));
        own.max_by_key(|head| head.seq)
    }
}
