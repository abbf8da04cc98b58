//! The event database.
