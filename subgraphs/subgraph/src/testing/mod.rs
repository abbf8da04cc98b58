//! What the tests of all subgraphs share: a fresh database, keys and tokens, a running service, contract and access
//! checks. No mocks: a test has a real database and a real listener.
//!
//! Everything here panics on failure, as tests do.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot be set up has failed"
)]

pub mod access;
mod app;
mod audit;
pub mod contract;
mod database;
mod tokens;

pub use app::{Answer, Call, TestService, Watching};
pub use audit::{assert_append_only, audit_log};
pub use database::{TestDatabase, database};
pub use tokens::{
    common, service_signer, service_token, service_verifier, user_keys, user_token, user_verifier,
};
