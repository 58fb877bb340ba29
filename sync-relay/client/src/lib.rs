//! Speaks the wire protocol over QUIC; it moves envelopes and items and never opens one.
//!
//! Edges only: sockets, TLS and tokio's clock. The module list is the layer list, bottom first.

pub mod error;
pub mod timings;
mod tls;
mod frames;
mod pipeline;
mod link;
mod stream;
mod connection;
mod client;

pub use client::Client;
pub use connection::{Connection, ProveKey};
pub use error::{ClientError, Misbehaviour};
pub use stream::{InboxEvent, InboxStream, MailboxEvent, MailboxStream};
pub use timings::Timings;
