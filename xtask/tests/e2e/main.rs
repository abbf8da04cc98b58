//! The whole system, from outside: real processes, real databases, the three ways in.
//!
//! One stack serves all tests of this file; each makes people, events and types of its own.

#![allow(clippy::unwrap_used, reason = "what a test cannot do it fails by")]

#[path = "../support/mod.rs"]
#[allow(dead_code, unreachable_pub, reason = "several test programs share it, each uses its part")]
mod support;

mod bad_input;
mod contract;
mod guard;
mod joins;
mod live;
mod sale;
mod story;

use std::sync::LazyLock;

use support::stack::Stack;

/// The stack of these tests, started by the first that asks for it.
fn stack() -> &'static Stack {
    static STACK: LazyLock<Stack> = LazyLock::new(|| Stack::start("e2e", &[]));
    &STACK
}
