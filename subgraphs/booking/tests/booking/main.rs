//! The booking service: over real HTTP beside a real ticket service, and on fakes where a crash has to be arranged or drawn.

#![recursion_limit = "256"]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod access;
mod announcements;
mod audit;
mod cancelling;
mod changes;
mod contract;
mod crashes;
mod creating;
mod entities;
mod pair;
mod paying;
mod privacy;
mod provider_contract;
mod providers;
mod repeating;
mod rig;
mod simulation;
mod ticket_port;
mod vouchers;
mod waiting;
mod webhooks;
