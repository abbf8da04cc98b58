//! The rules of events and rooms: no SQL, no GraphQL, no HTTP, no clock of their own, nothing asynchronous.

pub mod interval;
pub mod texts;
pub mod time;
