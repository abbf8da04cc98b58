//! When failing too often closes the door, and for how long.
//!
//! Each failure past the allowance locks the subject for twice as long as the one before, up to a ceiling, so a guesser gets a handful of tries an
//! hour and a forgetful person waits a minute. A subject that has rested for the window starts anew.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// How many failures are forgiven, and what comes after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Failures before the first lock.
    pub allowance: u32,
    /// How long the first lock lasts.
    pub first_lock: Duration,
    /// No lock lasts longer.
    pub longest_lock: Duration,
    /// After so long without a failure the count begins again.
    pub window: Duration,
}

/// The failures counted against one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    /// How many.
    pub count: u32,
    /// The latest.
    pub last_at: DateTime<Utc>,
    /// Until when the subject is locked out.
    pub locked_until: Option<DateTime<Utc>>,
}

impl Failures {
    /// What is counted after one more failure at `now`.
    #[must_use]
    pub fn after_failure(previous: Option<Self>, now: DateTime<Utc>, policy: &Policy) -> Self {
        let rested = |failures: &Self| now - failures.last_at > delta(policy.window);
        let count = previous.filter(|failures| !rested(failures)).map_or(0, |failures| failures.count) + 1;
        Self { count, last_at: now, locked_until: policy.lock_after(count).map(|lock| now + delta(lock)) }
    }

    /// How long the subject must still wait at `now`; `None` when it may try.
    #[must_use]
    pub fn wait(&self, now: DateTime<Utc>) -> Option<Duration> {
        self.locked_until.and_then(|until| (until - now).to_std().ok()).filter(|wait| !wait.is_zero())
    }
}

impl Policy {
    /// The lock that the `count`th failure in a row brings.
    fn lock_after(&self, count: u32) -> Option<Duration> {
        let beyond = count.checked_sub(self.allowance)?;
        let doubled = 2_u32.checked_pow(beyond).and_then(|factor| self.first_lock.checked_mul(factor));
        Some(doubled.map_or(self.longest_lock, |lock| lock.min(self.longest_lock)))
    }
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy {
        allowance: 3,
        first_lock: Duration::from_secs(60),
        longest_lock: Duration::from_secs(900),
        window: Duration::from_secs(900),
    };

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn fail(previous: Option<Failures>, seconds: i64) -> Failures {
        Failures::after_failure(previous, at(seconds), &POLICY)
    }

    #[test]
    fn the_allowance_is_free_and_then_each_lock_is_twice_as_long() {
        let mut failures = None;
        let mut waits = Vec::new();
        for _ in 0..8 {
            let next = fail(failures, 0);
            waits.push(next.wait(at(0)).map_or(0, |wait| wait.as_secs()));
            failures = Some(next);
        }
        assert_eq!(waits, [0, 0, 60, 120, 240, 480, 900, 900]);
    }

    #[test]
    fn a_lock_ends() {
        let failures = Failures { count: 3, last_at: at(0), locked_until: Some(at(60)) };
        assert_eq!(failures.wait(at(59)), Some(Duration::from_secs(1)));
        assert_eq!(failures.wait(at(60)), None);
    }

    #[test]
    fn a_rested_subject_starts_anew() {
        let failures = Failures { count: 9, last_at: at(0), locked_until: None };
        assert_eq!(fail(Some(failures), 900).count, 10);
        assert_eq!(fail(Some(failures), 901).count, 1);
    }

    #[test]
    fn counting_never_overflows() {
        let failures = Failures { count: 4_000_000_000, last_at: at(0), locked_until: None };
        assert_eq!(fail(Some(failures), 1).wait(at(1)), Some(POLICY.longest_lock));
    }
}
