//! Operation to query plan. Pure, synchronous, deterministic: no IO, no clock, no environment, no `async fn`.

mod plan;

pub use plan::*;
