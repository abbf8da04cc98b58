//! A stand-in for SpaceMaster, the external room scheduler, for development and tests.
//!
//! It speaks SpaceMaster's schema and nothing more: no owners, no unblocking, no zones, no credentials, and a block that overlaps another, be it
//! the very same, is refused. It is no subgraph of EventHUB and nobody composes its schema. Reading order: [`app`], `api`, `store`, `seed`, [`faults`].

mod api;
pub mod app;
pub mod faults;
mod seed;
mod store;
mod times;

pub use app::{Config, SpaceMaster};
