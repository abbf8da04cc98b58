//! The rules of booking, without SQL, GraphQL, HTTP or a clock of their own.
//!
//! [`order`]: what may be asked for, and how the same request is recognised. [`refusal`]: why nothing was held. [`schedule`]: when somebody must look at a booking again.

pub mod order;
pub mod refusal;
pub mod schedule;
