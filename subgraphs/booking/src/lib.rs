//! The booking subgraph: bookings, payments, the saga.
