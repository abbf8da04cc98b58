//! `WaitingPlace`: a place on a waiting list, as whoever waits sees it.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, Enum, ID, Object};
use entities::money::Quantity;
use entities::ticket::status::PlaceStatus as Status;
use subgraph::error::Error;
use subgraph::scalars::DateTime;

use super::loaders::TicketTypes;
use super::ticket_type::TicketType;
use crate::waiting_places::Standing;

/// The most tickets that one place is for.
const MOST: i32 = 100;

/// Where a place on a waiting list stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Status")]
pub(super) enum WaitingStatus {
    /// Nothing is free yet.
    Waiting,
    /// Tickets are set aside: `createBooking` takes them, until `offerExpiresAt`.
    Offered,
    /// They were taken.
    Taken,
    /// They were not taken in time, and went to the next.
    Lapsed,
    /// Given up.
    Left,
    /// Nothing is sold any more.
    Ended,
}

/// A place on the waiting list of a ticket type.
pub(super) struct WaitingPlace(pub(super) Standing);

#[Object]
impl WaitingPlace {
    async fn id(&self) -> ID {
        self.0.place.id.to_string().into()
    }

    async fn ticket_type_id(&self) -> ID {
        self.0.place.ticket_type_id.to_string().into()
    }

    /// What is waited for. Null only when the type is gone.
    async fn ticket_type(&self, ctx: &Context<'_>) -> Result<Option<TicketType>, Error> {
        let loader = ctx.data_unchecked::<DataLoader<TicketTypes>>();
        Ok(loader.load_one(self.0.place.ticket_type_id).await?.map(TicketType))
    }

    /// How many tickets are wanted.
    async fn quantity(&self) -> i32 {
        self.0.place.quantity
    }

    async fn status(&self) -> WaitingStatus {
        self.0.place.status.into()
    }

    /// How many places come to their turn before this one has had its own, itself included: the next is 1. Null unless WAITING.
    async fn position(&self) -> Option<i32> {
        self.0.position.and_then(|position| i32::try_from(position).ok())
    }

    /// How many tickets are set aside now; where less was free, less than are wanted.
    async fn offered(&self) -> i32 {
        self.0.place.offered
    }

    /// Until when.
    async fn offer_expires_at(&self) -> Option<DateTime> {
        self.0.place.offer_expires_at
    }

    async fn joined_at(&self) -> DateTime {
        self.0.place.joined_at
    }
}

/// How many tickets somebody may wait for: as many as one booking may be for.
pub(super) fn wanted(count: i32) -> Result<Quantity, Error> {
    match Quantity::new(count) {
        Ok(quantity) if count <= MOST => Ok(quantity),
        Ok(_) | Err(_) => Err(Error::bad_input("quantity", format!("A place is for 1 to {MOST} tickets"))),
    }
}
