//! Who may read and write a book: a pure fold over its control ops; it never touches a document.
