//! When somebody must look at a booking again: the whole queue of the workers is made of these moments.

use chrono::{DateTime, TimeDelta, Utc};
use entities::booking::bookings::Model;
use entities::booking::status::{BookingState, CancelReason};

/// How long whoever moved a booking has for the next step before a worker takes over: longer than any request lives.
pub const GRACE: TimeDelta = TimeDelta::seconds(10);
/// How long a worker has a booking to itself.
pub const LEASE: TimeDelta = TimeDelta::seconds(30);
/// How soon a payment that waits for the buyer is asked about again, at first.
pub const POLL: TimeDelta = TimeDelta::seconds(15);
/// How long after a payment was called off its page may still be open: no provider takes less than five minutes for it.
pub const GRACE_OF_PAGES: TimeDelta = TimeDelta::minutes(10);
/// The longest a worker waits between two tries.
const LONGEST_BACKOFF: TimeDelta = TimeDelta::seconds(60);

/// When a booking that has just reached `state` is due.
#[must_use]
pub fn due(state: BookingState, expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match state {
        BookingState::Held => Some(expires_at),
        BookingState::New
        | BookingState::Paying
        | BookingState::Confirming
        | BookingState::Cancelling(_)
        | BookingState::Voiding(_) => Some(now + GRACE),
        BookingState::Paid | BookingState::Cancelled(_) => None,
    }
}

/// When a payment of which the provider said "waiting" is asked about again: ever less often, because the provider tells us
/// when something happens, and asking is for when that is lost.
#[must_use]
pub fn poll(created_at: DateTime<Utc>, expires_at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    expires_at.min(now + POLL.max((now - created_at) / 2))
}

/// How long to wait after the `tries`-th try that led nowhere: doubling from a second, to a minute at most.
#[must_use]
pub fn backoff(tries: i32) -> TimeDelta {
    let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or(0).min(6);
    TimeDelta::seconds(1_i64 << doublings).min(LONGEST_BACKOFF)
}

/// The reason for which a worker that finds a booking due gives it up; `None` when it goes on with it.
///
/// A request whose caller was told "unavailable", and who cannot find it again for want of a key, is given up: its tickets
/// would only be missing to others. What is being paid is asked about first, however late it is.
#[must_use]
pub fn give_up(row: &Model, state: BookingState, now: DateTime<Utc>) -> Option<CancelReason> {
    let lapsed = row.expires_at <= now;
    match state {
        BookingState::New if lapsed || !row.keyed => Some(CancelReason::Expired),
        BookingState::Held if lapsed => Some(CancelReason::Expired),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_doubles_to_a_minute() {
        let seconds = [0, 1, 2, 3, 6, 7, 8, 1_000].map(|tries| backoff(tries).num_seconds());
        assert_eq!(seconds, [1, 1, 2, 4, 32, 60, 60, 60]);
    }

    #[test]
    fn a_payment_is_asked_about_ever_less_often_and_when_it_lapses() {
        let (start, expiry) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + TimeDelta::minutes(15));
        let moments = std::iter::successors(Some(start), |now| Some(poll(start, expiry, *now)));
        let seconds: Vec<_> = moments.take(12).map(|now| now.timestamp()).collect();
        assert_eq!(seconds, [0, 15, 30, 45, 67, 101, 151, 227, 341, 512, 768, 900]);
    }

    #[test]
    fn only_what_rests_is_never_due() {
        let (now, expiry) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + TimeDelta::minutes(15));
        let due = |state| due(state, expiry, now);
        assert_eq!(due(BookingState::Held), Some(expiry));
        assert_eq!(due(BookingState::Paying), Some(now + GRACE));
        assert_eq!(due(BookingState::Paid), None);
        assert_eq!(due(BookingState::Cancelled(CancelReason::Buyer)), None);
        assert_eq!(due(BookingState::Voiding(CancelReason::Admin)), Some(now + GRACE));
    }
}
