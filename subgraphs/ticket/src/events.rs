//! What the event service says of an event: its capacity, its times, and whether it was called off.

use crate::error::SaleError;
use crate::event::EventFacts;
use crate::store::{self, Store, Transaction};

/// Brings the capacity row up to date, and bars all sales of an event that was called off.
///
/// What was called off stays so, whatever a delayed call says. May be repeated.
///
/// # Errors
/// [`SaleError::BadInput`]; [`SaleError::CapacityExceeded`] when the quotas are more than the new room takes.
pub async fn sync(store: &Store, event: EventFacts) -> Result<(), SaleError> {
    if event.capacity < 0 {
        return Err(SaleError::BadInput { field: "capacity", message: "A capacity cannot be negative" });
    }
    if event.ends_at <= event.starts_at {
        return Err(SaleError::BadInput { field: "endsAt", message: "An event ends after it begins" });
    }
    store.transaction(|tx| async move { write(&tx, event).await }).await
}

async fn write(tx: &Transaction, event: EventFacts) -> Result<(), SaleError> {
    let now = tx.now().await?;
    let Some(row) = store::events::lock(tx.db(), event.id).await? else {
        // Somebody may write the same row at this moment; the next try finds it.
        let first = store::events::insert(tx.db(), event, now).await?;
        return if first { Ok(()) } else { Err(SaleError::Contended) };
    };
    let fits = i64::from(event.capacity) >= row.allocated;
    if !fits && !event.cancelled {
        return Err(SaleError::CapacityExceeded { available: i64::from(event.capacity) - row.allocated });
    }
    // Calling off must never fail for want of room.
    let capacity = if fits { event.capacity } else { row.capacity };
    store::events::update(tx.db(), event, capacity, now).await?;
    if event.cancelled {
        store::events::close_types(tx.db(), event.id, now).await?;
    }
    Ok(())
}
