//! The ticket service over real HTTP, on a real database (SQLite, or MySQL where `EVENTHUB_TEST_MYSQL_URL` says so).

#![recursion_limit = "256"]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod access;
mod audit;
mod changes;
mod contract;
mod entities;
mod event_service;
mod holds;
mod privacy;
mod repeating;
mod rules;
mod shop;
mod ticket_types;
mod tickets;
mod vouchers;
mod waiting_places;
mod walk;
