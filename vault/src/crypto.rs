//! Keys, derivation, sealing and signing: the only place in the vault that touches raw key bytes; it never decides who may do what.
