//! What happens when processes die, hang or lie: on stacks of their own, because nothing else could be tested beside it.

#![allow(clippy::unwrap_used, reason = "what a test cannot do it fails by")]

#[path = "../support/mod.rs"]
#[allow(dead_code, unreachable_pub, reason = "several test programs share it, each uses its part")]
mod support;

mod killed;
mod orphans;
mod spacemaster;

use std::sync::LazyLock;
use std::time::Duration;

use support::stack::Stack;
use tokio::sync::{Mutex, MutexGuard};

/// The stack of these tests, for one test at a time.
async fn stack() -> MutexGuard<'static, Stack> {
    static STACK: LazyLock<Mutex<Stack>> = LazyLock::new(|| {
        // Short holds, so that what a killed process left behind comes to rest within the test.
        let environment = [
            ("EVENTHUB_SPACEMASTER_FAULTS", "on"),
            ("EVENTHUB_HOLD_TTL", "5s"),
            ("EVENTHUB_WORKER_INTERVAL", "200ms"),
        ];
        Mutex::new(Stack::start("faults", &environment))
    });
    STACK.lock().await
}

/// Waits until something holds.
async fn until(what: &str, limit: Duration, mut holds: impl AsyncFnMut() -> bool) {
    let end = tokio::time::Instant::now() + limit;
    while !holds().await {
        assert!(tokio::time::Instant::now() < end, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
