//! The booking database: bookings and their history, what was asked under which key, payments and
//! what providers told of them, refunds, the test provider's books, and who is told what.
//!
//! A booking's public status and its internal phase are two columns, but one state: [`status::BookingState`].

pub mod status;

pub mod booking_history;
pub mod bookings;
pub mod idempotency_keys;
pub mod payment_attempts;
pub mod payment_notices;
pub mod refunds;
pub mod test_charges;
pub mod webhook_deliveries;
pub mod webhook_listeners;
