//! The booking service: over real HTTP beside a real ticket service, and on fakes where a crash has to be arranged.

#![recursion_limit = "256"]

mod access;
mod cancelling;
mod contract;
mod crashes;
mod creating;
mod entities;
mod pair;
mod paying;
mod rig;
mod ticket_port;
