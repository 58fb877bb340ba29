//! The vault's folder: segments, keys, manifest, index; it never opens an envelope.
