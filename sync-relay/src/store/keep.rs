//! The store over one table: hands each write to its rules and applies what stands at once.

use crate::config::Quotas;
use crate::store::draft::Draft;
use crate::store::table::{Changes, Table};
use crate::store::{
    EnvelopePage, ItemPage, Kept, MailboxStore, Positions, Refusal, StoreError, Write, inboxes,
    layout, mailboxes,
};
use techo_wire::{Head, InboxCursor, InboxId, MailboxId, StoreId};

#[derive(Debug)]
pub(crate) struct Keep<T> {
    table: T,
    quotas: Quotas,
    id: StoreId,
}

impl<T: Table> Keep<T> {
    /// Takes a table; one without a name gets `fresh`.
    pub(crate) fn new(table: T, quotas: Quotas, fresh: StoreId) -> Result<Self, StoreError> {
        let value = table.get(layout::STORE_ID)?;
        let named = value
            .as_deref()
            .and_then(|value| layout::body(layout::STORE_ID, value));
        let id = if let Some(id) = named.and_then(|body| StoreId::try_from(body).ok()) {
            id
        } else {
            let value = layout::summed(layout::STORE_ID, fresh.as_bytes());
            table.apply(&Changes::from([(layout::STORE_ID.to_vec(), Some(value))]))?;
            fresh
        };
        Ok(Self { table, quotas, id })
    }

    #[cfg(test)]
    pub(crate) const fn table(&self) -> &T {
        &self.table
    }

    fn judge(
        &self,
        draft: &mut Draft<'_>,
        write: &Write,
    ) -> Result<Result<Kept, Refusal>, StoreError> {
        let quotas = &self.quotas;
        match write {
            Write::AdmitFeed { mailbox, feed } => mailboxes::admit(draft, quotas, *mailbox, *feed),
            Write::AdmitKey {
                inbox,
                append_key,
                quota,
            } => inboxes::admit(draft, quotas, *inbox, *append_key, *quota),
            Write::Append { mailbox, envelopes } => {
                mailboxes::append(draft, quotas, *mailbox, envelopes)
            }
            Write::Put {
                inbox,
                append_key,
                item,
            } => inboxes::put(draft, quotas, *inbox, *append_key, item),
            Write::Prune { inbox, items } => inboxes::prune(draft, *inbox, items),
            Write::FallBack { mailbox, lost } => mailboxes::fall_back(draft, *mailbox, *lost),
        }
    }
}

impl<T: Table> MailboxStore for Keep<T> {
    fn id(&self) -> StoreId {
        self.id
    }

    fn commit(&self, writes: &[Write]) -> Result<Vec<Result<Kept, Refusal>>, StoreError> {
        self.table.revive()?;
        let mut draft = Draft::new(&self.table);
        let mut outcomes = Vec::with_capacity(writes.len());
        for write in writes {
            let outcome = self.judge(&mut draft, write)?;
            if outcome.is_ok() {
                draft.keep();
            } else {
                draft.discard();
            }
            outcomes.push(outcome);
        }
        let changes = draft.into_changes();
        if !changes.is_empty() {
            self.table.apply(&changes)?;
        }
        Ok(outcomes)
    }

    fn heads(&self, mailbox: MailboxId) -> Result<Vec<Head>, StoreError> {
        mailboxes::heads(&self.table, mailbox)
    }

    fn envelopes(
        &self,
        mailbox: MailboxId,
        positions: &mut Positions,
        budget: usize,
    ) -> Result<EnvelopePage, StoreError> {
        mailboxes::page(&self.table, mailbox, positions, budget)
    }

    fn resume(&self, inbox: InboxId, cursor: Option<InboxCursor>) -> Result<u64, StoreError> {
        inboxes::resume(&self.table, inbox, cursor)
    }

    fn items(&self, inbox: InboxId, from: u64, budget: usize) -> Result<ItemPage, StoreError> {
        inboxes::page(&self.table, inbox, from, budget)
    }
}
