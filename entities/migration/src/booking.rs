//! Migrations of the booking database.
