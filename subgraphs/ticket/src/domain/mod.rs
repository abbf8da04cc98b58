//! The rules of selling, without SQL, GraphQL, HTTP or a clock of their own.
//!
//! [`terms`]: what a ticket type may cost and how many there may be. [`code`]: what is printed on a ticket.

pub mod code;
pub mod terms;
