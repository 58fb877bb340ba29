//! What follows from the control ops that stand; the same for the same ops, in whatever order they
//! came.

use std::collections::BTreeMap;

use techo_wire::{EnvelopeHash, Head, RelayAddress};

use crate::book::fold::{Node, Standing};
use crate::book::past::Past;
use crate::book::{
    BookKind, ControlOp, Device, Enrolment, EpochCommitment, MemberId, NewEpoch, Role,
};
use crate::crypto::{BookId, DeviceKey};

/// A device of a book, also after its removal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceState {
    /// Its description.
    pub device: Device,
    /// What it may do, or might do until it was removed.
    pub role: Role,
    /// The removals of it that stand.
    pub removals: Vec<Removal>,
}

impl DeviceState {
    /// Whether it may no longer take part.
    pub fn is_removed(&self) -> bool {
        !self.removals.is_empty()
    }
}

/// One removal of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Removal {
    /// The envelope that says so.
    pub op: EnvelopeHash,
    /// Who removed it.
    pub by: DeviceKey,
    /// Up to where its feeds are accepted.
    pub heads: Vec<Head>,
    /// Whether the removed device removed this one's author at the same time: the family must
    /// decide.
    pub mutual: bool,
}

/// An epoch of a book.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EpochState {
    /// What a grant's key must agree with.
    pub commitment: EpochCommitment,
    /// The sealed keys of earlier epochs; none for the first.
    pub joins: Option<NewEpoch>,
}

/// An issuer whose word counts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrustedIssuer {
    /// The envelope that says so.
    pub op: EnvelopeHash,
    /// The pinned issuer file.
    pub file: Vec<u8>,
}

/// An enrolment that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenedEnrolment {
    /// The envelope that says so.
    pub op: EnvelopeHash,
    /// Its keys.
    pub enrolment: Box<Enrolment>,
}

/// A binding that a guardian's device checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AcceptedBinding {
    /// The envelope that says so.
    pub op: EnvelopeHash,
    /// The signed binding.
    pub binding: Vec<u8>,
    /// The signed key set.
    pub key_set: Vec<u8>,
}

/// A device's wish to be let into a handbook.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceOffer {
    /// The device of the household that asks.
    pub by: DeviceKey,
    /// The handbook.
    pub handbook: BookId,
    /// Its description there.
    pub device: Device,
}

/// A book's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookState {
    kind: Option<BookKind>,
    devices: BTreeMap<DeviceKey, DeviceState>,
    epochs: Vec<EpochState>,
    issuers: Vec<TrustedIssuer>,
    enrolments: Vec<OpenedEnrolment>,
    bindings: Vec<AcceptedBinding>,
    relays: Vec<RelayAddress>,
    members: BTreeMap<MemberId, BookId>,
    offers: Vec<DeviceOffer>,
}

impl BookState {
    /// What the book is about.
    pub fn kind(&self) -> Option<BookKind> {
        self.kind
    }

    /// All devices that ever were in the book.
    pub fn devices(&self) -> impl Iterator<Item = (&DeviceKey, &DeviceState)> {
        self.devices.iter()
    }

    /// One device, also after its removal.
    pub fn device(&self, key: &DeviceKey) -> Option<&DeviceState> {
        self.devices.get(key)
    }

    /// What a device may do now.
    pub fn role(&self, key: &DeviceKey) -> Option<Role> {
        self.device(key)
            .filter(|device| !device.is_removed())
            .map(|device| device.role)
    }

    /// The epochs in order; the last one is written in.
    pub fn epochs(&self) -> &[EpochState] {
        &self.epochs
    }

    /// The issuers whose word counts.
    pub fn issuers(&self) -> &[TrustedIssuer] {
        &self.issuers
    }

    /// The enrolments opened, with their keys.
    pub fn enrolments(&self) -> &[OpenedEnrolment] {
        &self.enrolments
    }

    /// The bindings accepted.
    pub fn bindings(&self) -> &[AcceptedBinding] {
        &self.bindings
    }

    /// The relays that keep the book.
    pub fn relays(&self) -> impl Iterator<Item = &RelayAddress> {
        self.relays.iter()
    }

    /// The members of the family and their handbooks.
    pub fn members(&self) -> impl Iterator<Item = (&MemberId, &BookId)> {
        self.members.iter()
    }

    /// The devices that ask to be let into handbooks.
    pub fn offers(&self) -> &[DeviceOffer] {
        &self.offers
    }

    /// Unites the effects of the ops that stand.
    pub(in crate::book) fn of(
        nodes: &[Node],
        standing: impl Fn(&Past, &DeviceKey) -> Standing,
    ) -> Self {
        let mut order: Vec<(usize, &Node)> = nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.verdict.is_ok())
            .collect();
        order.sort_by_key(|(_, node)| (node.depth, node.hash));
        let mut state = Self::default();
        for (_, node) in &order {
            state.take(node);
        }
        for (_, node) in &order {
            if let ControlOp::DeviceRemoved { device, heads, .. } = node.control.op() {
                // Neither knew the other, or its author had been removed and it would not stand.
                let mutual = order.iter().any(|(_, other)| {
                    other.author == *device
                        && matches!(other.control.op(),
                            ControlOp::DeviceRemoved { device, .. } if *device == node.author)
                });
                let (op, by, heads) = (node.hash, node.author, heads.clone());
                if let Some(entry) = state.devices.get_mut(device) {
                    entry.removals.push(Removal {
                        op,
                        by,
                        heads,
                        mutual,
                    });
                }
            }
        }
        state.set_roles(&order, standing);
        state
    }

    /// The role of each device, leaving removals aside.
    fn set_roles(
        &mut self,
        order: &[(usize, &Node)],
        standing: impl Fn(&Past, &DeviceKey) -> Standing,
    ) {
        let mut everything = Past::default();
        for (number, node) in order {
            if !matches!(node.control.op(), ControlOp::DeviceRemoved { .. }) {
                everything.insert(*number);
            }
        }
        for (key, entry) in &mut self.devices {
            if let Standing::Active(role) = standing(&everything, key) {
                entry.role = role;
            }
        }
    }

    fn take(&mut self, node: &Node) {
        let op = node.hash;
        match node.control.op() {
            ControlOp::Genesis(genesis) => {
                self.kind = Some(genesis.kind());
                self.add(genesis.founder(), Role::Guardian);
                self.begin(genesis.epoch(), None);
            }
            ControlOp::DeviceAdded { device, role } => self.add(device, *role),
            ControlOp::DeviceRemoved { epoch, .. } | ControlOp::EpochStarted(epoch) => {
                self.begin(epoch.commitment(), Some(epoch.clone()));
            }
            ControlOp::RoleSet { .. } => {}
            ControlOp::IssuerTrusted { file } => {
                if self.issuers.iter().all(|known| known.file != *file) {
                    self.issuers.push(TrustedIssuer {
                        op,
                        file: file.clone(),
                    });
                }
            }
            ControlOp::EnrolmentOpened(enrolment) => {
                self.enrolments.push(OpenedEnrolment {
                    op,
                    enrolment: enrolment.clone(),
                });
            }
            ControlOp::BindingAccepted { binding, key_set } => {
                if self.bindings.iter().all(|known| known.binding != *binding) {
                    let (binding, key_set) = (binding.clone(), key_set.clone());
                    self.bindings.push(AcceptedBinding {
                        op,
                        binding,
                        key_set,
                    });
                }
            }
            ControlOp::RelayAdded(relay) => {
                if !self.relays.contains(relay) {
                    self.relays.push(relay.clone());
                }
            }
            ControlOp::MemberAdded { member, handbook } => {
                self.members.entry(*member).or_insert(*handbook);
            }
            ControlOp::DeviceOffered { handbook, device } => {
                let (by, handbook, device) = (node.author, *handbook, device.clone());
                let offer = DeviceOffer {
                    by,
                    handbook,
                    device,
                };
                if !self.offers.contains(&offer) {
                    self.offers.push(offer);
                }
            }
        }
    }

    /// Of two descriptions of one device the first in order stands.
    fn add(&mut self, device: &Device, role: Role) {
        let fresh = || DeviceState {
            device: device.clone(),
            role,
            removals: Vec::new(),
        };
        self.devices.entry(device.key()).or_insert_with(fresh);
    }

    fn begin(&mut self, commitment: EpochCommitment, joins: Option<NewEpoch>) {
        if self
            .epochs
            .iter()
            .all(|epoch| epoch.commitment != commitment)
        {
            self.epochs.push(EpochState { commitment, joins });
        }
    }
}
