//! Finds and dials relays; one UDP socket for each family of addresses, made when needed.

use crate::connection::Connection;
use crate::error::ClientError;
use crate::timings::{CLOSE, HEAD_START, Timings};
use crate::tls;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use techo_wire::RelayAddress;
use tokio::task::JoinSet;

/// Connects to relays. Needs a tokio runtime with time and IO.
#[derive(Debug)]
pub struct Client {
    timings: Timings,
    sockets: Mutex<Sockets>,
}

#[derive(Debug, Default)]
struct Sockets {
    v4: Option<quinn::Endpoint>,
    v6: Option<quinn::Endpoint>,
}

impl Client {
    /// Makes a client with the usual deadlines.
    pub fn new() -> Result<Self, ClientError> {
        Self::with_timings(Timings::default())
    }

    /// Makes a client with deadlines of one's own.
    pub fn with_timings(timings: Timings) -> Result<Self, ClientError> {
        Ok(Self {
            timings,
            sockets: Mutex::default(),
        })
    }

    /// Connects to a relay and checks that it holds the key of its address.
    pub async fn connect(&self, address: &RelayAddress) -> Result<Connection, ClientError> {
        let dialled = async {
            let found = tokio::net::lookup_host((address.host(), address.port()))
                .await
                .map_err(ClientError::Unreachable)?;
            let quic = self.race(found.collect(), address).await?;
            Box::pin(Connection::greet(quic, address.key(), self.timings.request)).await
        };
        tokio::time::timeout(self.timings.connect, dialled)
            .await
            .map_err(|_| ClientError::TimedOut)?
    }

    /// Ends all connections and waits until the relays were told.
    pub async fn close(self) {
        let Sockets { v4, v6 } =
            std::mem::take(&mut *self.sockets.lock().unwrap_or_else(PoisonError::into_inner));
        for endpoint in [v4, v6].into_iter().flatten() {
            endpoint.close(crate::pipeline::DONE.into(), b"");
            drop(tokio::time::timeout(CLOSE, endpoint.wait_idle()).await);
        }
    }

    /// Dials every address, each a little later than the one before; the first handshake wins.
    async fn race(
        &self,
        found: Vec<SocketAddr>,
        address: &RelayAddress,
    ) -> Result<quinn::Connection, ClientError> {
        let mut attempts = JoinSet::new();
        let mut failure = ClientError::Unreachable(io::ErrorKind::NotFound.into());
        for (delay, to) in (0u32..).zip(found) {
            let endpoint = match self.endpoint(to.ip()) {
                Ok(endpoint) => endpoint,
                Err(error) => {
                    failure = error;
                    continue;
                }
            };
            let pinned = tls::pinned(address.key(), &self.timings)?;
            attempts.spawn(async move {
                tokio::time::sleep(HEAD_START * delay).await;
                dial(&endpoint, to, pinned).await
            });
        }
        while let Some(attempt) = attempts.join_next().await {
            match attempt {
                Ok(Ok(connection)) => return Ok(connection),
                // That somebody else answers is worth more than that one address is silent.
                Ok(Err(_)) if matches!(failure, ClientError::WrongRelayKey) => {}
                Ok(Err(error)) => failure = error,
                Err(_) => failure = ClientError::Closed(None),
            }
        }
        Err(failure)
    }

    fn endpoint(&self, to: IpAddr) -> Result<quinn::Endpoint, ClientError> {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        let (slot, any): (_, IpAddr) = match to {
            IpAddr::V4(_) => (&mut sockets.v4, Ipv4Addr::UNSPECIFIED.into()),
            IpAddr::V6(_) => (&mut sockets.v6, Ipv6Addr::UNSPECIFIED.into()),
        };
        if let Some(endpoint) = slot {
            return Ok(endpoint.clone());
        }
        let endpoint =
            quinn::Endpoint::client((any, 0).into()).map_err(ClientError::Unreachable)?;
        Ok(slot.insert(endpoint).clone())
    }
}

async fn dial(
    endpoint: &quinn::Endpoint,
    to: SocketAddr,
    pinned: tls::PinnedConfig,
) -> Result<quinn::Connection, ClientError> {
    let connecting = endpoint
        .connect_with(pinned.config, to, tls::SERVER_NAME)
        .map_err(|error| ClientError::Unreachable(io::Error::other(error)))?;
    connecting.await.map_err(|error| {
        if pinned.mismatch.load(std::sync::atomic::Ordering::Acquire) {
            ClientError::WrongRelayKey
        } else {
            error.into()
        }
    })
}
