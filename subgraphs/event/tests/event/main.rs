//! The event service against real databases: its rules over fakes of its peers, its graph over HTTP with the stand-in for SpaceMaster beside it.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod audit;
mod cancellation;
mod concurrency;
mod graph;
mod outages;
mod peers;
mod recovery;
mod repeating;
mod rules;
mod scheduler;
mod world;
