//! `TicketType`: what is on sale.

use async_graphql::{Enum, ID, InputObject, Object, SimpleObject};
use entities::money::{Currency, MoneyError};
use entities::ticket::status::Category;
use entities::ticket::ticket_types::Model;
use subgraph::error::Error;
use subgraph::ids::given;

use super::event::Event;
use crate::domain::terms::{Revision, SaleStatus};
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
    /// They can be had now.
    Open,
    /// Nothing is left: everything is paid for, or held for somebody who may yet pay.
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

    /// How many can be had now: neither paid for nor held.
    async fn available(&self) -> i32 {
        self.0.available()
    }

    async fn status(&self) -> TicketStatus {
        SaleStatus::of(&self.0).into()
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
        })
    }
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
}

impl From<UpdateTicketInput> for Revision {
    fn from(input: UpdateTicketInput) -> Self {
        Self {
            name: input.name.map(Into::into),
            price: input.price.map(Into::into),
            quota: input.quota,
            status: input.status.map(Into::into),
        }
    }
}

/// What came of a deletion.
#[derive(Debug, SimpleObject)]
pub(super) struct DeleteTicketType {
    pub(super) ok: bool,
}
