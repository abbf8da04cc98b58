//! `TicketType`: what is on sale.

use async_graphql::{Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::SubsecRound;
use entities::money::{Currency, MoneyError};
use entities::ticket::status::Category;
use entities::ticket::ticket_types::Model;
use subgraph::error::Error;
use subgraph::ids::given;
use subgraph::scalars::DateTime;

use super::event::Event;
use crate::domain::rules::Rules;
use crate::domain::terms::{Revision, RulesRevision, SaleStatus};
use crate::ticket_types::NewTicketType;

/// The names a ticket type may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Category")]
pub(super) enum TicketCategory {
    Vip,
    Regular,
    EarlyBird,
}

/// Whether tickets of a type can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "SaleStatus")]
pub(super) enum TicketStatus {
    /// They can be had now, between `salesOpenAt` and `salesCloseAt`.
    Open,
    /// Nothing is left: everything is paid for, held for somebody who may yet pay, or kept for those who wait.
    SoldOut,
    /// They are not on sale.
    Closed,
}

/// A kind of ticket of one event.
pub(super) struct TicketType(pub(super) Model);

#[Object]
impl TicketType {
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn event_id(&self) -> ID {
        self.0.event_id.to_string().into()
    }

    /// The event it admits to. Null only when the event cannot be told now.
    async fn event(&self) -> Option<Event> {
        Some(Event { id: self.0.event_id })
    }

    async fn name(&self) -> TicketCategory {
        self.0.name.into()
    }

    /// The price of one, in minor units of `currency` (150000 is Rp150.000).
    async fn price(&self) -> i64 {
        self.0.price
    }

    /// ISO 4217.
    async fn currency(&self) -> &'static str {
        self.0.currency.code()
    }

    /// How many there are.
    async fn quota(&self) -> i32 {
        self.0.quota
    }

    /// How many are paid for.
    async fn sold(&self) -> i32 {
        self.0.sold
    }

    /// How many can be had now: neither paid for nor held, nor waited for.
    async fn available(&self) -> i32 {
        self.0.available()
    }

    async fn status(&self) -> TicketStatus {
        SaleStatus::of(&self.0).into()
    }

    /// When sales begin; at once when absent.
    async fn sales_open_at(&self) -> Option<DateTime> {
        self.0.sales_open_at.map(|at| at.utc())
    }

    /// When sales end; when the event begins, if absent or later than that.
    async fn sales_close_at(&self) -> Option<DateTime> {
        self.0.sales_close_at.map(|at| at.utc())
    }

    /// The fewest of one order; 1 when absent.
    async fn min_per_order(&self) -> Option<i32> {
        self.0.min_per_order
    }

    /// The most of one order.
    async fn max_per_order(&self) -> Option<i32> {
        self.0.max_per_order
    }

    /// The most that one buyer may hold and have bought.
    async fn max_per_buyer(&self) -> Option<i32> {
        self.0.max_per_buyer
    }
}

/// What a new ticket type is to be.
#[derive(Debug, InputObject)]
pub(super) struct CreateTicketInput {
    event_id: ID,
    name: TicketCategory,
    /// The price of one, in minor units of `currency`.
    price: i32,
    /// How many there are.
    quota: i32,
    /// ISO 4217; IDR when absent.
    currency: Option<String>,
    /// When sales begin; at once when absent.
    sales_open_at: Option<DateTime>,
    /// When sales end; when the event begins, if absent or later than that.
    sales_close_at: Option<DateTime>,
    /// The fewest of one order.
    min_per_order: Option<i32>,
    /// The most of one order.
    max_per_order: Option<i32>,
    /// The most that one buyer may hold and have bought.
    max_per_buyer: Option<i32>,
}

impl TryFrom<CreateTicketInput> for NewTicketType {
    type Error = Error;

    fn try_from(input: CreateTicketInput) -> Result<Self, Error> {
        Ok(Self {
            event_id: given(&input.event_id, "eventId")?,
            name: input.name.into(),
            price: input.price.into(),
            currency: currency(input.currency.as_deref())
                .map_err(|_| Error::bad_input("currency", "We do not sell in this currency"))?,
            quota: input.quota,
            rules: Rules {
                open_at: input.sales_open_at.map(kept),
                close_at: input.sales_close_at.map(kept),
                min_per_order: input.min_per_order,
                max_per_order: input.max_per_order,
                max_per_buyer: input.max_per_buyer,
            },
        })
    }
}

/// As the databases keep it: to the microsecond.
pub(super) fn kept(at: DateTime) -> DateTime {
    at.trunc_subsecs(6)
}

fn currency(code: Option<&str>) -> Result<Currency, MoneyError> {
    code.map_or(Ok(Currency::default()), str::parse)
}

/// What is to change; what is absent stays.
#[derive(Debug, InputObject)]
pub(super) struct UpdateTicketInput {
    /// Not after the first sale.
    name: Option<TicketCategory>,
    /// Not after the first sale; holds keep the price they were taken at.
    price: Option<i32>,
    /// Not below what is sold and held.
    quota: Option<i32>,
    /// OPEN or CLOSED; SOLD_OUT follows from the sales.
    status: Option<TicketStatus>,
    /// When sales begin; null lifts the rule, as for all that follow.
    sales_open_at: MaybeUndefined<DateTime>,
    /// When sales end.
    sales_close_at: MaybeUndefined<DateTime>,
    /// The fewest of one order.
    min_per_order: MaybeUndefined<i32>,
    /// The most of one order.
    max_per_order: MaybeUndefined<i32>,
    /// The most that one buyer may hold and have bought; what they have already stays theirs.
    max_per_buyer: MaybeUndefined<i32>,
}

impl From<UpdateTicketInput> for Revision {
    fn from(input: UpdateTicketInput) -> Self {
        Self {
            name: input.name.map(Into::into),
            price: input.price.map(Into::into),
            quota: input.quota,
            status: input.status.map(Into::into),
            rules: RulesRevision {
                open_at: given_or_null(input.sales_open_at.map_value(kept)),
                close_at: given_or_null(input.sales_close_at.map_value(kept)),
                min_per_order: given_or_null(input.min_per_order),
                max_per_order: given_or_null(input.max_per_order),
                max_per_buyer: given_or_null(input.max_per_buyer),
            },
        }
    }
}

pub(super) fn given_or_null<T>(input: MaybeUndefined<T>) -> Option<Option<T>> {
    match input {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

/// What came of a deletion.
#[derive(Debug, SimpleObject)]
pub(super) struct DeleteTicketType {
    pub(super) ok: bool,
}
