//! Rows, typed ids, money, states: one module per database.
pub mod user;
pub mod event;
pub mod ticket;
pub mod booking;
pub mod spacemaster;
