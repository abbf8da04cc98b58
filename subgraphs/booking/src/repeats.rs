//! What is done to a booking under a key of its client's choosing: the same request does the same as often as it comes, and one key never
//! stands for two requests. What these requests do can be repeated by itself; the key is what tells a repetition from a mistake.

use entities::idempotency::IdempotencyKey;
use entities::ids::{BookingId, UserId};
use service::identity::Actor;

use crate::bookings;
use crate::domain::order::digest;
use crate::error::BookingError;
use crate::store::{self, Store};

/// A request about one booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// `confirmPayment`.
    ConfirmPayment,
    /// `cancelBooking`.
    CancelBooking {
        /// Also when it is PAID.
        refund: bool,
    },
    /// `cancelMyBooking`.
    CancelMyBooking,
}

impl Request {
    const fn operation(self) -> &'static str {
        match self {
            Self::ConfirmPayment => "confirmPayment",
            Self::CancelBooking { .. } => "cancelBooking",
            Self::CancelMyBooking => "cancelMyBooking",
        }
    }

    /// What it says, in 64 characters.
    fn fingerprint(self, booking: BookingId) -> String {
        match self {
            Self::CancelBooking { refund: true } => digest(&format!("{booking}|refund")),
            Self::ConfirmPayment | Self::CancelBooking { refund: false } | Self::CancelMyBooking => {
                digest(&booking.to_string())
            }
        }
    }
}

/// Takes the key for this request; it may go on when that succeeds, now or before.
///
/// # Errors
/// [`BookingError::NoSuchBooking`], also for a stranger's; [`BookingError::KeyReused`] when it was for another request.
pub async fn claim(
    store: &Store,
    actor: &Actor,
    (request, booking): (Request, BookingId),
    key: Option<&IdempotencyKey>,
) -> Result<(), BookingError> {
    let (Some(key), Some(user)) = (key, actor.user_id()) else { return Ok(()) };
    bookings::visible(store, actor, booking).await?;
    let user = UserId::from_uuid(user);
    let (operation, print) = (request.operation(), &request.fingerprint(booking));
    // Who comes second finds the first one's row at the second try.
    for _ in 0..2 {
        if let Some(earlier) = store::keys::find(store.read(), user, operation, key).await? {
            return if earlier.body_hash == *print { Ok(()) } else { Err(BookingError::KeyReused) };
        }
        let now = store.now();
        let claim = store.transaction(|tx| async move {
            Ok(store::keys::insert(&*tx, (user, operation), key, (print.clone(), booking), now).await?)
        });
        if claim.await? {
            return Ok(());
        }
    }
    Err(BookingError::Stale)
}
