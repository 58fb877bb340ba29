//! The program itself: says where it is, stops on SIGTERM, and loses nothing when it is killed.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says where"
)]

mod support {
    pub(crate) mod feed;
}

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use support::feed::{Feed, Key, drain};
use techo_client::{Client, Connection};
use techo_wire::{MailboxId, RelayAddress, Role};

struct Program {
    child: Child,
    address: RelayAddress,
}

impl Program {
    fn start(dir: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_techo-relay"))
            .args(["--listen", "127.0.0.1:0", "--log-format", "json", "--dir"])
            .arg(dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            child,
            address: line.trim_end().parse().unwrap(),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Already ended in a test that passes.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

async fn open(client: &Client, program: &Program, feed: &Feed) -> (Connection, MailboxId) {
    let connection = client.connect(&program.address).await.unwrap();
    let mailbox = MailboxId::from_bytes(Key::new(1).public());
    connection
        .prove(Role::Mailbox, mailbox, &Key::new(1))
        .await
        .unwrap();
    connection.admit_feed(mailbox, feed.id()).await.unwrap();
    (connection, mailbox)
}

// The test blocks in `wait` while the client must still answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_ends_it_in_order_and_its_key_stays() {
    let dir = tempfile::tempdir().unwrap();
    let client = Client::new().unwrap();
    let mut program = Program::start(dir.path());
    let key = program.address.key();
    let (connection, _) = open(&client, &program, &Feed::new(2)).await;
    let pid = program.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert!(program.child.wait().unwrap().success());
    assert!(
        connection
            .admit_feed(MailboxId::from_bytes([1; 32]), Feed::new(3).id())
            .await
            .is_err()
    );
    assert_eq!(Program::start(dir.path()).address.key(), key);
}

#[tokio::test]
async fn a_killed_relay_keeps_every_acknowledged_envelope() {
    let dir = tempfile::tempdir().unwrap();
    let client = Client::new().unwrap();
    let mut feed = Feed::new(2);
    for round in 1..=3 {
        let mut program = Program::start(dir.path());
        let (connection, mailbox) = open(&client, &program, &feed).await;
        for envelope in feed.grow(20) {
            connection.append(mailbox, &[envelope]).await.unwrap();
        }
        program.child.kill().unwrap();
        program.child.wait().unwrap();

        let again = Program::start(dir.path());
        let (connection, mailbox) = open(&client, &again, &feed).await;
        let kept = drain(connection.fetch(mailbox, vec![], false).await.unwrap()).await;
        assert_eq!(kept.len(), round * 20);
    }
}
