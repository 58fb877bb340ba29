//! A signed, chained, sealed step of one feed; it never decides whether its author was allowed.

mod op;
mod certificate;
mod draft;
mod feed;
mod verify;
mod grant;
mod payload;

pub use certificate::Certificate;
pub use draft::Draft;
pub use feed::FeedWriter;
pub use grant::Grant;
pub use op::{BlobHash, ChangeHash, Op};
pub use payload::{ItemPayload, PayloadError};
pub use verify::{Entry, EntryError, UnverifiedEntry};
