//! What family health records mean; it never stores, sends or reads a clock.
