//! The one state of a booking, and every step between two of them.

use super::{BookingStatus, CancelReason, Phase, TransitionError};

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
}
