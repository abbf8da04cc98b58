//! Why the ticket service holds nothing: its code, and the facts by which a buyer knows what would do.
//!
//! A booking keeps both, so that whoever uses its key again is answered as the first time.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use subgraph::error::Code;

/// A decision of the ticket service against a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its code.
    pub code: Code,
    /// The facts that go with it.
    pub facts: Facts,
}

/// The facts of a refusal, named as clients see them; only those of the rule that was broken are there.
///
/// What was left has a column of its own in `bookings`; the text beside it has the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Facts {
    /// What was left, when it is sold out.
    #[serde(skip_serializing)]
    pub available: Option<i32>,
    /// When sales begin, when it is too early.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sales_open_at: Option<DateTime<Utc>>,
    /// When sales ended, when it is too late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sales_close_at: Option<DateTime<Utc>>,
    /// The fewest of one order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_per_order: Option<i32>,
    /// The most of one order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_order: Option<i32>,
    /// The most that one buyer may hold and have bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_buyer: Option<i32>,
    /// How many more this buyer may have, or the voucher is good for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<i32>,
}

impl Refusal {
    /// A refusal of which no more is known than its code.
    #[must_use]
    pub fn without_facts(code: Code) -> Self {
        Self { code, facts: Facts::default() }
    }

    /// The argument of `createBooking` that would have to be another one.
    #[must_use]
    pub fn field(&self) -> Option<&'static str> {
        let Facts { min_per_order, max_per_order, max_per_buyer, .. } = self.facts;
        match self.code {
            Code::VoucherInvalid | Code::VoucherExpired | Code::VoucherUsedUp => Some("voucher"),
            _ => min_per_order.or(max_per_order).or(max_per_buyer).map(|_| "quantity"),
        }
    }
}

impl Facts {
    /// What a booking kept of them. What cannot be read any more is not told; the code still is.
    #[must_use]
    pub fn kept(available: Option<i32>, text: Option<&str>) -> Self {
        let others: Self = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        Self { available, ..others }
    }

    /// The text that a booking keeps beside what was left; `None` when there is nothing to keep.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let others = Self { available: None, ..self.clone() };
        if others == Self::default() { None } else { serde_json::to_string(&others).ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_what_was_said() {
        let open = DateTime::from_timestamp(1_790_000_000, 0);
        let table = [
            Facts::default(),
            Facts { available: Some(3), ..Facts::default() },
            Facts { sales_open_at: open, ..Facts::default() },
            Facts { max_per_buyer: Some(4), remaining: Some(0), ..Facts::default() },
        ];
        for facts in table {
            assert_eq!(Facts::kept(facts.available, facts.text().as_deref()), facts);
        }
    }

    #[test]
    fn the_text_has_only_what_is_known() {
        assert_eq!(Facts { available: Some(3), ..Facts::default() }.text(), None);
        let few = Facts { min_per_order: Some(2), ..Facts::default() };
        assert_eq!(few.text().as_deref(), Some(r#"{"minPerOrder":2}"#));
    }

    #[test]
    fn what_cannot_be_read_is_not_told() {
        assert_eq!(Facts::kept(Some(1), Some("{")), Facts { available: Some(1), ..Facts::default() });
    }
}
