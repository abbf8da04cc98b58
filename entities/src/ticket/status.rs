//! The states of the ticket database and the steps between them.

use sea_orm::sea_query::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};

/// The names a ticket type may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum Category {
    /// The best seats.
    #[sea_orm(string_value = "VIP")]
    Vip,
    /// The usual ticket.
    #[sea_orm(string_value = "REGULAR")]
    Regular,
    /// The usual ticket, cheaper for whoever comes first.
    #[sea_orm(string_value = "EARLY_BIRD")]
    EarlyBird,
}

/// Whether an organiser lets a type be sold. That it is sold out is never stored: the counters say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(8))")]
pub enum SaleState {
    /// As long as there is stock.
    #[sea_orm(string_value = "OPEN")]
    Open,
    /// Not now, or not any more.
    #[sea_orm(string_value = "CLOSED")]
    Closed,
}

/// What a voucher does to the price of one ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(8))")]
pub enum DiscountKind {
    /// So many hundredths off.
    #[sea_orm(string_value = "PERCENT")]
    Percent,
    /// So much off.
    #[sea_orm(string_value = "AMOUNT")]
    Amount,
    /// So much to pay instead.
    #[sea_orm(string_value = "PRICE")]
    Price,
}

/// The step is not allowed from where the hold or ticket stands.
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

/// The life of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum HoldStatus {
    /// It counts in `held`.
    #[sea_orm(string_value = "HELD")]
    Held,
    /// It counts in `sold`, and its tickets exist.
    #[sea_orm(string_value = "CONFIRMED")]
    Confirmed,
    /// It was given back, for ever. A hold that arrives after its release is refused by this row.
    #[sea_orm(string_value = "RELEASED")]
    Released,
    /// It lapsed and counts nowhere; a payment that was on its way may still win the stock back.
    #[sea_orm(string_value = "EXPIRED")]
    Expired,
}

/// What a step does to the counters of the type, per ticket held; and to those of the voucher, whose uses are counted the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockMove {
    /// Nothing: the step was taken before.
    Stay,
    /// From held to sold.
    Sell,
    /// From free to sold, if there is stock.
    Reacquire,
    /// From held to free.
    Free,
    /// From sold to free; the tickets are voided.
    Unsell,
}

impl StockMove {
    /// The step in words, for when it cannot be taken.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stay => "nothing",
            Self::Sell => "a sale",
            Self::Reacquire => "a re-acquired hold",
            Self::Free => "a release",
            Self::Unsell => "a void",
        }
    }
}

impl HoldStatus {
    /// Every status, in the order of a hold's life.
    pub const ALL: [Self; 4] = [Self::Held, Self::Confirmed, Self::Released, Self::Expired];

    /// The word in rows, answers and facts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "HELD",
            Self::Confirmed => "CONFIRMED",
            Self::Released => "RELEASED",
            Self::Expired => "EXPIRED",
        }
    }

    /// The request for it arrives again, or late: it finds what it made, but never brings back what was released.
    ///
    /// # Errors
    /// For RELEASED.
    pub const fn ask_again(self) -> Result<Self, TransitionError> {
        match self {
            Self::Held | Self::Confirmed | Self::Expired => Ok(self),
            Self::Released => Err(self.refuse("taken")),
        }
    }

    /// The buyer has paid. Confirming twice is the same as once; what was released stays released.
    ///
    /// # Errors
    /// For RELEASED.
    pub const fn confirm(self) -> Result<(Self, StockMove), TransitionError> {
        match self {
            Self::Held => Ok((Self::Confirmed, StockMove::Sell)),
            Self::Confirmed => Ok((Self::Confirmed, StockMove::Stay)),
            Self::Expired => Ok((Self::Confirmed, StockMove::Reacquire)),
            Self::Released => Err(self.refuse("confirmed")),
        }
    }

    /// The buyer will not pay. Releasing twice is the same as once; what was sold needs [`HoldStatus::unsell`].
    ///
    /// # Errors
    /// For CONFIRMED.
    pub const fn release(self) -> Result<(Self, StockMove), TransitionError> {
        match self {
            Self::Held => Ok((Self::Released, StockMove::Free)),
            Self::Expired | Self::Released => Ok((Self::Released, StockMove::Stay)),
            Self::Confirmed => Err(self.refuse("released without voiding its tickets")),
        }
    }

    /// The sale is taken back, whatever it had come to: tickets that exist are voided.
    #[must_use]
    pub const fn unsell(self) -> (Self, StockMove) {
        match self {
            Self::Held => (Self::Released, StockMove::Free),
            Self::Confirmed => (Self::Released, StockMove::Unsell),
            Self::Expired | Self::Released => (Self::Released, StockMove::Stay),
        }
    }

    /// Its time is over. Only what is still held can lapse.
    ///
    /// # Errors
    /// For everything but HELD.
    pub const fn expire(self) -> Result<(Self, StockMove), TransitionError> {
        match self {
            Self::Held => Ok((Self::Expired, StockMove::Free)),
            Self::Confirmed | Self::Released | Self::Expired => Err(self.refuse("expired")),
        }
    }

    const fn refuse(self, step: &'static str) -> TransitionError {
        TransitionError { thing: "hold", from: self.as_str(), step }
    }
}

/// The life of a place on a waiting list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum PlaceStatus {
    /// Its buyer waits; it counts in the type's `waiting`.
    #[sea_orm(string_value = "WAITING")]
    Waiting,
    /// Tickets are set aside for its buyer; they count in the type's `offered` and `held`.
    #[sea_orm(string_value = "OFFERED")]
    Offered,
    /// A hold was taken from them.
    #[sea_orm(string_value = "TAKEN")]
    Taken,
    /// They were not taken in time.
    #[sea_orm(string_value = "LAPSED")]
    Lapsed,
    /// Its buyer gave it up.
    #[sea_orm(string_value = "LEFT")]
    Left,
    /// Nothing is sold any more.
    #[sea_orm(string_value = "ENDED")]
    Ended,
}

impl PlaceStatus {
    /// Every status, in the order of a place's life.
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::Offered, Self::Taken, Self::Lapsed, Self::Left, Self::Ended];

    /// The word in rows, answers and facts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Offered => "OFFERED",
            Self::Taken => "TAKEN",
            Self::Lapsed => "LAPSED",
            Self::Left => "LEFT",
            Self::Ended => "ENDED",
        }
    }

    /// It is its turn.
    ///
    /// # Errors
    /// For everything but WAITING.
    pub const fn offer(self) -> Result<Self, TransitionError> {
        match self {
            Self::Waiting => Ok(Self::Offered),
            Self::Offered | Self::Taken | Self::Lapsed | Self::Left | Self::Ended => {
                Err(self.refuse("offered to"))
            }
        }
    }

    /// Its buyer takes what was offered.
    ///
    /// # Errors
    /// For everything but OFFERED.
    pub const fn take(self) -> Result<Self, TransitionError> {
        match self {
            Self::Offered => Ok(Self::Taken),
            Self::Waiting | Self::Taken | Self::Lapsed | Self::Left | Self::Ended => {
                Err(self.refuse("taken"))
            }
        }
    }

    /// Nobody took what was offered.
    ///
    /// # Errors
    /// For everything but OFFERED.
    pub const fn lapse(self) -> Result<Self, TransitionError> {
        match self {
            Self::Offered => Ok(Self::Lapsed),
            Self::Waiting | Self::Taken | Self::Lapsed | Self::Left | Self::Ended => {
                Err(self.refuse("lapsed"))
            }
        }
    }

    /// Its buyer gives it up.
    ///
    /// # Errors
    /// For what is over.
    pub const fn leave(self) -> Result<Self, TransitionError> {
        match self {
            Self::Waiting | Self::Offered => Ok(Self::Left),
            Self::Taken | Self::Lapsed | Self::Left | Self::Ended => Err(self.refuse("left")),
        }
    }

    const fn refuse(self, step: &'static str) -> TransitionError {
        TransitionError { thing: "waiting place", from: self.as_str(), step }
    }
}

/// The life of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(8))")]
pub enum AdmissionStatus {
    /// It opens the door once.
    #[sea_orm(string_value = "VALID")]
    Valid,
    /// It has opened the door.
    #[sea_orm(string_value = "USED")]
    Used,
    /// It opens nothing any more.
    #[sea_orm(string_value = "VOID")]
    Void,
}

impl AdmissionStatus {
    /// Every status, in the order of a ticket's life.
    pub const ALL: [Self; 3] = [Self::Valid, Self::Used, Self::Void];

    /// The word in rows, answers and facts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "VALID",
            Self::Used => "USED",
            Self::Void => "VOID",
        }
    }

    /// Somebody holds it out at a door. It stays used, however often it is scanned.
    ///
    /// # Errors
    /// For VOID.
    pub const fn scan(self) -> Result<Self, TransitionError> {
        match self {
            Self::Valid | Self::Used => Ok(Self::Used),
            Self::Void => Err(TransitionError { thing: "ticket", from: self.as_str(), step: "used" }),
        }
    }

    /// The sale was taken back. A ticket that somebody walked in with is not, unless `even_used`.
    ///
    /// # Errors
    /// For USED without `even_used`.
    pub const fn void(self, even_used: bool) -> Result<Self, TransitionError> {
        match self {
            Self::Valid | Self::Void => Ok(Self::Void),
            Self::Used if even_used => Ok(Self::Void),
            Self::Used => Err(TransitionError { thing: "ticket", from: self.as_str(), step: "voided" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use HoldStatus::{Confirmed, Expired, Held, Released};

    /// One row per status: confirm, release, unsell, expire; `None` is a refusal.
    type Row = (HoldStatus, [Option<(HoldStatus, StockMove)>; 4]);

    #[test]
    fn a_hold_moves_only_as_in_the_table() {
        let table: [Row; 4] = [
            (
                Held,
                [
                    Some((Confirmed, StockMove::Sell)),
                    Some((Released, StockMove::Free)),
                    Some((Released, StockMove::Free)),
                    Some((Expired, StockMove::Free)),
                ],
            ),
            (
                Confirmed,
                [Some((Confirmed, StockMove::Stay)), None, Some((Released, StockMove::Unsell)), None],
            ),
            (Released, [None, Some((Released, StockMove::Stay)), Some((Released, StockMove::Stay)), None]),
            (
                Expired,
                [
                    Some((Confirmed, StockMove::Reacquire)),
                    Some((Released, StockMove::Stay)),
                    Some((Released, StockMove::Stay)),
                    None,
                ],
            ),
        ];
        assert_eq!(table.map(|(from, _)| from), HoldStatus::ALL);
        for (from, [confirm, release, unsell, expire]) in table {
            assert_eq!(from.confirm().ok(), confirm, "confirm {from:?}");
            assert_eq!(from.release().ok(), release, "release {from:?}");
            assert_eq!(Some(from.unsell()), unsell, "unsell {from:?}");
            assert_eq!(from.expire().ok(), expire, "expire {from:?}");
        }
    }

    #[test]
    fn a_place_moves_only_as_in_the_table() {
        use PlaceStatus::{Ended, Lapsed, Left, Offered, Taken, Waiting};
        let table = [
            (Waiting, [Some(Offered), None, None, Some(Left)]),
            (Offered, [None, Some(Taken), Some(Lapsed), Some(Left)]),
            (Taken, [None; 4]),
            (Lapsed, [None; 4]),
            (Left, [None; 4]),
            (Ended, [None; 4]),
        ];
        assert_eq!(table.map(|(from, _)| from), PlaceStatus::ALL);
        for (from, to) in table {
            assert_eq!(
                [from.offer(), from.take(), from.lapse(), from.leave()].map(Result::ok),
                to,
                "{from:?}"
            );
        }
    }

    #[test]
    fn a_used_ticket_is_voided_only_on_purpose() {
        let table = [
            (AdmissionStatus::Valid, false, Some(AdmissionStatus::Void)),
            (AdmissionStatus::Used, false, None),
            (AdmissionStatus::Used, true, Some(AdmissionStatus::Void)),
            (AdmissionStatus::Void, false, Some(AdmissionStatus::Void)),
        ];
        for (from, even_used, to) in table {
            assert_eq!(from.void(even_used).ok(), to, "{from:?} {even_used}");
        }
    }

    #[test]
    fn a_ticket_opens_the_door_unless_it_is_void() {
        let opened = AdmissionStatus::ALL.map(|status| status.scan().ok());
        assert_eq!(opened, [Some(AdmissionStatus::Used), Some(AdmissionStatus::Used), None]);
    }

    #[test]
    fn a_hold_that_comes_after_its_release_is_refused() {
        for status in HoldStatus::ALL {
            assert_eq!(status.ask_again().is_ok(), status != Released, "{status:?}");
        }
    }

    #[test]
    fn a_refusal_reads_alone() {
        let refusal = Released.confirm().unwrap_err();
        assert_eq!(refusal.to_string(), "a hold that is RELEASED cannot be confirmed");
    }
}
