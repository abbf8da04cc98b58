//! What other systems are told, and what came of telling them.

use sea_orm::sea_query::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(32))")]
pub enum AnnouncementKind {
    /// A booking is paid and its tickets exist.
    #[sea_orm(string_value = "booking.paid")]
    BookingPaid,
    /// A booking is over.
    #[sea_orm(string_value = "booking.cancelled")]
    BookingCancelled,
    /// Money is owed back.
    #[sea_orm(string_value = "refund.requested")]
    RefundRequested,
    /// The money is back.
    #[sea_orm(string_value = "refund.done")]
    RefundDone,
    /// The provider refused; a person must see to it.
    #[sea_orm(string_value = "refund.manual")]
    RefundManual,
}

impl AnnouncementKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::BookingPaid,
        Self::BookingCancelled,
        Self::RefundRequested,
        Self::RefundDone,
        Self::RefundManual,
    ];

    /// The word in messages and rows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BookingPaid => "booking.paid",
            Self::BookingCancelled => "booking.cancelled",
            Self::RefundRequested => "refund.requested",
            Self::RefundDone => "refund.done",
            Self::RefundManual => "refund.manual",
        }
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum DeliveryState {
    /// It is tried until it arrives.
    #[sea_orm(string_value = "WAITING")]
    Waiting,
    /// It arrived.
    #[sea_orm(string_value = "DELIVERED")]
    Delivered,
    /// It was given up, until somebody has it tried again.
    #[sea_orm(string_value = "DEAD")]
    Dead,
}

/// Why a delivery did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum DeliveryFailure {
    /// The address leads to where nothing may be sent.
    #[sea_orm(string_value = "ADDRESS_REFUSED")]
    AddressRefused,
    /// Nobody could be reached there.
    #[sea_orm(string_value = "NOT_REACHED")]
    NotReached,
    /// It took too long.
    #[sea_orm(string_value = "TIMED_OUT")]
    TimedOut,
    /// The answer was not 2xx.
    #[sea_orm(string_value = "REFUSED")]
    Refused,
    /// The secret cannot be opened with what is configured.
    #[sea_orm(string_value = "NO_SECRET")]
    NoSecret,
    /// Nobody listens there any more.
    #[sea_orm(string_value = "REMOVED")]
    Removed,
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::ActiveEnum;

    #[test]
    fn a_kind_is_stored_as_it_is_told() {
        for kind in AnnouncementKind::ALL {
            assert_eq!(kind.to_value(), kind.as_str());
        }
    }
}
