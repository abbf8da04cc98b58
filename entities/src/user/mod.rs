//! The user database: accounts, sessions and their refresh tokens, signing keys, failed log-ins.

pub mod account;
pub mod attempt;
pub mod refresh_token;
pub mod role;
pub mod session;
pub mod signing_key;

pub use role::Role;
