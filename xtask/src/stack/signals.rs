//! Signals to process groups, and the wait until they are gone.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::time::{Instant, sleep};

/// How long a process may take to drain before it is killed.
pub const GRACE: Duration = Duration::from_secs(3);

/// Asks a process group to end.
pub fn terminate(group: u32) {
    send(group, Signal::TERM);
}

/// Ends a process group.
pub fn kill(group: u32) {
    send(group, Signal::KILL);
}

/// Stops a process group where it is, until [`resume`].
pub fn pause(group: u32) {
    send(group, Signal::STOP);
}

/// Lets a stopped process group go on.
pub fn resume(group: u32) {
    send(group, Signal::CONT);
}

/// Whether any process of the group is left.
#[must_use]
pub fn is_alive(group: u32) -> bool {
    pid(group).is_some_and(|pid| test_kill_process_group(pid).is_ok()) && !is_zombie(group)
}

/// Ended, but nobody has asked how: in a container whose first process does not care, that lasts for ever.
fn is_zombie(leader: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{leader}/stat")) else { return false };
    stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('Z'))
}

/// TERM, [`GRACE`], KILL; returns when none of the groups is left or nothing more can be done.
pub async fn stop_all(groups: &[u32]) {
    groups.iter().copied().for_each(terminate);
    if !gone_within(groups, GRACE).await {
        groups.iter().copied().for_each(kill);
        gone_within(groups, GRACE).await;
    }
}

async fn gone_within(groups: &[u32], limit: Duration) -> bool {
    let end = Instant::now() + limit;
    while groups.iter().any(|group| is_alive(*group)) {
        if Instant::now() >= end {
            return false;
        }
        sleep(Duration::from_millis(10)).await;
    }
    true
}

fn send(group: u32, signal: Signal) {
    if let Some(group) = pid(group) {
        // It may have ended by itself in between; that is what was wanted.
        let _ = kill_process_group(group, signal);
    }
}

fn pid(group: u32) -> Option<Pid> {
    i32::try_from(group).ok().and_then(Pid::from_raw)
}
