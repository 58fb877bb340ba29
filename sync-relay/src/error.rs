//! Why a relay does not start.

use crate::identity::IdentityError;
use crate::store::StoreError;
use std::io;
use std::net::SocketAddr;
use techo_wire::address::AddressError;

/// Why a relay does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RelayError {
    /// The directory cannot be used.
    #[error("the relay's directory cannot be used")]
    Directory(#[source] io::Error),
    /// No key.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// No store.
    #[error("the relay's store does not open")]
    Store(#[from] StoreError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Metrics were to be told to more than this machine.
    #[error("metrics are told on the loopback only, not on {address}")]
    MetricsInPublic {
        /// The address.
        address: SocketAddr,
    },
    /// There is no address to listen on.
    #[error("no address to listen on")]
    NoAddress,
    /// The host by which clients are to reach the relay is none.
    #[error("not a host by which clients can reach the relay")]
    Host(#[from] AddressError),
    /// A thread could not be started, or a signal not be waited for.
    #[error("the system refused")]
    System(#[source] io::Error),
}
