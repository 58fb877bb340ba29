//! Drives sync sessions over real connections; the only place naming tokio and the client.
