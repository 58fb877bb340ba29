//! The `techo-relay` program.
fn main() {}
