//! Automerge documents of a book: applies checked changes and reads records; hostile input stops here.
