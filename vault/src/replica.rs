//! One book as this device holds it: orders entries, holds those that wait, applies the rest; it never reads a disk.
