//! Who watches a booking, and what they are told.

use std::collections::HashMap;
use std::time::Duration;

use entities::booking::bookings::Model;
use entities::booking::status::BookingStatus;
use entities::ids::BookingId;
use futures_util::stream::{self, Stream};
use tokio_util::sync::CancellationToken;

use crate::store::{self, Store};

/// Reads what is watched: at once when this process commits something, and every `every` for what others commit.
pub async fn run(store: Store, every: Duration, stop: CancellationToken) {
    let load = |ids: Vec<BookingId>| {
        let store = store.clone();
        async move {
            let rows = store::bookings::find_many(store.read(), ids).await?;
            Ok(rows.into_iter().map(|row| (row.id, Some(row))).collect::<HashMap<_, _>>())
        }
    };
    std::sync::Arc::clone(store.changes()).run(every, stop, load).await;
}

/// A booking as it is, then again whenever its status has become another; ends when it is cancelled, which is for ever.
///
/// Only the latest state is told: a status that is left at once may never be. What has been told is never followed by
/// something older.
pub fn of_booking(store: &Store, now: Model) -> impl Stream<Item = Model> + use<> {
    let watch = store.changes().watch(now.id);
    stream::unfold((watch, None::<Model>, Some(now)), |(mut watch, told, first)| async move {
        if told.as_ref().is_some_and(|told| told.status == BookingStatus::Cancelled) {
            return None;
        }
        let mut next = first;
        loop {
            if let Some(row) = next
                && is_news(told.as_ref(), &row)
            {
                return Some((row.clone(), (watch, Some(row), None)));
            }
            next = watch.next().await?;
        }
    })
}

fn is_news(told: Option<&Model>, row: &Model) -> bool {
    told.is_none_or(|told| row.version > told.version && row.status != told.status)
}
