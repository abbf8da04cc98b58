//! The rules of selling and of the door, without SQL, GraphQL, HTTP or a clock of their own.
//!
//! [`terms`]: what a ticket type may cost and how many there may be. [`rules`]: when and to whom it is sold. [`voucher`]: who
//! pays less. [`code`]: the random code of a ticket. [`signed`]: the
//! signed one. [`admission`]: what a scan at the door comes to.

pub mod admission;
pub mod code;
pub mod rules;
pub mod signed;
pub mod terms;
pub mod voucher;
