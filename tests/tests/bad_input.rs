//! Bad input, line by line: each gets its own error, changes nothing that was there, and misleads
//! no other device.
//!
//! Where each line is tested (`here` is this folder):
//!
//! | line | test |
//! |---|---|
//! | wrong passphrase | here `vault`; `vault/src/crypto/slot/tests.rs` |
//! | damaged, truncated, foreign or newer vault | here `vault`; `damage.rs`; `vault/src/store/{header,locked,segments/tests,durable/tests}.rs` |
//! | second process on a vault | here `vault`; `crash.rs` (another process) |
//! | ticket expired, used twice, for another relay, refused | here `ticket` |
//! | wrong relay key, relay down, slow, full | here `relay`; `sync-relay/tests/boxes.rs` |
//! | relay wiped, restored from an old copy | here `relay`; `sync-relay/tests/boxes.rs` |
//! | vault restored from an old copy: forked feed | here `relay` |
//! | relay slow or silent, of another version, with false receipts | here `hostile` |
//! | replayed, reordered, altered, withheld envelopes | here `hostile`; `edits.rs` (`replicas`) |
//! | foreign envelopes, in another device's feed | here `hostile`; `edits.rs` (`replicas`) |
//! | forked feeds, a feed nobody certified | `edits.rs` (`replicas`) |
//! | frame truncated, too large, newer, out of place: read by a device | here `hostile` |
//! | envelope too large, truncated, of another version | `sync-relay/wire/src/envelope/tests.rs`, `vectors_wire.rs` (`envelopes`) |
//! | frame too large, truncated, malformed: read by a relay | `sync-relay/tests/protocol.rs`, `sync-relay/wire/src/frame/tests.rs` |
//! | entries too large, malformed, falsely certified | `vault/src/entry/verify/tests.rs`, `vectors_vault.rs` (`entries`) |
//! | order, forks and strange feeds refused by a relay | `sync-relay/tests/boxes.rs` |
//! | Automerge changes that would break a document | `vault/src/doc/tests/hostile.rs` |
//! | issued entry: index, chain | `vault/src/issued/tests.rs`: `entries_are_accepted_in_order_and_once`, `each_fault_of_place_has_its_own_name` |
//! | issued entry: group hash | `vault/src/issued/tests.rs`: `groups_must_be_the_ones_signed` |
//! | issued entry: signature, foreign key | `vault/src/issued/tests.rs`: `a_foreign_key_and_an_altered_statement_are_told_apart` |
//! | issued entry: small-order key | `vault/src/issued/tests.rs`: `a_key_of_small_order_signs_nothing_even_if_the_root_named_it` |
//! | issued entry: wrong binding | `vault/src/issued/tests.rs`: `a_binding_must_answer_what_was_asked`; `vectors_issued.rs` |
//! | CSV: Shift_JIS, BOM | `cli/city/src/city/tests.rs`: `the_same_file_issues_once_in_either_encoding_and_after_a_restart` |
//! | CSV: quotes, empty cells | `cli/city/src/sheet.rs`: `quotes_empty_cells_and_line_numbers_are_kept_apart` |
//! | CSV: impossible dates | `cli/city/src/city/tests.rs`: `every_bad_line_is_reported_and_the_good_ones_go_on`; `vault/health/src/date.rs` |
//! | disk full | here `disk` |
//! | disk full: the store alone | `vault/src/store/{segments,durable}/tests.rs`; the relay: `sync-relay/src/relay/tests.rs` |
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod bad_input {
    mod disk;
    mod hostile;
    mod relay;
    mod ticket;
    mod vault;
}
