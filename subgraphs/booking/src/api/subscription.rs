//! What may be watched.

use async_graphql::{Context, ID, Subscription as GraphqlSubscription};
use entities::ids::BookingId;
use futures_util::stream::{Stream, StreamExt};
use subgraph::access::{actor, require_user};
use subgraph::error::Error;
use subgraph::ids::sought;

use super::booking::Booking;
use crate::error::BookingError;
use crate::saga::Saga;
use crate::{bookings, changes};

/// The root of subscriptions.
#[derive(Debug)]
pub struct Subscription;

#[GraphqlSubscription]
impl Subscription {
    /// A booking: first as it is, then again whenever its status has changed; ends when it is CANCELLED. For its owner and
    /// for administrators; a stranger's looks like none. What is told is the latest state, at least once: a status that is
    /// left at once may be left out.
    async fn booking_changed(&self, ctx: &Context<'_>, id: ID) -> Result<impl Stream<Item = Booking>, Error> {
        require_user(ctx)?;
        let store = &ctx.data_unchecked::<Saga>().store;
        let id = sought::<BookingId>(&id).ok_or(BookingError::NoSuchBooking)?;
        let now = bookings::visible(store, &actor(ctx), id).await?;
        Ok(changes::of_booking(store, now).map(Booking))
    }
}
