//! What may be watched.

use async_graphql::{Context, ID, Subscription as GraphqlSubscription};
use entities::ids::EventId;
use futures_util::future::Either;
use futures_util::stream::{self, Stream, StreamExt};
use subgraph::ids::sought;

use super::ticket_type::TicketType;
use crate::changes;
use crate::store::Store;

/// The root of subscriptions.
#[derive(Debug)]
pub struct Subscription;

#[GraphqlSubscription]
impl Subscription {
    /// The ticket types of an event: first each as it is, then each again whenever its availability or its terms have
    /// changed. What is told is the latest state, at least once: of changes that follow each other quickly, those in between
    /// may be left out. A type that is deleted is no longer told of.
    async fn ticket_type_changed(&self, ctx: &Context<'_>, event_id: ID) -> impl Stream<Item = TicketType> {
        match sought::<EventId>(&event_id) {
            Some(event) => {
                let store = ctx.data_unchecked::<Store>();
                Either::Left(changes::of_event(store, event).map(TicketType))
            }
            // What cannot be the id of an event never changes.
            None => Either::Right(stream::empty()),
        }
    }
}
