//! The `techo` command line.
fn main() {}
