//! Drives sync sessions and pairing over real connections; the only place naming tokio and the
//! client. It decides nothing: sessions and use cases do.

mod driver;
mod incoming;
mod exchange;
mod fork;
mod join;
mod shared;
mod watch;

pub use driver::{Driver, NetError, RelayReport, SyncReport};
pub use join::Patience;
pub use shared::SharedVault;
pub use watch::Change;
