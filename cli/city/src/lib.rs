//! The issuer: a city's keys, bindings and publications; it never learns which vault is whose.
