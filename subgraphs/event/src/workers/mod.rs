//! Work that waits: claims that a crash left behind, what others must be told, the local copy of the venues.
//!
//! Any number of replicas may run these loops: each piece of work is taken by a lease, which is over when its owner died.

pub mod claims;
pub mod outbox;
pub mod venues;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::context::Context;

/// Runs every worker until `stop`; what is begun is brought to its end first.
pub async fn run(context: Context, stop: CancellationToken) {
    tokio::join!(rounds(&context, &stop), refreshes(&context, &stop));
}

async fn rounds(context: &Context, stop: &CancellationToken) {
    loop {
        context.recover_claims().await;
        context.tell_others().await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = context.work.notified() => {}
            () = tokio::time::sleep(context.timing.round) => {}
        }
    }
}

async fn refreshes(context: &Context, stop: &CancellationToken) {
    loop {
        context.refresh_venues().await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(context.timing.venues) => {}
        }
    }
}

/// How long to wait after so many failures in a row: 1 s, 2, 4 … up to a minute.
fn backoff(attempts: i32) -> Duration {
    let doublings = attempts.clamp(1, 7).unsigned_abs() - 1;
    Duration::from_secs(1 << doublings).min(Duration::from_secs(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_a_minute() {
        let cases = [(-1, 1), (0, 1), (1, 1), (2, 2), (4, 8), (6, 32), (7, 60), (100, 60), (i32::MAX, 60)];
        for (attempts, seconds) in cases {
            assert_eq!(backoff(attempts), Duration::from_secs(seconds), "after {attempts}");
        }
    }
}
