//! A relay on a free port, a client, and items.

use std::time::Duration;
use techo_client::{Client, Connection, InboxEvent, InboxStream, MailboxEvent, MailboxStream};
use techo_relay::{Config, Limits, Quotas, Relay, RunningRelay};
use techo_wire::{RelayAddress, SealedItem, item};
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) quotas: Quotas,
    pub(crate) limits: Limits,
    client: Client,
    relay: Option<RunningRelay>,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(Quotas::default(), Limits::default()).await
    }

    pub(crate) async fn with(quotas: Quotas, limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let client = Client::new().unwrap();
        let mut world = Self {
            dir,
            quotas,
            limits,
            client,
            relay: None,
        };
        world.start_relay().await;
        world
    }

    pub(crate) async fn start_relay(&mut self) {
        self.relay = Some(Relay::start(self.config()).await.unwrap());
    }

    pub(crate) fn config(&self) -> Config {
        let mut config = Config::new(self.dir.path());
        config.listen = vec!["127.0.0.1:0".parse().unwrap()];
        config.quotas = self.quotas;
        config.limits = self.limits;
        config
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) async fn stop_relay(&mut self) {
        self.relay.take().unwrap().stop().await;
    }

    pub(crate) fn relay(&self) -> &RunningRelay {
        self.relay.as_ref().unwrap()
    }

    pub(crate) fn address(&self) -> RelayAddress {
        self.relay().address_for("127.0.0.1").unwrap()
    }

    pub(crate) async fn connect(&self) -> Connection {
        self.client.connect(&self.address()).await.unwrap()
    }

    pub(crate) async fn stop(mut self) {
        self.stop_relay().await;
    }
}

pub(crate) fn sealed(fill: u8) -> SealedItem {
    SealedItem::new(
        &[fill; item::ENCAPSULATED],
        &vec![fill; 2_048 - item::CIPHERTEXT],
    )
    .unwrap()
}

pub(crate) async fn next(stream: &mut MailboxStream) -> MailboxEvent {
    tokio::time::timeout(DEADLINE, stream.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap()
}

pub(crate) async fn next_items(stream: &mut InboxStream) -> InboxEvent {
    tokio::time::timeout(DEADLINE, stream.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap()
}
