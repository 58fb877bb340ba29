//! The path of a record, product against floor in the same run: `just bench`. Numbers of one
//! machine mean nothing elsewhere; the ratios do. What is measured and why: docs/performance.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::missing_docs_in_private_items,
    reason = "a bench fails by panicking, prints its table, and counts in floats"
)]

mod machine;
mod process;
mod record;
mod quic;
mod floor;
mod product;
mod family;
mod table;
mod enrol;
mod measures;

use process::{Wish, say};

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("role") {
        let name = arguments.next().unwrap_or_default();
        run(&name, &Wish::read(arguments));
    } else {
        measures::all();
    }
}

fn run(role: &str, wish: &Wish) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    match role {
        "fill" => product::fill(wish),
        "unlock" => product::unlock(wish),
        "relay" => runtime.block_on(product::relay(wish)),
        "write" => runtime.block_on(product::write(wish)),
        "watch" => runtime.block_on(product::watch(wish)),
        "join" => runtime.block_on(product::join(wish)),
        "append" => runtime.block_on(product::append(wish)),
        "enrol" => enrol::role(wish),
        "idle" => runtime.block_on(product::idle(wish)),
        "floor-relay" => runtime.block_on(floor::relay(wish)),
        "floor-write" => runtime.block_on(floor::write(wish)),
        "floor-watch" => runtime.block_on(floor::watch(wish)),
        "floor-join" => runtime.block_on(floor::join(wish)),
        "floor-append" => runtime.block_on(floor::append(wish)),
        "floor-idle" => runtime.block_on(floor::idle(wish)),
        other => panic!("no role {other}"),
    }
}

/// Says times as microseconds behind the first word, whole numbers.
fn report_times(name: &str, times: &[u64]) {
    let words: Vec<String> = times.iter().map(|at| (at / 1_000).to_string()).collect();
    say(format!("{name} {}", words.join(" ")));
}
