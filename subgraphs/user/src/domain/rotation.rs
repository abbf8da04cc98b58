//! When a signing key is made, signs, and leaves.
//!
//! A key is published some time before it signs, so that whoever caches the key set has it by then, and stays published after its successor has
//! taken over, until the last token it signed has run out.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// How long each stage of a key's life lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// How long a key signs before its successor takes over.
    pub period: Duration,
    /// How long before that the successor is published.
    pub lead: Duration,
    /// How long a key stays published after its successor took over: more than a token lives.
    pub keep: Duration,
}

impl Schedule {
    /// When the successor of a key that signs from `newest` on shall begin to sign, if it is to be made now.
    ///
    /// After a long sleep the time has passed already; the successor is still published a whole lead ahead.
    #[must_use]
    pub fn successor(&self, newest: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let takes_over = newest + delta(self.period);
        let lead = delta(self.lead);
        (now >= takes_over - lead).then(|| takes_over.max(now + lead))
    }

    /// Whether a key whose successor signs from `successor` on may be forgotten.
    #[must_use]
    pub fn is_over(&self, successor: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        successor.is_some_and(|takes_over| now >= takes_over + delta(self.keep))
    }
}

/// Which of the keys that begin to sign at `activations` (ascending) signs at `now`.
#[must_use]
pub fn signer(activations: &[DateTime<Utc>], now: DateTime<Utc>) -> Option<usize> {
    activations.iter().rposition(|activates_at| *activates_at <= now)
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: Schedule = Schedule {
        period: Duration::from_secs(1000),
        lead: Duration::from_secs(100),
        keep: Duration::from_secs(50),
    };

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn a_successor_is_made_a_lead_ahead() {
        assert_eq!(SCHEDULE.successor(at(0), at(899)), None);
        assert_eq!(SCHEDULE.successor(at(0), at(900)), Some(at(1000)));
    }

    #[test]
    fn a_successor_made_late_still_gets_its_lead() {
        assert_eq!(SCHEDULE.successor(at(0), at(5000)), Some(at(5100)));
    }

    #[test]
    fn the_latest_active_key_signs() {
        let activations = [at(0), at(1000)];
        assert_eq!(signer(&activations, at(-1)), None);
        assert_eq!(signer(&activations, at(999)), Some(0));
        assert_eq!(signer(&activations, at(1000)), Some(1));
    }

    #[test]
    fn a_key_stays_until_its_last_token_has_run_out() {
        assert!(!SCHEDULE.is_over(None, at(99_999)));
        assert!(!SCHEDULE.is_over(Some(at(1000)), at(1049)));
        assert!(SCHEDULE.is_over(Some(at(1000)), at(1050)));
    }
}
