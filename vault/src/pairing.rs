//! How a new device joins: ticket, transcript, six digits; it never releases a key before both people confirmed.
