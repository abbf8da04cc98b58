//! Rows, typed ids, money, moments, states: one module per database, and what they share.
//!
//! Knows sea-orm and nothing above it: no GraphQL, no HTTP, no clock. A subgraph uses [`ids`], [`money`], [`moment`] and the module of its own database.
pub mod audit;
pub mod idempotency;
pub mod ids;
pub mod moment;
pub mod money;

pub mod booking;
pub mod event;
pub mod spacemaster;
pub mod ticket;
pub mod user;
pub mod voucher_code;
