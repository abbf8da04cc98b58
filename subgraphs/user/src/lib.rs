//! The user subgraph: accounts, log-in, tokens.
//!
//! Reading order: [`config`] (what it is told), [`process`] and [`use_cases`] (how it is put together), [`api`] (what it answers), [`accounts`] and
//! [`sessions`] (what it does), [`obligations`] (what the others say to it), [`domain`] (by which rules), [`store`] (where it lies); [`keys`], [`tokens`], [`passwords`] and [`throttle`] keep
//! the doors.

pub mod accounts;
pub mod api;
pub mod config;
pub mod domain;
pub mod error;
pub mod keys;
pub mod obligations;
pub mod passwords;
pub mod process;
pub mod sessions;
pub mod store;
pub mod throttle;
pub mod tokens;
pub mod use_cases;

pub use process::UserService;
