//! The user database.
