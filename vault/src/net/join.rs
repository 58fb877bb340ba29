//! Pairing over a relay: carries the items between two devices that need not be online together.
//! Every step is put away before the next, and can be taken up again.

use std::time::Duration;

use techo_client::{Connection, InboxEvent};
use techo_wire::{InboxId, RelayAddress, Role, SealedItem};

use crate::Timestamp;
use crate::crypto::SigningKey;
use crate::net::driver::{Driver, NetError};
use crate::pairing::{Digits, Inviter, Newcomer, PairingError, Ticket};
use crate::vault::{Pairing, VaultError};

/// Bytes of pairing messages that wait at the rendezvous.
const QUOTA: u64 = 1 << 20;

/// How long to wait for the other device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Look once.
    Once,
    /// Wait until it answers, at most this long.
    Until(Duration),
}

impl Driver {
    /// Makes a ticket for this device and leaves its first word at the relay.
    pub async fn start_joining(
        &self,
        relay: RelayAddress,
        name: &str,
        lifetime: Duration,
    ) -> Result<Ticket, NetError> {
        let lifetime = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
        let expires = (self.clock)().plus_millis(lifetime);
        let (address, name) = (relay.clone(), name.to_owned());
        let (newcomer, hello) = self
            .vault
            .with(move |vault| vault.start_joining(address, &name, expires))
            .await?;
        let ticket = newcomer.ticket().clone();
        let connection = self.client.connect(&relay).await?;
        // Both sides of the rendezvous are opened here, so that the inviter finds them.
        let (inbox, owner) = newcomer.inbox();
        open(&connection, inbox, &owner, &newcomer.inviter_append_key()).await?;
        let (outbox, owner) = Inviter::inbox_of(&ticket);
        let (_, append) = newcomer.outbox();
        open(&connection, outbox, &owner, &append).await?;
        put(&connection, outbox, &append, &hello).await?;
        connection.close();
        self.keep(Pairing::Newcomer(Box::new(newcomer))).await?;
        Ok(ticket)
    }

    /// Waits for an inviter's answer, reveals this device's identities and returns the digits to
    /// compare and the inviter's name.
    pub async fn await_offer(&self, patience: Patience) -> Result<(Digits, String), NetError> {
        let mut newcomer = self.newcomer().await?;
        if newcomer.digits().is_none() {
            let relay = newcomer.ticket().relay().clone();
            let connection = self.client.connect(&relay).await?;
            let (inbox, owner) = newcomer.inbox();
            connection.prove(Role::Inbox, inbox, &owner).await?;
            let answer = find(&connection, inbox, patience, |item| {
                match newcomer.offered(&mut crate::vault::rng(), item) {
                    Ok(reveal) => Some(Ok(reveal)),
                    Err(PairingError::WrongTicket | PairingError::OutOfTurn) => None,
                    Err(error) => Some(Err(error)),
                }
            });
            let reveal = answer.await??;
            // Put away before it is sent: the identities must not be lost once they are known.
            let digits = newcomer.digits();
            let (outbox, append) = newcomer.outbox();
            let name = newcomer.inviter_name().unwrap_or_default().to_owned();
            self.keep(Pairing::Newcomer(Box::new(newcomer))).await?;
            put(&connection, outbox, &append, &reveal).await?;
            connection.close();
            return Ok((digits.ok_or(PairingError::OutOfTurn)?, name));
        }
        let digits = newcomer.digits().ok_or(PairingError::OutOfTurn)?;
        Ok((
            digits,
            newcomer.inviter_name().unwrap_or_default().to_owned(),
        ))
    }

    /// Waits for the grants and takes them. Called after the person confirmed the digits.
    pub async fn finish_joining(&self, patience: Patience) -> Result<(), NetError> {
        let newcomer = self.newcomer().await?;
        let connection = self.client.connect(newcomer.ticket().relay()).await?;
        let (inbox, owner) = newcomer.inbox();
        connection.prove(Role::Inbox, inbox, &owner).await?;
        let grants = find(&connection, inbox, patience, |item| {
            match newcomer.granted_in(item) {
                Ok(()) => Some(Ok(item.clone())),
                Err(PairingError::WrongTicket | PairingError::OutOfTurn) => None,
                Err(error) => Some(Err(error)),
            }
        });
        let item = grants.await??;
        connection.close();
        Ok(self
            .vault
            .with(move |vault| vault.finish_joining(newcomer, &item))
            .await?)
    }

    /// Forgets the pairing under way on this device.
    pub async fn forget_pairing(&self) -> Result<(), NetError> {
        Ok(self.vault.with(|vault| vault.keep_pairing(None)).await?)
    }

    /// Answers a ticket with an offer of every book; returns the new device's name.
    pub async fn answer_ticket(&self, ticket: Ticket) -> Result<String, NetError> {
        let now: Timestamp = (self.clock)();
        let checked = ticket.clone();
        self.vault
            .with(move |vault| vault.check_ticket(&checked, now))
            .await?;
        let connection = self.client.connect(ticket.relay()).await?;
        let (outbox, append) = Inviter::outbox_of(&ticket);
        let used = self.was_answered(&connection, &ticket).await?;
        if used {
            return Err(PairingError::AlreadyUsed.into());
        }
        let (inbox, owner) = Inviter::inbox_of(&ticket);
        connection.prove(Role::Inbox, inbox, &owner).await?;
        let hello = find(&connection, inbox, Patience::Once, |item| {
            Some(item.clone())
        })
        .await?;
        let started = self
            .vault
            .with(move |vault| vault.start_inviting(ticket, &hello, now))
            .await?;
        let (inviter, offer) = started;
        let name = inviter.newcomer_name().to_owned();
        put(&connection, outbox, &append, &offer).await?;
        connection.close();
        self.keep(Pairing::Inviter(Box::new(inviter))).await?;
        Ok(name)
    }

    /// Whether another device has answered this ticket: its answer lies in the newcomer's inbox.
    async fn was_answered(
        &self,
        connection: &Connection,
        ticket: &Ticket,
    ) -> Result<bool, NetError> {
        let (inbox, owner) = Inviter::newcomer_inbox_of(ticket);
        connection.prove(Role::Inbox, inbox, &owner).await?;
        match find(connection, inbox, Patience::Once, |_| Some(())).await {
            Ok(()) => Ok(true),
            Err(NetError::Pairing(PairingError::NotYet)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Waits until the new device reveals its identities; returns the digits to compare and its
    /// name.
    pub async fn await_reveal(&self, patience: Patience) -> Result<(Digits, String), NetError> {
        let mut inviter = self.inviter().await?;
        let name = inviter.newcomer_name().to_owned();
        if let Some(digits) = inviter.digits() {
            return Ok((digits, name));
        }
        let connection = self.client.connect(inviter.ticket().relay()).await?;
        let (inbox, owner) = Inviter::inbox_of(inviter.ticket());
        connection.prove(Role::Inbox, inbox, &owner).await?;
        let found = find(&connection, inbox, patience, |item| {
            match inviter.revealed(item) {
                Ok(digits) => Some(Ok(digits)),
                Err(PairingError::WrongTicket | PairingError::OutOfTurn) => None,
                Err(error) => Some(Err(error)),
            }
        });
        let digits = found.await??;
        connection.close();
        self.keep(Pairing::Inviter(Box::new(inviter))).await?;
        Ok((digits, name))
    }

    /// Lets the new device in: both people have compared `seen`.
    pub async fn confirm_invitation(&self, seen: Digits) -> Result<(), NetError> {
        let inviter = self.inviter().await?;
        let (outbox, append) = Inviter::outbox_of(inviter.ticket());
        let relay = inviter.ticket().relay().clone();
        let now = (self.clock)();
        // Entered into the books first: a grant counts only with the op that lets the device in.
        let grants = self
            .vault
            .with(move |vault| vault.confirm_invitation(inviter, seen, now))
            .await?;
        self.sync(&|_| ()).await?;
        let connection = self.client.connect(&relay).await?;
        put(&connection, outbox, &append, &grants).await?;
        connection.close();
        self.forget_pairing().await
    }

    /// Tells the new device that the person refused, and forgets it.
    pub async fn refuse_invitation(&self) -> Result<(), NetError> {
        let inviter = self.inviter().await?;
        let (outbox, append) = Inviter::outbox_of(inviter.ticket());
        let relay = inviter.ticket().relay().clone();
        let word = inviter.refused(&mut crate::vault::rng())?;
        let connection = self.client.connect(&relay).await?;
        put(&connection, outbox, &append, &word).await?;
        connection.close();
        self.forget_pairing().await
    }

    async fn newcomer(&self) -> Result<Newcomer, NetError> {
        match self.vault.with(|vault| vault.pairing()).await? {
            Some(Pairing::Newcomer(newcomer)) => Ok(*newcomer),
            Some(Pairing::Inviter(_)) | None => Err(VaultError::NoPairing.into()),
        }
    }

    async fn inviter(&self) -> Result<Inviter, NetError> {
        match self.vault.with(|vault| vault.pairing()).await? {
            Some(Pairing::Inviter(inviter)) => Ok(*inviter),
            Some(Pairing::Newcomer(_)) | None => Err(VaultError::NoPairing.into()),
        }
    }

    async fn keep(&self, pairing: Pairing) -> Result<(), NetError> {
        Ok(self
            .vault
            .with(move |vault| vault.keep_pairing(Some(&pairing)))
            .await?)
    }
}

async fn open(
    connection: &Connection,
    inbox: InboxId,
    owner: &SigningKey,
    append: &SigningKey,
) -> Result<(), NetError> {
    connection.prove(Role::Inbox, inbox, owner).await?;
    connection.admit_key(inbox, append.append(), QUOTA).await?;
    Ok(())
}

async fn put(
    connection: &Connection,
    inbox: InboxId,
    append: &SigningKey,
    item: &SealedItem,
) -> Result<(), NetError> {
    connection.prove(Role::Append, inbox, append).await?;
    connection.put(inbox, append.append(), item).await?;
    Ok(())
}

/// Reads an inbox from its beginning until `wanted` takes an item.
async fn find<T>(
    connection: &Connection,
    inbox: InboxId,
    patience: Patience,
    mut wanted: impl FnMut(&SealedItem) -> Option<T>,
) -> Result<T, NetError> {
    let look = async {
        let live = patience != Patience::Once;
        let mut stream = connection.fetch_inbox(inbox, None, live).await?;
        while let Some(event) = stream.next().await? {
            let InboxEvent::Items(items) = event else {
                continue;
            };
            if let Some(found) = items.iter().find_map(|(_, item)| wanted(item)) {
                return Ok(found);
            }
        }
        Err(NetError::Pairing(PairingError::NotYet))
    };
    match patience {
        Patience::Once => look.await,
        Patience::Until(limit) => tokio::time::timeout(limit, look)
            .await
            .unwrap_or(Err(NetError::Pairing(PairingError::NotYet))),
    }
}
