//! Publishes packs of messages: the same signed, chained entries as records, one for every binding that
//! stands. It never chooses who gets a pack: matching happens on the family's device.

use techo_health::message::Pack;
use techo_vault::issued::{Groups, IssuedKind};
use techo_wire::{canonical, label};

use crate::publish::{BATCH, Draft, Statement, content};
use crate::{City, CityError, PublishReport};

impl City {
    /// Issues a pack to everybody bound; a newer text of the same pack corrects the older one. The
    /// same file again issues nothing, except to families that were bound since.
    pub fn publish_messages(&mut self, now: u64, text: &str) -> Result<PublishReport, CityError> {
        let pack = Pack::parse(text)?;
        if pack.issuer() != self.file.id().to_string() {
            return Err(CityError::PackOfAnother);
        }
        let groups = Groups::of_pack(pack.id(), text).map_err(|_| CityError::PackTooLong)?;
        self.say(now, pack.id(), Some(&groups))
    }

    /// Takes a pack back, by its id.
    pub fn withdraw_messages(&mut self, now: u64, pack: &str) -> Result<PublishReport, CityError> {
        self.say(now, pack, None)
    }

    /// Says the same under every binding that stands; nothing is a withdrawal.
    fn say(
        &mut self,
        now: u64,
        pack: &str,
        groups: Option<&Groups>,
    ) -> Result<PublishReport, CityError> {
        let identity = label::sha256(&canonical::encode(&("message_pack", pack)));
        let said = groups.map(content);
        let mut report = PublishReport::default();
        let mut drafts = vec![Draft::default()];
        for state in self.state.bindings.values().filter(|state| state.stands()) {
            let held = state.facts.get(&identity).filter(|held| !held.withdrawn);
            let (kind, supersedes) = match (said, held) {
                (Some(said), Some(held)) if held.content == said => {
                    report.already += 1;
                    continue;
                }
                (None, None) => continue,
                (Some(_), None) => (IssuedKind::Issue, None),
                (Some(_), Some(held)) => (IssuedKind::Correct, Some(held.current)),
                (None, Some(held)) => (IssuedKind::Withdraw, Some(held.current)),
            };
            let statement = Statement {
                kind,
                supersedes,
                identity,
                content: said.or(held.map(|held| held.content)).unwrap_or_default(),
                groups: groups.cloned().unwrap_or_default(),
            };
            if drafts
                .last()
                .is_none_or(|draft| draft.records.len() >= BATCH)
            {
                drafts.push(Draft::default());
            }
            if let Some(draft) = drafts.last_mut() {
                self.sign(now, state, statement, draft);
            }
            report.issued += 1;
        }
        for draft in drafts.into_iter().filter(|draft| !draft.records.is_empty()) {
            self.commit(draft.records)?;
        }
        Ok(report)
    }
}
