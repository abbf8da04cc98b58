//! The user service over real HTTP, on a real database: SQLite, or MySQL when `EVENTHUB_TEST_MYSQL_URL` names a server.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![recursion_limit = "256"]

mod access;
mod administrator;
mod audit;
mod contract;
mod entities;
mod keys;
mod kit;
mod log_in;
mod privacy;
mod profiles;
mod sessions;
