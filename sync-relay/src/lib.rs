//! The relay: keeps envelopes and items until they are fetched, and never opens one.
