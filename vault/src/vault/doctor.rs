//! Looks at a vault as a whole: what is damaged, what is missing, what was lost; it repairs nothing
//! by itself.

use serde::Serialize;

use crate::store::Damage;
use crate::vault::views::{RelayView, Status};
use crate::vault::{Book, Vault, VaultError};

/// Entries that exist and that this vault does not hold whole.
#[derive(Debug, Clone, Serialize)]
pub struct LostEntry {
    /// The member's name, or nothing for the household.
    pub member: Option<String>,
    /// The device that wrote them.
    pub device: String,
    /// The first sequence.
    pub from: u64,
    /// The last sequence.
    pub to: u64,
    /// Whether their content is still shown, though the signed original is damaged here.
    pub content_held: bool,
    /// Whether a relay signed for them, so that the next sync can bring them back.
    pub at_relay: bool,
}

/// What was found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DoctorReport {
    /// Frames read and found whole.
    pub frames: usize,
    /// Damaged places on the disk.
    pub damage: Vec<String>,
    /// Entries that are not held whole.
    pub lost: Vec<LostEntry>,
    /// Entries that were not applied, with the reason of each.
    pub quarantined: Vec<String>,
    /// Control ops that do not stand.
    pub refused_controls: usize,
    /// Proofs that an issuer contradicted itself.
    pub forks: usize,
    /// Entries that this device wrote on an old copy of itself: they are said again, and kept as
    /// evidence.
    pub retired: usize,
}

impl DoctorReport {
    /// Says whether everything is as it should be.
    pub fn is_sound(&self) -> bool {
        self.damage.is_empty()
            && self.lost.is_empty()
            && self.forks == 0
            && self.quarantined.is_empty()
    }
}

impl Vault {
    /// Reads the whole log and compares it with what the vault should hold.
    pub fn doctor(&mut self) -> Result<DoctorReport, VaultError> {
        let mut report = DoctorReport::default();
        let mut damage: Vec<Damage> = self.damage.clone();
        self.store
            .scan(crate::store::Position::START, &mut |scanned| {
                match scanned {
                    crate::store::Scanned::Frame { .. } => report.frames += 1,
                    crate::store::Scanned::Damage { segment, from, to } => {
                        let found = Damage::Bytes { segment, from, to };
                        if !damage.contains(&found) {
                            damage.push(found);
                        }
                    }
                }
                std::ops::ControlFlow::Continue(())
            })?;
        self.scrub()?;
        // Asks for every document, which is when damage to those in the index is found.
        let unreadable = self.forget_unreadable()?;
        for found in self.store.index_damage() {
            if !damage.contains(&found) {
                damage.push(found);
            }
        }
        report.damage = damage.iter().map(ToString::to_string).collect();
        report.damage.extend(unreadable);
        for (id, book) in &self.books {
            let member = self.member_of(id).and_then(|member| {
                let view = self.members().into_iter().find(|view| view.id == member)?;
                Some(view.name().to_owned())
            });
            report.lost.extend(book.lost(member.as_deref()));
            report.quarantined.extend(book.quarantine());
            report.retired += book.replica.feeds().retired();
            report.refused_controls += book.replica.fold().refused().count();
            report.forks += book
                .issued_books()
                .map(|book| book.forks().len())
                .sum::<usize>();
        }
        Ok(report)
    }

    /// Names documents and pages of feeds whose saved form cannot be read, and has the derived state
    /// made anew from the log at the next opening.
    fn forget_unreadable(&mut self) -> Result<Vec<String>, VaultError> {
        let books = self.books.values();
        let mut unreadable: Vec<String> = books
            .flat_map(|book| book.replica.documents())
            .filter(|(_, document)| !document.is_readable())
            .map(|(id, _)| format!("document {id} cannot be read; open the vault again"))
            .collect();
        if self.has_lost_pages() {
            unreadable.push("places of entries cannot be read; open the vault again".to_owned());
        }
        if !unreadable.is_empty() {
            self.store
                .checkpoint(&[], vec![("state".to_owned(), None)])?;
        }
        Ok(unreadable)
    }

    /// Returns how the vault stands.
    pub fn status(&self) -> Status {
        let books = || self.books.values();
        let relays = self.relays().into_iter().map(|relay| {
            let acknowledged = books()
                .map(|book| book.acknowledged_by(relay.key()))
                .sum::<u64>();
            RelayView {
                address: relay.to_string(),
                acknowledged,
                behind: books().map(|book| book.behind(relay.key())).sum(),
            }
        });
        Status {
            members: self.members().len(),
            entries: books().map(Book::entries).sum(),
            waiting: books().map(|book| book.replica.feeds().deferred()).sum(),
            missing: books().map(Book::missing).sum(),
            quarantined: books().flat_map(Book::quarantine).collect(),
            damage: self.damage.iter().map(ToString::to_string).collect(),
            relays: relays.collect(),
        }
    }
}

impl Book {
    fn entries(&self) -> u64 {
        self.replica
            .feeds()
            .heads()
            .map(|head| head.seq.saturating_add(1))
            .sum()
    }

    fn missing(&self) -> u64 {
        let feeds = self.replica.feeds();
        feeds
            .missing()
            .map(|head| head.seq.saturating_add(1) - feeds.length(&head.feed))
            .sum()
    }

    fn acknowledged_by(&self, relay: techo_wire::RelayKey) -> u64 {
        let heads = self
            .acknowledged
            .get(&relay)
            .into_iter()
            .flat_map(|heads| heads.values());
        heads.map(|head| head.seq.saturating_add(1)).sum()
    }

    /// Entries of this device that a relay has not signed for; those of others came from a relay.
    fn behind(&self, relay: techo_wire::RelayKey) -> u64 {
        let own = self.secrets.device.key();
        let feeds = self.replica.feeds();
        // The rest of a feed in which this device was set back came from a relay.
        let heads = feeds.heads().filter(|head| {
            feeds.device(&head.feed) == Some(&own) && !feeds.was_set_back(&head.feed)
        });
        let signed = self.acknowledged.get(&relay);
        let behind = heads.map(|head| {
            let signed = signed.and_then(|heads| heads.get(&head.feed));
            let signed = signed.map_or(0, |signed| signed.seq.saturating_add(1));
            head.seq.saturating_add(1).saturating_sub(signed)
        });
        behind.sum()
    }

    fn quarantine(&self) -> impl Iterator<Item = String> {
        self.replica.quarantined().iter().map(|entry| {
            let state = self.replica.fold().state();
            let name = state
                .device(&entry.author)
                .map(|known| known.device.name().to_owned());
            format!(
                "{} #{}: {}",
                name.unwrap_or_default(),
                entry.sequence,
                entry.reason
            )
        })
    }

    /// Entries that are not held whole: missing from the chain, or damaged on the disk.
    fn lost(&self, member: Option<&str>) -> Vec<LostEntry> {
        let feeds = self.replica.feeds();
        let state = self.replica.fold().state();
        let entry = |feed, from, to, content_held| LostEntry {
            member: member.map(str::to_owned),
            device: feeds
                .device(&feed)
                .and_then(|key| Some(state.device(key)?.device.name().to_owned()))
                .unwrap_or_default(),
            from,
            to,
            content_held,
            at_relay: self
                .acknowledged
                .values()
                .any(|heads| heads.get(&feed).is_some_and(|head| head.seq >= to)),
        };
        let missing = feeds
            .missing()
            .map(|head| entry(head.feed, feeds.length(&head.feed), head.seq, false));
        let holes = self.locations.iter().flat_map(|(feed, places)| {
            let runs = runs(places.holes());
            runs.into_iter()
                .map(|(from, to)| entry(*feed, from, to, true))
        });
        missing.chain(holes).collect()
    }
}

/// The runs of ascending sequences.
fn runs(sequences: impl Iterator<Item = u64>) -> Vec<(u64, u64)> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for sequence in sequences {
        match runs.last_mut() {
            Some((_, to)) if *to + 1 == sequence => *to = sequence,
            _ => runs.push((sequence, sequence)),
        }
    }
    runs
}
