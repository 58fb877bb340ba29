//! A conversation about one mailbox: what to send, what to ask for, and which gap, fork or rollback shows; it has no clock and no socket.
