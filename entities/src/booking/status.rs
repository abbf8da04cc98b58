//! The states of the booking database and the steps between them.
//!
//! Public histories are PENDING → PAID, PENDING → CANCELLED and PAID → CANCELLED, nothing else; a test walks every step to show it.

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

/// The one state of a booking: its status and phase together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BookingState {
    /// PENDING: written down; the hold is being taken.
    New,
    /// PENDING: the tickets are held.
    Held,
    /// PENDING: the provider is being asked.
    Paying,
    /// PENDING: paid, tickets not yet.
    Confirming,
    /// PAID.
    Paid,
    /// PENDING: being taken back before it was paid for, or because it was paid too late.
    Cancelling(CancelReason),
    /// PAID: its tickets are being voided.
    Voiding(CancelReason),
    /// CANCELLED.
    Cancelled(CancelReason),
}

impl BookingState {
    /// The state that three columns spell; `None` for a combination that no step leads to.
    #[must_use]
    pub const fn from_columns(
        status: BookingStatus,
        phase: Option<Phase>,
        reason: Option<CancelReason>,
    ) -> Option<Self> {
        match (status, phase, reason) {
            (BookingStatus::Pending, Some(Phase::New), None) => Some(Self::New),
            (BookingStatus::Pending, Some(Phase::Held), None) => Some(Self::Held),
            (BookingStatus::Pending, Some(Phase::Paying), None) => Some(Self::Paying),
            (BookingStatus::Pending, Some(Phase::Confirming), None) => Some(Self::Confirming),
            (BookingStatus::Pending, Some(Phase::Cancelling), Some(reason)) => Some(Self::Cancelling(reason)),
            (BookingStatus::Paid, None, None) => Some(Self::Paid),
            (BookingStatus::Paid, Some(Phase::Cancelling), Some(reason)) => Some(Self::Voiding(reason)),
            (BookingStatus::Cancelled, None, Some(reason)) => Some(Self::Cancelled(reason)),
            _ => None,
        }
    }

    /// What the world sees.
    #[must_use]
    pub const fn status(self) -> BookingStatus {
        match self {
            Self::New | Self::Held | Self::Paying | Self::Confirming | Self::Cancelling(_) => {
                BookingStatus::Pending
            }
            Self::Paid | Self::Voiding(_) => BookingStatus::Paid,
            Self::Cancelled(_) => BookingStatus::Cancelled,
        }
    }

    /// What is going on inside; `None` at rest.
    #[must_use]
    pub const fn phase(self) -> Option<Phase> {
        match self {
            Self::New => Some(Phase::New),
            Self::Held => Some(Phase::Held),
            Self::Paying => Some(Phase::Paying),
            Self::Confirming => Some(Phase::Confirming),
            Self::Cancelling(_) | Self::Voiding(_) => Some(Phase::Cancelling),
            Self::Paid | Self::Cancelled(_) => None,
        }
    }

    /// Why it is, or is being, cancelled.
    #[must_use]
    pub const fn cancel_reason(self) -> Option<CancelReason> {
        match self {
            Self::Cancelling(reason) | Self::Voiding(reason) | Self::Cancelled(reason) => Some(reason),
            Self::New | Self::Held | Self::Paying | Self::Confirming | Self::Paid => None,
        }
    }

    /// The ticket service holds the tickets.
    ///
    /// # Errors
    /// For everything but NEW.
    pub const fn hold(self) -> Result<Self, TransitionError> {
        match self {
            Self::New => Ok(Self::Held),
            _ => Err(self.refuse("held")),
        }
    }

    /// The ticket service refused.
    ///
    /// # Errors
    /// For everything but NEW.
    pub const fn reject(self) -> Result<Self, TransitionError> {
        match self {
            Self::New => Ok(Self::Cancelled(CancelReason::HoldRejected)),
            _ => Err(self.refuse("rejected")),
        }
    }

    /// The buyer wants to pay.
    ///
    /// # Errors
    /// For everything but HELD.
    pub const fn start_payment(self) -> Result<Self, TransitionError> {
        match self {
            Self::Held => Ok(Self::Paying),
            _ => Err(self.refuse("paid")),
        }
    }

    /// The provider said no; the buyer may try again until the hold lapses.
    ///
    /// # Errors
    /// For everything but PAYING.
    pub const fn decline(self) -> Result<Self, TransitionError> {
        match self {
            Self::Paying => Ok(Self::Held),
            _ => Err(self.refuse("declined")),
        }
    }

    /// The provider said yes, or there was nothing to pay (`free`).
    ///
    /// # Errors
    /// For everything but PAYING; with `free`, for everything but HELD.
    pub const fn accept_payment(self, free: bool) -> Result<Self, TransitionError> {
        match self {
            Self::Paying if !free => Ok(Self::Confirming),
            Self::Held if free => Ok(Self::Confirming),
            _ => Err(self.refuse("paid")),
        }
    }

    /// The tickets exist. Only now is the booking PAID.
    ///
    /// # Errors
    /// For everything but CONFIRMING.
    pub const fn issue(self) -> Result<Self, TransitionError> {
        match self {
            Self::Confirming => Ok(Self::Paid),
            _ => Err(self.refuse("issued")),
        }
    }

    /// It was paid, but its tickets are gone for good.
    ///
    /// # Errors
    /// For everything but CONFIRMING.
    pub const fn lose_hold(self) -> Result<Self, TransitionError> {
        match self {
            Self::Confirming => Ok(Self::Cancelling(CancelReason::LatePayment)),
            _ => Err(self.refuse("paid late")),
        }
    }

    /// Somebody takes it back. What is being, or was, cancelled stays so, with the reason it has.
    ///
    /// # Errors
    /// For CONFIRMING: the money is in and the tickets are being made; wait for PAID.
    pub const fn cancel(self, reason: CancelReason) -> Result<Self, TransitionError> {
        match self {
            Self::New | Self::Held | Self::Paying => Ok(Self::Cancelling(reason)),
            Self::Paid => Ok(Self::Voiding(reason)),
            Self::Cancelling(_) | Self::Voiding(_) | Self::Cancelled(_) => Ok(self),
            Self::Confirming => Err(self.refuse("cancelled")),
        }
    }

    /// Nothing of it is held or valid any more.
    ///
    /// # Errors
    /// For everything that is not being cancelled.
    pub const fn finish_cancel(self) -> Result<Self, TransitionError> {
        match self {
            Self::Cancelling(reason) | Self::Voiding(reason) => Ok(Self::Cancelled(reason)),
            _ => Err(self.refuse("released")),
        }
    }

    /// Its tickets could not be voided, because one was used: it stays PAID.
    ///
    /// # Errors
    /// For everything but a PAID booking being cancelled.
    pub const fn keep(self) -> Result<Self, TransitionError> {
        match self {
            Self::Voiding(_) => Ok(Self::Paid),
            _ => Err(self.refuse("kept")),
        }
    }

    const fn refuse(self, step: &'static str) -> TransitionError {
        let from = match self.phase() {
            Some(phase) => phase.as_str(),
            None => self.status().as_str(),
        };
        TransitionError { thing: "booking", from, step }
    }
}

/// The life of one try at paying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum PaymentState {
    /// Written down; the provider may not have heard of it.
    #[sea_orm(string_value = "CREATED")]
    Created,
    /// The provider waits for the buyer.
    #[sea_orm(string_value = "PENDING")]
    Pending,
    /// The money is in.
    #[sea_orm(string_value = "SUCCEEDED")]
    Succeeded,
    /// The provider said no.
    #[sea_orm(string_value = "FAILED")]
    Failed,
    /// The buyer did not pay in time.
    #[sea_orm(string_value = "EXPIRED")]
    Expired,
    /// We called it off before any money moved.
    #[sea_orm(string_value = "VOIDED")]
    Voided,
    /// The money was in, and went back.
    #[sea_orm(string_value = "REVERSED")]
    Reversed,
}

impl PaymentState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Created,
        Self::Pending,
        Self::Succeeded,
        Self::Failed,
        Self::Expired,
        Self::Voided,
        Self::Reversed,
    ];

    /// The word in rows and facts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Pending => "PENDING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Expired => "EXPIRED",
            Self::Voided => "VOIDED",
            Self::Reversed => "REVERSED",
        }
    }

    /// Whether money may still move because of it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Created | Self::Pending)
    }

    /// The provider waits for the buyer. A late word of it changes nothing.
    ///
    /// # Errors
    /// For everything that is decided.
    pub const fn pend(self) -> Result<Self, TransitionError> {
        self.open_to(Self::Pending, "pending")
    }

    /// The money is in.
    ///
    /// # Errors
    /// For everything that was decided otherwise.
    pub const fn succeed(self) -> Result<Self, TransitionError> {
        match self {
            Self::Succeeded => Ok(self),
            _ => self.open_to(Self::Succeeded, "paid"),
        }
    }

    /// The provider said no.
    ///
    /// # Errors
    /// For everything that is decided.
    pub const fn fail(self) -> Result<Self, TransitionError> {
        self.open_to(Self::Failed, "failed")
    }

    /// The buyer did not pay in time.
    ///
    /// # Errors
    /// For everything that is decided.
    pub const fn expire(self) -> Result<Self, TransitionError> {
        self.open_to(Self::Expired, "expired")
    }

    /// It is called off before any money moved.
    ///
    /// # Errors
    /// For everything that is decided.
    pub const fn void(self) -> Result<Self, TransitionError> {
        self.open_to(Self::Voided, "voided")
    }

    /// The money went back.
    ///
    /// # Errors
    /// For everything but SUCCEEDED.
    pub const fn reverse(self) -> Result<Self, TransitionError> {
        match self {
            Self::Succeeded | Self::Reversed => Ok(Self::Reversed),
            _ => Err(self.refuse("reversed")),
        }
    }

    const fn open_to(self, to: Self, step: &'static str) -> Result<Self, TransitionError> {
        if self.is_open() { Ok(to) } else { Err(self.refuse(step)) }
    }

    const fn refuse(self, step: &'static str) -> TransitionError {
        TransitionError { thing: "payment", from: self.as_str(), step }
    }
}

/// The life of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum RefundState {
    /// Owed.
    #[sea_orm(string_value = "REQUESTED")]
    Requested,
    /// The provider is being told.
    #[sea_orm(string_value = "SUBMITTED")]
    Submitted,
    /// The money is back.
    #[sea_orm(string_value = "DONE")]
    Done,
    /// The provider said no.
    #[sea_orm(string_value = "FAILED")]
    Failed,
    /// A person must see to it.
    #[sea_orm(string_value = "MANUAL")]
    Manual,
}

impl RefundState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Requested, Self::Submitted, Self::Done, Self::Failed, Self::Manual];

    /// The word in rows and facts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Submitted => "SUBMITTED",
            Self::Done => "DONE",
            Self::Failed => "FAILED",
            Self::Manual => "MANUAL",
        }
    }

    /// The provider is about to be told; saying it again is the same.
    ///
    /// # Errors
    /// For everything that is decided.
    pub const fn submit(self) -> Result<Self, TransitionError> {
        match self {
            Self::Requested | Self::Submitted => Ok(Self::Submitted),
            Self::Done | Self::Failed | Self::Manual => Err(self.refuse("submitted")),
        }
    }

    /// The money is back.
    ///
    /// # Errors
    /// For everything but SUBMITTED.
    pub const fn complete(self) -> Result<Self, TransitionError> {
        match self {
            Self::Submitted => Ok(Self::Done),
            _ => Err(self.refuse("done")),
        }
    }

    /// The provider said no.
    ///
    /// # Errors
    /// For everything but SUBMITTED.
    pub const fn fail(self) -> Result<Self, TransitionError> {
        match self {
            Self::Submitted => Ok(Self::Failed),
            _ => Err(self.refuse("failed")),
        }
    }

    /// A person must see to it.
    ///
    /// # Errors
    /// For everything but FAILED.
    pub const fn hand_over(self) -> Result<Self, TransitionError> {
        match self {
            Self::Failed => Ok(Self::Manual),
            _ => Err(self.refuse("handed over")),
        }
    }

    const fn refuse(self, step: &'static str) -> TransitionError {
        TransitionError { thing: "refund", from: self.as_str(), step }
    }
}

/// The life of a charge at the built-in test provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum ChargeState {
    /// Paid.
    #[sea_orm(string_value = "PAID")]
    Paid,
    /// Called off before it was paid; it can never be paid.
    #[sea_orm(string_value = "VOIDED")]
    Voided,
    /// Paid and given back.
    #[sea_orm(string_value = "REFUNDED")]
    Refunded,
}

#[cfg(test)]
mod tests {
    use super::BookingState::{Cancelled, Cancelling, Confirming, Held, New, Paid, Paying, Voiding};
    use super::*;

    const WHY: CancelReason = CancelReason::Buyer;
    const STATES: [BookingState; 8] =
        [New, Held, Paying, Confirming, Paid, Cancelling(WHY), Voiding(WHY), Cancelled(WHY)];

    /// Every step, by name.
    type Step = (&'static str, fn(BookingState) -> Result<BookingState, TransitionError>);

    const STEPS: [Step; 11] = [
        ("hold", BookingState::hold),
        ("reject", BookingState::reject),
        ("start_payment", BookingState::start_payment),
        ("decline", BookingState::decline),
        ("pay", |state| state.accept_payment(false)),
        ("pay nothing", |state| state.accept_payment(true)),
        ("issue", BookingState::issue),
        ("lose_hold", BookingState::lose_hold),
        ("cancel", |state| state.cancel(CancelReason::Admin)),
        ("finish_cancel", BookingState::finish_cancel),
        ("keep", BookingState::keep),
    ];

    #[test]
    fn a_booking_moves_only_as_in_the_table() {
        let allowed = [
            ("hold", New, Held),
            ("reject", New, Cancelled(CancelReason::HoldRejected)),
            ("start_payment", Held, Paying),
            ("decline", Paying, Held),
            ("pay", Paying, Confirming),
            ("pay nothing", Held, Confirming),
            ("issue", Confirming, Paid),
            ("lose_hold", Confirming, Cancelling(CancelReason::LatePayment)),
            ("cancel", New, Cancelling(CancelReason::Admin)),
            ("cancel", Held, Cancelling(CancelReason::Admin)),
            ("cancel", Paying, Cancelling(CancelReason::Admin)),
            ("cancel", Paid, Voiding(CancelReason::Admin)),
            ("cancel", Cancelling(WHY), Cancelling(WHY)),
            ("cancel", Voiding(WHY), Voiding(WHY)),
            ("cancel", Cancelled(WHY), Cancelled(WHY)),
            ("finish_cancel", Cancelling(WHY), Cancelled(WHY)),
            ("finish_cancel", Voiding(WHY), Cancelled(WHY)),
            ("keep", Voiding(WHY), Paid),
        ];
        for (name, step) in STEPS {
            for from in STATES {
                let expected = allowed.iter().find(|row| row.0 == name && row.1 == from).map(|row| row.2);
                assert_eq!(step(from).ok(), expected, "{name} from {from:?}");
            }
        }
    }

    #[test]
    fn public_histories_are_the_three_and_no_more() {
        let public = [
            (BookingStatus::Pending, BookingStatus::Paid),
            (BookingStatus::Pending, BookingStatus::Cancelled),
            (BookingStatus::Paid, BookingStatus::Cancelled),
        ];
        for (name, step) in STEPS {
            for from in STATES {
                let Ok(to) = step(from) else { continue };
                let change = (from.status(), to.status());
                assert!(change.0 == change.1 || public.contains(&change), "{name} from {from:?} to {to:?}");
            }
        }
    }

    #[test]
    fn a_state_survives_its_columns() {
        for state in STATES {
            let read = BookingState::from_columns(state.status(), state.phase(), state.cancel_reason());
            assert_eq!(read, Some(state));
        }
        let never = [
            (BookingStatus::Pending, None, None),
            (BookingStatus::Paid, Some(Phase::Held), None),
            (BookingStatus::Cancelled, None, None),
            (BookingStatus::Pending, Some(Phase::Cancelling), None),
            (BookingStatus::Cancelled, Some(Phase::Cancelling), Some(WHY)),
        ];
        for (status, phase, reason) in never {
            assert_eq!(BookingState::from_columns(status, phase, reason), None);
        }
    }

    #[test]
    fn a_payment_is_decided_once() {
        use PaymentState::{Created, Expired, Failed, Pending, Reversed, Succeeded, Voided};
        /// pend, succeed, fail, expire, void, reverse.
        type Row = [Option<PaymentState>; 6];
        let open: Row = [Some(Pending), Some(Succeeded), Some(Failed), Some(Expired), Some(Voided), None];
        let closed: Row = [None; 6];
        let table: [(PaymentState, Row); 7] = [
            (Created, open),
            (Pending, open),
            (Succeeded, [None, Some(Succeeded), None, None, None, Some(Reversed)]),
            (Failed, closed),
            (Expired, closed),
            (Voided, closed),
            (Reversed, [None, None, None, None, None, Some(Reversed)]),
        ];
        assert_eq!(table.map(|row| row.0), PaymentState::ALL);
        for (from, row) in table {
            let seen: Row =
                [from.pend(), from.succeed(), from.fail(), from.expire(), from.void(), from.reverse()]
                    .map(Result::ok);
            assert_eq!(seen, row, "{from:?}");
        }
    }

    #[test]
    fn a_refund_ends_done_or_with_a_person() {
        use RefundState::{Done, Failed, Manual, Requested, Submitted};
        let table = [
            (Requested, [Some(Submitted), None, None, None]),
            (Submitted, [Some(Submitted), Some(Done), Some(Failed), None]),
            (Done, [None; 4]),
            (Failed, [None, None, None, Some(Manual)]),
            (Manual, [None; 4]),
        ];
        assert_eq!(table.map(|row| row.0), RefundState::ALL);
        for (from, row) in table {
            let seen = [from.submit(), from.complete(), from.fail(), from.hand_over()].map(Result::ok);
            assert_eq!(seen, row, "{from:?}");
        }
    }
}
