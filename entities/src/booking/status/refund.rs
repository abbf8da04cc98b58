//! The life of a refund.

use sea_orm::sea_query::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};

use super::TransitionError;

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

#[cfg(test)]
mod tests {
    use super::*;

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
