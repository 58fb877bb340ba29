//! The one-time secret of a pairing ticket and the two rendezvous inboxes it hides.

use std::fmt;

use rand_core::CryptoRng;
use techo_wire::Label;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::crypto::derive::derive;
use crate::crypto::{SealKey, SigningKey};

/// The secret that a ticket carries from one screen to the other.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct TicketSecret([u8; 32]);

/// An inbox that both holders of a ticket know: its owner key, its append key and its seal key.
#[derive(Debug)]
pub struct Rendezvous {
    /// Proves the inbox to the relay; its public half names it.
    pub inbox: SigningKey,
    /// May append to it.
    pub append: SigningKey,
    /// Opens its items.
    pub seal: SealKey,
}

impl TicketSecret {
    /// Makes the secret of a new ticket.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut secret = Self([0; 32]);
        rng.fill_bytes(&mut secret.0);
        secret
    }

    /// The secret that a ticket shows.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(*bytes)
    }

    /// The secret bytes, to be shown in the ticket and kept sealed, nowhere else.
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0)
    }

    /// The inbox that the newcomer reads.
    pub fn newcomer(&self) -> Rendezvous {
        self.rendezvous(Label::PairNewcomer)
    }

    /// The inbox that the inviter reads.
    pub fn inviter(&self) -> Rendezvous {
        self.rendezvous(Label::PairInviter)
    }

    fn rendezvous(&self, side: Label) -> Rendezvous {
        let seeds = derive::<96>(&self.0, side, &[]);
        let seed = |number: usize| {
            let mut seed = Zeroizing::new([0; 32]);
            for (to, from) in seed.iter_mut().zip(seeds.iter().skip(number * 32)) {
                *to = *from;
            }
            seed
        };
        Rendezvous {
            inbox: SigningKey::from_seed(&seed(0)),
            append: SigningKey::from_seed(&seed(1)),
            seal: SealKey::from_seed(&seed(2)),
        }
    }
}

impl fmt::Debug for TicketSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_sides_of_a_ticket_share_nothing() {
        let secret = TicketSecret::from_bytes(&[9; 32]);
        let (newcomer, inviter) = (secret.newcomer(), secret.inviter());
        assert_ne!(newcomer.inbox, inviter.inbox);
        assert_ne!(newcomer.append, inviter.append);
        assert_ne!(newcomer.inbox, newcomer.append);
        assert_ne!(newcomer.seal.public(), inviter.seal.public());
        assert_eq!(
            newcomer.inbox,
            TicketSecret::from_bytes(&[9; 32]).newcomer().inbox
        );
    }
}
