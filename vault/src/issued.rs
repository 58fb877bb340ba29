//! Official entries and bindings: verifies and derives; it never parses Automerge bytes from outside.
