//! Migrations of the spacemaster database.
