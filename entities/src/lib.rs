//! Rows, typed ids, money, states: one module per database, and what they share.
//!
//! Knows sea-orm and nothing above it: no GraphQL, no HTTP, no clock. A subgraph uses [`ids`], [`money`] and the module of its own database.
pub mod ids;
pub mod money;

pub mod booking;
pub mod event;
pub mod spacemaster;
pub mod ticket;
pub mod user;
