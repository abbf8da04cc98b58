//! Migrations of the ticket database.
