//! Schema migrations: one Migrator per database, and the columns they share.
//!
//! Never imports `entities`: an old migration must not change when a model does.
mod audit;
pub mod column;
mod idempotency;

pub mod booking;
pub mod event;
pub mod spacemaster;
pub mod ticket;
pub mod user;
