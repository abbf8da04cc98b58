//! Who watches the ticket types of an event, and what they are told.

use std::collections::HashMap;
use std::time::Duration;

use entities::ids::{EventId, TicketTypeId};
use entities::ticket::ticket_types::Model;
use futures_util::stream::{self, Stream, StreamExt};
use tokio_util::sync::CancellationToken;

use crate::store::{self, Store};

/// Reads what is watched: at once when this process commits something, and every `every` for what others commit.
pub async fn run(store: Store, every: Duration, stop: CancellationToken) {
    let load = |events: Vec<EventId>| {
        let store = store.clone();
        async move {
            let mut of: HashMap<EventId, Vec<Model>> = HashMap::new();
            for row in store::ticket_types::of_events(store.read(), events).await? {
                of.entry(row.event_id).or_default().push(row);
            }
            Ok(of)
        }
    };
    std::sync::Arc::clone(store.changes()).run(every, stop, load).await;
}

/// The ticket types of an event: each as it is now, then each again whenever it has become another. Never ends by itself.
///
/// Only the latest state is told: what changes twice before the reader has taken the first may be told once. Types that are
/// deleted are told nothing of.
pub fn of_event(store: &Store, event: EventId) -> impl Stream<Item = Model> + use<> {
    let watch = store.changes().watch(event);
    let known: HashMap<TicketTypeId, Model> = HashMap::new();
    let batches = stream::unfold((watch, known), |(mut watch, known)| async move {
        let now = watch.next().await?;
        let news: Vec<Model> = now.iter().filter(|row| known.get(&row.id) != Some(row)).cloned().collect();
        let known = now.into_iter().map(|row| (row.id, row)).collect();
        Some((stream::iter(news), (watch, known)))
    });
    batches.flatten()
}
