//! The states of the booking database and the steps between them.
//!
//! Public histories are PENDING → PAID, PENDING → CANCELLED and PAID → CANCELLED, nothing else; a test walks every step to show it.
//! [`BookingState`] is what a booking is; [`PaymentState`] and [`RefundState`] are what becomes of its money.

mod announcement;
mod notice;
mod payment;
mod refund;
mod state;

pub use announcement::{AnnouncementKind, DeliveryFailure, DeliveryState};
pub use notice::NoticeOutcome;
pub use payment::{ChargeState, PaymentState};
pub use refund::RefundState;
pub use state::BookingState;

use sea_orm::sea_query::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};

/// What the world sees of a booking: exactly the original's three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum BookingStatus {
    /// Not paid, or not yet confirmed.
    #[sea_orm(string_value = "PENDING")]
    Pending,
    /// Paid, and its tickets exist.
    #[sea_orm(string_value = "PAID")]
    Paid,
    /// Over; for ever.
    #[sea_orm(string_value = "CANCELLED")]
    Cancelled,
}

impl BookingStatus {
    /// The word in rows, answers and facts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Paid => "PAID",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// What is going on inside a booking that does not rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum Phase {
    /// Written down; the hold is being taken.
    #[sea_orm(string_value = "NEW")]
    New,
    /// The tickets are held; the buyer may pay.
    #[sea_orm(string_value = "HELD")]
    Held,
    /// The payment provider is being asked.
    #[sea_orm(string_value = "PAYING")]
    Paying,
    /// Paid; the hold is being turned into tickets.
    #[sea_orm(string_value = "CONFIRMING")]
    Confirming,
    /// Being taken back: payment voided, hold released.
    #[sea_orm(string_value = "CANCELLING")]
    Cancelling,
}

impl Phase {
    /// The word in rows and facts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Held => "HELD",
            Self::Paying => "PAYING",
            Self::Confirming => "CONFIRMING",
            Self::Cancelling => "CANCELLING",
        }
    }
}

/// Why a booking was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(32))")]
pub enum CancelReason {
    /// Not paid in time.
    #[sea_orm(string_value = "EXPIRED")]
    Expired,
    /// The buyer changed their mind.
    #[sea_orm(string_value = "BUYER")]
    Buyer,
    /// An administrator cancelled it.
    #[sea_orm(string_value = "ADMIN")]
    Admin,
    /// Its event was called off.
    #[sea_orm(string_value = "EVENT_CANCELLED")]
    EventCancelled,
    /// The ticket service refused the hold.
    #[sea_orm(string_value = "HOLD_REJECTED")]
    HoldRejected,
    /// The provider took the payment back.
    #[sea_orm(string_value = "PAYMENT_REVERSED")]
    PaymentReversed,
    /// Paid after the hold had lapsed and its tickets were gone.
    #[sea_orm(string_value = "LATE_PAYMENT")]
    LatePayment,
}

impl CancelReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Expired,
        Self::Buyer,
        Self::Admin,
        Self::EventCancelled,
        Self::HoldRejected,
        Self::PaymentReversed,
        Self::LatePayment,
    ];

    /// The word in rows, answers and facts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "EXPIRED",
            Self::Buyer => "BUYER",
            Self::Admin => "ADMIN",
            Self::EventCancelled => "EVENT_CANCELLED",
            Self::HoldRejected => "HOLD_REJECTED",
            Self::PaymentReversed => "PAYMENT_REVERSED",
            Self::LatePayment => "LATE_PAYMENT",
        }
    }
}

/// The step is not allowed from where the booking, payment or refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {thing} that is {from} cannot be {step}")]
pub struct TransitionError {
    /// What was to move.
    pub thing: &'static str,
    /// Where it stands.
    pub from: &'static str,
    /// What was asked of it.
    pub step: &'static str,
}
