//! Schema migrations: one Migrator per database.
pub mod user;
pub mod event;
pub mod ticket;
pub mod booking;
pub mod spacemaster;
