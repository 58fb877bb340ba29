//! Speaks the wire protocol over QUIC; it moves envelopes and items and never opens one.
