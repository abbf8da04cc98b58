//! The rules of a sale beside its price and quota: when, how many in one order, how many for one buyer.

use chrono::{DateTime, Utc};
use entities::ticket::ticket_types;

use super::terms::TermsError;

/// The rules of a type; what is absent is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// When sales begin.
    pub open_at: Option<DateTime<Utc>>,
    /// When sales end: the first moment at which nothing is sold any more.
    pub close_at: Option<DateTime<Utc>>,
    /// The fewest of one order.
    pub min_per_order: Option<i32>,
    /// The most of one order.
    pub max_per_order: Option<i32>,
    /// The most that one buyer may hold and have bought.
    pub max_per_buyer: Option<i32>,
}

/// The rule that keeps an order from being taken, with what the buyer must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Too early.
    #[error("Sales open at {}", .open_at.to_rfc3339())]
    NotOpenYet {
        /// When it will do.
        open_at: DateTime<Utc>,
    },
    /// Too late.
    #[error("Sales closed at {}", .close_at.to_rfc3339())]
    Over {
        /// When it would have done.
        close_at: DateTime<Utc>,
    },
    /// Less than an order may be for.
    #[error("An order of these tickets is for at least {minimum}")]
    TooFew {
        /// The fewest.
        minimum: i32,
    },
    /// More than an order may be for.
    #[error("An order of these tickets is for at most {maximum}")]
    TooMany {
        /// The most.
        maximum: i32,
    },
    /// More than one buyer may have.
    #[error("One buyer can have at most {maximum} of these tickets; {remaining} more are possible")]
    BuyerLimit {
        /// The most.
        maximum: i32,
        /// How many more this buyer may have now.
        remaining: i32,
    },
}

impl Rules {
    /// The rules of a row.
    #[must_use]
    pub fn of(row: &ticket_types::Model) -> Self {
        Self {
            open_at: row.sales_open_at.map(|at| at.utc()),
            close_at: row.sales_close_at.map(|at| at.utc()),
            min_per_order: row.min_per_order,
            max_per_order: row.max_per_order,
            max_per_buyer: row.max_per_buyer,
        }
    }

    /// Whether anything could ever be sold by them.
    ///
    /// # Errors
    /// [`TermsError::Rule`], naming the input field.
    pub fn check(&self) -> Result<(), TermsError> {
        let wrong = |field, message| Err(TermsError::Rule { field, message });
        if self.open_at.zip(self.close_at).is_some_and(|(open, close)| close <= open) {
            return wrong("salesCloseAt", "Sales close after they open");
        }
        let fewest = self.min_per_order.unwrap_or(1);
        if fewest < 1 {
            return wrong("minPerOrder", "An order is for at least 1");
        }
        if self.max_per_order.is_some_and(|most| most < fewest) {
            return wrong("maxPerOrder", "An order cannot be for at most less than it must be for");
        }
        if self.max_per_buyer.is_some_and(|most| most < fewest) {
            return wrong("maxPerBuyer", "One buyer can have at least one order");
        }
        Ok(())
    }

    /// Whether an order for `quantity` may be taken at `now`, as far as the order itself shows.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn allow(&self, quantity: i32, now: DateTime<Utc>) -> Result<(), RuleError> {
        if let Some(open_at) = self.open_at.filter(|open_at| now < *open_at) {
            return Err(RuleError::NotOpenYet { open_at });
        }
        if let Some(close_at) = self.close_at.filter(|close_at| *close_at <= now) {
            return Err(RuleError::Over { close_at });
        }
        if let Some(minimum) = self.min_per_order.filter(|minimum| quantity < *minimum) {
            return Err(RuleError::TooFew { minimum });
        }
        if let Some(maximum) = self.max_per_order.filter(|maximum| *maximum < quantity) {
            return Err(RuleError::TooMany { maximum });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn an_order_is_taken_within_the_window_and_the_bounds() {
        let rules = Rules {
            open_at: Some(at(10)),
            close_at: Some(at(20)),
            min_per_order: Some(2),
            max_per_order: Some(4),
            max_per_buyer: None,
        };
        let table = [
            (2, 9, Err(RuleError::NotOpenYet { open_at: at(10) })),
            (2, 10, Ok(())),
            (4, 19, Ok(())),
            (2, 20, Err(RuleError::Over { close_at: at(20) })),
            (1, 15, Err(RuleError::TooFew { minimum: 2 })),
            (5, 15, Err(RuleError::TooMany { maximum: 4 })),
        ];
        for (quantity, now, answer) in table {
            assert_eq!(rules.allow(quantity, at(now)), answer, "{quantity} at {now}");
            assert_eq!(Rules::default().allow(quantity, at(now)), Ok(()));
        }
    }

    #[test]
    fn rules_by_which_nothing_is_ever_sold_are_refused() {
        const NONE: Rules = Rules {
            open_at: None,
            close_at: None,
            min_per_order: None,
            max_per_order: None,
            max_per_buyer: None,
        };
        let table = [
            (NONE, None),
            (Rules { open_at: Some(at(1)), close_at: Some(at(2)), ..NONE }, None),
            (Rules { open_at: Some(at(1)), close_at: Some(at(1)), ..NONE }, Some("salesCloseAt")),
            (Rules { min_per_order: Some(0), ..NONE }, Some("minPerOrder")),
            (Rules { max_per_order: Some(0), ..NONE }, Some("maxPerOrder")),
            (Rules { min_per_order: Some(3), max_per_order: Some(2), ..NONE }, Some("maxPerOrder")),
            (Rules { min_per_order: Some(3), max_per_buyer: Some(2), ..NONE }, Some("maxPerBuyer")),
            (Rules { min_per_order: Some(2), max_per_order: Some(2), max_per_buyer: Some(2), ..NONE }, None),
        ];
        for (rules, wrong) in table {
            let field = rules.check().err().map(|error| match error {
                TermsError::Rule { field, .. } => field,
                other => panic!("{other}"),
            });
            assert_eq!(field, wrong, "{rules:?}");
        }
    }
}
