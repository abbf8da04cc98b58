//! The event database: events, the rooms they claim, what the room scheduler was told and what it said last, and the work still to do.
//!
//! Times are kept twice: as an instant in UTC (`starts_at`), by which rows are compared, and as the wall clock of the venue (`starts_local`
//! beside `zone`), which is what an organiser meant and what the room scheduler understands.

pub mod status;

pub mod events;
pub mod outbox;
pub mod room_reservations;
pub mod rooms;
pub mod scheduler_blocks;
pub mod venues;
pub mod worker_leases;
