//! Members of the family and their handbooks.

use std::collections::BTreeMap;

use techo_health::{Member, Record};

use crate::Timestamp;
use crate::book::{BookId, BookKind, ControlOp, MemberId};
use crate::doc::{DocId, Edit};
use crate::vault::views::MemberView;
use crate::vault::write::rng;
use crate::vault::{Book, Vault, VaultError};

impl Vault {
    /// Adds a member: founds the handbook, writes the profile, enters both into the household.
    pub fn add_member(&mut self, profile: Member, now: Timestamp) -> Result<MemberId, VaultError> {
        let fields = Record::Member(profile).to_fields(false)?;
        let household = self.household.ok_or(VaultError::NoHousehold)?;
        let device = self.device_name().to_owned();
        let handbook = self.found(BookKind::Handbook, &device, now)?;
        let edits: Vec<Edit> = fields
            .into_iter()
            .map(|(field, value)| Edit::Put {
                record: None,
                field,
                value,
            })
            .collect();
        self.edit(&handbook, now, DocId::Profile, &edits)?;
        let member = MemberId::generate(&mut rng());
        let op = ControlOp::MemberAdded { member, handbook };
        self.write_controls(&household, now, vec![op])?;
        Ok(member)
    }

    /// Returns the members of the family whose handbook is held, by name.
    pub fn members(&self) -> Vec<MemberView> {
        let Ok(household) = self.household() else {
            return Vec::new();
        };
        let members = household.replica.fold().state().members();
        let mut views: Vec<MemberView> = members
            .filter_map(|(member, handbook)| self.member_view(*member, handbook))
            .collect();
        views.sort_by(|a, b| (a.text("birth_date"), a.id).cmp(&(b.text("birth_date"), b.id)));
        views
    }

    fn member_view(&self, id: MemberId, handbook: &BookId) -> Option<MemberView> {
        let book = self.books.get(handbook)?;
        let profile = book.profile();
        let loading = book.replica.feeds().missing().next().is_some();
        Some(MemberView {
            id,
            book: *handbook,
            profile,
            verified: book.verified(),
            loading,
        })
    }

    /// Finds a member by id, by name, or by an unambiguous beginning of either.
    pub fn find_member(&self, text: &str) -> Result<MemberView, VaultError> {
        let members = self.members();
        let exact = members
            .iter()
            .filter(|m| m.name() == text || m.id.to_string() == text);
        let exact: Vec<_> = exact.cloned().collect();
        let begins = |m: &&MemberView| {
            let names = ["name", "name_kana", "name_romaji"];
            names
                .iter()
                .filter_map(|field| m.text(field))
                .any(|name| name.contains(text))
                || m.id.to_string().starts_with(text)
        };
        let mut found = if exact.is_empty() {
            members.iter().filter(begins).cloned().collect()
        } else {
            exact
        };
        match (found.pop(), found.is_empty()) {
            (Some(member), true) => Ok(member),
            (Some(_), false) => Err(VaultError::AmbiguousMember),
            (None, _) => Err(VaultError::UnknownMember),
        }
    }

    /// Returns the handbook of a member.
    pub(super) fn handbook_of(&self, member: &MemberId) -> Result<BookId, VaultError> {
        let household = self.household()?;
        let mut members = household.replica.fold().state().members();
        let found = members
            .find(|(id, _)| *id == member)
            .ok_or(VaultError::UnknownMember)?;
        Ok(*found.1)
    }

    /// Returns whose handbook a book is.
    pub(super) fn member_of(&self, book: &BookId) -> Option<MemberId> {
        let household = self.household().ok()?;
        let mut members = household.replica.fold().state().members();
        members
            .find(|(_, handbook)| *handbook == book)
            .map(|(id, _)| *id)
    }
}

impl Book {
    pub(super) fn profile(&self) -> BTreeMap<String, Vec<techo_health::Value>> {
        let profile = self.replica.document(&DocId::Profile);
        let state = profile.and_then(|document| document.record(None));
        state.map(|state| state.fields).unwrap_or_default()
    }
}
