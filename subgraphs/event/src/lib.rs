//! The event subgraph: events, rooms, schedules.
