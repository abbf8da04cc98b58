//! The ticket database: the capacity row of each event, its ticket types and vouchers with their counters, holds, places on
//! waiting lists, the tickets themselves, what was scanned at the doors, and the keys by which codes are verified.
//!
//! Scarcity is decided here, once: `sold + held <= quota` in `ticket_types`, `allocated <= capacity` in `events`. Both are `CHECK`s,
//! as is `used + held <= usage_limit` in `vouchers`.

pub mod status;

pub mod code_keys;
pub mod events;
pub mod holds;
pub mod scans;
pub mod ticket_types;
pub mod tickets;
pub mod vouchers;
pub mod waiting_places;
