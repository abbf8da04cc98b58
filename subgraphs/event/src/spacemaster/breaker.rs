//! A circuit breaker: after a row of failures nothing is sent for a while, then one call tries whether it works again.
//!
//! A scheduler that is down would otherwise cost every caller its whole budget, and get no rest to come back in.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When to stop asking, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Failures in a row that open the breaker.
    pub failures: u32,
    /// How long it stays open before one call may try.
    pub rest: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self { failures: 5, rest: Duration::from_secs(5) }
    }
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
    },
    /// One call is trying; should it never report, the next may try after `until`.
    Probing {
        until: Instant,
    },
}

/// The breaker of one peer.
#[derive(Debug)]
pub struct Breaker {
    policy: Policy,
    state: Mutex<State>,
}

impl Breaker {
    /// A closed one.
    #[must_use]
    pub const fn new(policy: Policy) -> Self {
        Self { policy, state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// Whether a call may be sent at `now`. Whoever is told yes reports the end with [`Breaker::succeeded`] or [`Breaker::failed`].
    #[must_use]
    pub fn admits(&self, now: Instant) -> bool {
        let mut state = self.lock();
        match *state {
            State::Closed { .. } => true,
            State::Open { until } | State::Probing { until } if now >= until => {
                *state = State::Probing { until: now + self.policy.rest };
                true
            }
            State::Open { .. } | State::Probing { .. } => false,
        }
    }

    /// It answered.
    pub fn succeeded(&self) {
        *self.lock() = State::Closed { failures: 0 };
    }

    /// It did not.
    pub fn failed(&self, now: Instant) {
        let mut state = self.lock();
        let failures = match *state {
            State::Closed { failures } => failures + 1,
            State::Open { .. } | State::Probing { .. } => self.policy.failures,
        };
        *state = if failures >= self.policy.failures {
            State::Open { until: now + self.policy.rest }
        } else {
            State::Closed { failures }
        };
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // A panic elsewhere cannot leave a half-written state: each is written whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        Policy { failures: 3, rest: REST }
    }

    const REST: Duration = Duration::from_secs(5);

    fn opened(now: Instant) -> Breaker {
        let breaker = Breaker::new(policy());
        for _ in 0..3 {
            assert!(breaker.admits(now));
            breaker.failed(now);
        }
        breaker
    }

    #[test]
    fn it_opens_after_a_row_of_failures_and_lets_one_call_try_after_its_rest() {
        let now = Instant::now();
        let breaker = opened(now);
        assert!(!breaker.admits(now + REST / 2));
        assert!(breaker.admits(now + REST), "one may try");
        assert!(!breaker.admits(now + REST), "and only one");
        breaker.succeeded();
        assert!(breaker.admits(now + REST) && breaker.admits(now + REST));
    }

    #[test]
    fn a_failed_try_opens_it_again_and_a_lost_one_does_not_close_it_for_ever() {
        let now = Instant::now();
        let breaker = opened(now);
        assert!(breaker.admits(now + REST));
        breaker.failed(now + REST);
        assert!(!breaker.admits(now + REST));
        assert!(breaker.admits(now + REST * 2));
        assert!(breaker.admits(now + REST * 3), "the try that never reported is given up");
    }

    #[test]
    fn a_success_forgives_earlier_failures() {
        let now = Instant::now();
        let breaker = Breaker::new(policy());
        for _ in 0..10 {
            breaker.failed(now);
            breaker.failed(now);
            breaker.succeeded();
        }
        assert!(breaker.admits(now));
    }
}
