//! The terms of a ticket type: name, price, quota, rules, and whether it is on sale; and what of them may still change.

use chrono::{DateTime, Utc};
use entities::ticket::status::{Category, SaleState};
use entities::ticket::ticket_types;

use super::rules::Rules;

/// What the public is told about a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaleStatus {
    /// It can be had now.
    Open,
    /// On sale, but nothing is left: everything is paid for, held for somebody who may yet pay, or kept for those who wait.
    SoldOut,
    /// Not on sale.
    Closed,
}

impl SaleStatus {
    /// Never stored, so that it cannot lie: the counters decide.
    #[must_use]
    pub const fn of(row: &ticket_types::Model) -> Self {
        match row.state {
            SaleState::Closed => Self::Closed,
            SaleState::Open if row.available() <= 0 => Self::SoldOut,
            SaleState::Open => Self::Open,
        }
    }
}

/// Why terms are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// A price below zero.
    #[error("A price cannot be negative")]
    NegativePrice,
    /// A quota of none, or fewer.
    #[error("A quota must be at least 1")]
    NoQuota,
    /// The price of what was sold already.
    #[error("Cannot update price of ticket that has been sold")]
    PriceAfterSales,
    /// The name of what was sold already.
    #[error("Cannot update name of ticket that has been sold")]
    NameAfterSales,
    /// Fewer than are sold and held.
    #[error("The quota cannot be less than the {minimum} already sold and held")]
    QuotaTooLow {
        /// The least it can be.
        minimum: i32,
    },
    /// Sold out is what the counters say, not what somebody says.
    #[error("SOLD_OUT follows from the sales; set OPEN or CLOSED")]
    SoldOutByHand,
    /// By such rules nothing could be sold.
    #[error("{message}")]
    Rule {
        /// The input field.
        field: &'static str,
        /// What is wrong with it.
        message: &'static str,
    },
}

/// The terms of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Its name.
    pub name: Category,
    /// The price of one, in minor units.
    pub price: i64,
    /// How many there are.
    pub quota: i32,
    /// Whether it may be sold.
    pub state: SaleState,
    /// When, and how many to whom.
    pub rules: Rules,
}

/// What an organiser wants changed; `None` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revision {
    /// A new name.
    pub name: Option<Category>,
    /// A new price.
    pub price: Option<i64>,
    /// A new quota.
    pub quota: Option<i32>,
    /// A new status.
    pub status: Option<SaleStatus>,
    /// Changed rules.
    pub rules: RulesRevision,
}

/// What an organiser wants changed of the rules: the outer `None` stays as it is, the inner one lifts the rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RulesRevision {
    /// When sales begin.
    pub open_at: Option<Option<DateTime<Utc>>>,
    /// When sales end.
    pub close_at: Option<Option<DateTime<Utc>>>,
    /// The fewest of one order.
    pub min_per_order: Option<Option<i32>>,
    /// The most of one order.
    pub max_per_order: Option<Option<i32>>,
    /// The most of one buyer.
    pub max_per_buyer: Option<Option<i32>>,
}

impl RulesRevision {
    fn of(self, rules: Rules) -> Rules {
        Rules {
            open_at: self.open_at.unwrap_or(rules.open_at),
            close_at: self.close_at.unwrap_or(rules.close_at),
            min_per_order: self.min_per_order.unwrap_or(rules.min_per_order),
            max_per_order: self.max_per_order.unwrap_or(rules.max_per_order),
            max_per_buyer: self.max_per_buyer.unwrap_or(rules.max_per_buyer),
        }
    }
}

impl Terms {
    /// The terms of a new type.
    ///
    /// # Errors
    /// [`TermsError::NegativePrice`], [`TermsError::NoQuota`], [`TermsError::Rule`].
    pub fn new(name: Category, price: i64, quota: i32, rules: Rules) -> Result<Self, TermsError> {
        if price < 0 {
            return Err(TermsError::NegativePrice);
        }
        if quota < 1 {
            return Err(TermsError::NoQuota);
        }
        rules.check()?;
        Ok(Self { name, price, quota, state: SaleState::Open, rules })
    }

    /// The terms that `row` has after `revision`.
    ///
    /// What a buyer paid for keeps its name and price; a hold keeps its price by itself.
    ///
    /// # Errors
    /// The first rule that the revision breaks.
    pub fn revise(row: &ticket_types::Model, revision: Revision) -> Result<Self, TermsError> {
        let name = revision.name.unwrap_or(row.name);
        let price = revision.price.unwrap_or(row.price);
        let quota = revision.quota.unwrap_or(row.quota);
        let rules = revision.rules.of(Rules::of(row));
        let revised = Self::new(name, price, quota, rules)?;
        if price != row.price && row.sold > 0 {
            return Err(TermsError::PriceAfterSales);
        }
        if name != row.name && row.sold > 0 {
            return Err(TermsError::NameAfterSales);
        }
        let minimum = row.sold + row.held;
        if quota < minimum {
            return Err(TermsError::QuotaTooLow { minimum });
        }
        // What is free while somebody waits is theirs: to everybody else the type reads as sold out.
        let any_left = quota > minimum && row.waiting == 0;
        let state = revised_state(row, revision.status, any_left)?;
        Ok(Self { state, ..revised })
    }
}

/// A client that sends back the status it read changes nothing by it.
fn revised_state(
    row: &ticket_types::Model,
    wanted: Option<SaleStatus>,
    any_left: bool,
) -> Result<SaleState, TermsError> {
    match wanted {
        None => Ok(row.state),
        Some(SaleStatus::Open) => Ok(SaleState::Open),
        Some(SaleStatus::Closed) => Ok(SaleState::Closed),
        Some(SaleStatus::SoldOut) if !any_left => Ok(SaleState::Open),
        Some(SaleStatus::SoldOut) => Err(TermsError::SoldOutByHand),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entities::ids::{EventId, TicketTypeId};
    use entities::money::Currency;

    fn row(quota: i32, sold: i32, held: i32) -> ticket_types::Model {
        ticket_types::Model {
            id: TicketTypeId::new(),
            event_id: EventId::new(),
            name: Category::Regular,
            price: 150_000,
            currency: Currency::Idr,
            quota,
            sold,
            held,
            waiting: 0,
            offered: 0,
            state: SaleState::Open,
            sales_open_at: None,
            sales_close_at: None,
            min_per_order: None,
            max_per_order: None,
            max_per_buyer: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    const KEEP_RULES: RulesRevision = RulesRevision {
        open_at: None,
        close_at: None,
        min_per_order: None,
        max_per_order: None,
        max_per_buyer: None,
    };
    const KEEP: Revision = Revision { name: None, price: None, quota: None, status: None, rules: KEEP_RULES };

    #[test]
    fn a_rule_stays_or_changes_or_is_lifted() {
        let row = ticket_types::Model { max_per_order: Some(4), max_per_buyer: Some(6), ..row(10, 0, 0) };
        let rules = RulesRevision { max_per_order: Some(None), min_per_order: Some(Some(2)), ..KEEP_RULES };
        let terms = Terms::revise(&row, Revision { rules, ..KEEP }).unwrap();
        let expected = Rules { min_per_order: Some(2), max_per_buyer: Some(6), ..Rules::default() };
        assert_eq!(terms.rules, expected);
    }

    #[test]
    fn the_status_is_what_the_counters_say() {
        assert_eq!(SaleStatus::of(&row(2, 0, 0)), SaleStatus::Open);
        assert_eq!(SaleStatus::of(&row(2, 1, 1)), SaleStatus::SoldOut);
        assert_eq!(SaleStatus::of(&row(2, 2, 0)), SaleStatus::SoldOut);
        let closed = ticket_types::Model { state: SaleState::Closed, ..row(2, 2, 0) };
        assert_eq!(SaleStatus::of(&closed), SaleStatus::Closed);
    }

    #[test]
    fn revisions_are_refused_as_in_the_table() {
        let price = Revision { price: Some(1), ..KEEP };
        let name = Revision { name: Some(Category::Vip), ..KEEP };
        let quota = |quota| Revision { quota: Some(quota), ..KEEP };
        let status = |status| Revision { status: Some(status), ..KEEP };
        let table: [(ticket_types::Model, Revision, Option<TermsError>); 12] = [
            (row(10, 0, 0), price, None),
            (row(10, 0, 3), price, None),
            (row(10, 1, 0), price, Some(TermsError::PriceAfterSales)),
            (row(10, 1, 0), Revision { price: Some(150_000), ..KEEP }, None),
            (row(10, 0, 0), name, None),
            (row(10, 1, 0), name, Some(TermsError::NameAfterSales)),
            (row(10, 3, 4), quota(7), None),
            (row(10, 3, 4), quota(6), Some(TermsError::QuotaTooLow { minimum: 7 })),
            (row(10, 0, 0), quota(0), Some(TermsError::NoQuota)),
            (row(10, 0, 0), Revision { price: Some(-1), ..KEEP }, Some(TermsError::NegativePrice)),
            (row(10, 0, 0), status(SaleStatus::SoldOut), Some(TermsError::SoldOutByHand)),
            (row(10, 10, 0), status(SaleStatus::SoldOut), None),
        ];
        for (row, revision, refused) in table {
            assert_eq!(Terms::revise(&row, revision).err(), refused, "{revision:?}");
        }
    }

    #[test]
    fn a_type_is_closed_and_opened_by_hand() {
        let closed = Terms::revise(&row(1, 0, 0), Revision { status: Some(SaleStatus::Closed), ..KEEP });
        assert_eq!(closed.map(|terms| terms.state), Ok(SaleState::Closed));
        let row = ticket_types::Model { state: SaleState::Closed, ..row(1, 0, 0) };
        assert_eq!(Terms::revise(&row, KEEP).map(|terms| terms.state), Ok(SaleState::Closed));
        let open = Terms::revise(&row, Revision { status: Some(SaleStatus::Open), ..KEEP });
        assert_eq!(open.map(|terms| terms.state), Ok(SaleState::Open));
    }
}
