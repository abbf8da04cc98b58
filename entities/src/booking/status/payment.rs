//! The life of one try at paying, as we see it and as the test provider does.

use sea_orm::sea_query::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};

use super::TransitionError;

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

    /// Money came in after the payment was decided otherwise: it is owed back.
    ///
    /// # Errors
    /// For everything but FAILED, EXPIRED and VOIDED.
    pub const fn succeed_late(self) -> Result<Self, TransitionError> {
        match self {
            Self::Failed | Self::Expired | Self::Voided => Ok(Self::Succeeded),
            _ => Err(self.refuse("paid late")),
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
    use super::*;

    #[test]
    fn only_what_was_decided_without_money_is_paid_late() {
        use PaymentState::{Expired, Failed, Voided};
        for state in PaymentState::ALL {
            let late = matches!(state, Failed | Expired | Voided);
            assert_eq!(state.succeed_late().ok(), late.then_some(PaymentState::Succeeded), "{state:?}");
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
}
