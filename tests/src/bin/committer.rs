//! Commits batches from several threads until it is killed, and says which are acknowledged.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test's child talks to the test"
)]

use std::path::Path;

use techo_tests::batches::{THREADS, batch, open};
use techo_vault::store::Store as _;

fn main() {
    let mut args = std::env::args().skip(1);
    let (folder, round) = (
        args.next().expect("a folder"),
        args.next().expect("a round"),
    );
    let store = open(Path::new(&folder)).expect("the store opens");
    let (store, round) = (&store, round.parse().expect("a number"));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for n in 0_u32.. {
                    store.commit(batch(round, thread, n)).expect("a commit");
                    println!("\nacknowledged {round} {thread} {n}");
                }
            });
        }
    });
}
