//! A family as every run finds it: three devices and a relay, in step, in folders to be copied.

use std::path::{Path, PathBuf};

use techo_health::Member;
use techo_relay::Config;
use techo_tests::family::{Device, NOW, TestRelay, pair, sync};
use techo_vault::crypto::Cost;
use techo_vault::vault::Vault;

use crate::machine;
use crate::product::install;

/// Folders of vaults and a relay, and the relay's port.
pub(crate) struct Family {
    pub(crate) root: PathBuf,
    pub(crate) port: u16,
}

impl Family {
    /// Founds the family: `a` writes, `b` reads, `c` joins later.
    pub(crate) async fn found(root: &Path) -> Self {
        let port = machine::free_port();
        let mut config = Config::new(root.join("relay"));
        config.listen = vec![([127, 0, 0, 1], port).into()];
        let relay = TestRelay::start_with(config).await;
        let pass = Device::passphrase();
        let made = Vault::create(&root.join("a"), &pass, Cost::FLOOR, &install(), "a", NOW);
        let mut a = made.unwrap();
        let child = Member {
            name: "手帳 はな".to_owned(),
            ..Member::default()
        };
        a.add_member(child, NOW).unwrap();
        a.add_relay(relay.address(), NOW).unwrap();
        for name in ["b", "c"] {
            let empty = Vault::create_empty(&root.join(name), &pass, Cost::FLOOR, &install());
            let (inviter, newcomer) = pair(a, empty.unwrap(), &relay.address()).await;
            let (newcomer, _) = sync(newcomer).await;
            let (inviter, _) = sync(inviter).await;
            a = inviter;
            newcomer.close().unwrap();
        }
        a.close().unwrap();
        relay.stop().await;
        let root = root.to_owned();
        Self { root, port }
    }

    /// Copies devices and relay for one run.
    pub(crate) fn copy(&self, to: &Path, names: &[&str]) -> PathBuf {
        drop(std::fs::remove_dir_all(to));
        for name in names {
            machine::copy(&self.root.join(name), &to.join(name));
        }
        to.to_owned()
    }
}

/// Returns the number and the bytes of all envelopes in a vault.
pub(crate) fn envelopes(vault: &Vault) -> (u64, u64) {
    let (mut count, mut bytes) = (0, 0);
    for target in vault.mailboxes() {
        let heads: Vec<_> = vault.feeds(&target.book).unwrap().heads().collect();
        for head in heads {
            let all = vault.envelopes(&target.book, &head.feed, 0, head.seq, usize::MAX);
            for envelope in all.unwrap() {
                count += 1;
                bytes += envelope.as_bytes().len() as u64;
            }
        }
    }
    (count, bytes)
}
