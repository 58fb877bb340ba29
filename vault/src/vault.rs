//! What a family does with its vault: each use case ends in one commit.
