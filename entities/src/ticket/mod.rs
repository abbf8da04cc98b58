//! The ticket database: the capacity row of each event, its ticket types with their counters, holds, and the tickets themselves.
//!
//! Scarcity is decided here, once: `sold + held <= quota` in `ticket_types`, `allocated <= capacity` in `events`. Both are `CHECK`s.

pub mod status;

pub mod events;
pub mod holds;
pub mod ticket_types;
pub mod tickets;
