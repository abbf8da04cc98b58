//! The database of the SpaceMaster stand-in. Times are the venue's wall clock, as in the protocol it speaks: no zone anywhere.

pub mod rooms;
pub mod schedules;
pub mod venues;
