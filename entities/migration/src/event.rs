//! Migrations of the event database.
