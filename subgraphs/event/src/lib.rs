//! The event subgraph: events, rooms, schedules.
//!
//! Reading order: [`domain`] (times, intervals, texts), [`events`] and [`schedules`] (the use-cases), [`rooms`] (staying in step with the room
//! scheduler), [`store`] (the database), [`workers`] (what waits), the peers [`spacemaster`], [`tickets`] and [`bookings`], [`api`] (the GraphQL
//! face), [`app`] (put together).
//!
//! The truth about rooms is `room_reservations` of our own database: no two claims that hold a room overlap in it. SpaceMaster is validated against
//! and kept in step; reading never calls it.

pub mod api;
pub mod app;
pub mod bookings;
pub mod config;
pub mod context;
pub mod domain;
pub mod error;
pub mod events;
pub mod facts;
pub mod peer;
pub mod repeats;
pub mod rooms;
pub mod schedules;
pub mod spacemaster;
pub mod store;
pub mod tickets;
pub mod workers;
pub mod zones;

pub use app::EventService;
