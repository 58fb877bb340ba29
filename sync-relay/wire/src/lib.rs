//! What devices, cities and relays say to each other; it parses and verifies, and never holds a
//! secret, a clock or a socket.
