//! The ticket service over real HTTP, on a real database (SQLite, or MySQL where `EVENTHUB_TEST_MYSQL_URL` says so).

#![recursion_limit = "256"]

mod access;
mod contract;
mod entities;
mod event_service;
mod holds;
mod shop;
mod ticket_types;
