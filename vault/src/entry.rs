//! A signed, chained, sealed step of one feed; it never decides whether its author was allowed.
