//! Events: creating, changing, calling off, reading.
//!
//! A new event, or one that moves, claims its room in three steps: claim here (the event not yet seen), block with the scheduler, settle. A
//! refusal or failure in between is undone at once; a crash in between is finished or undone by `workers::claims`. The endpoint runs a mutation
//! to its end even when its client leaves.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use entities::event::events::Model;
use entities::event::status::{EventState, EventStatus};
use entities::idempotency::IdempotencyKey;
use entities::ids::{EventId, UserId};
use service::identity::Caller;
use subgraph::idempotency::Request;

use crate::context::{Context, admin};
use crate::domain::texts;
use crate::domain::time::{self, Slot, VenueTime};
use crate::error::EventError;
use crate::repeats::past_twins;
use crate::store::StoreError;
use crate::store::events::{EventFilter, Wording};
use crate::store::reservations::{Place, Purpose};
use crate::tickets::SaleTerms;
use crate::zones;

/// What a new event is made of, as a client wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// What it is called.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// The venue's number.
    pub venue: i32,
    /// The room's number.
    pub room: i32,
    /// When it begins.
    pub start: String,
    /// When it ends.
    pub end: String,
    /// The client's name for this request.
    pub key: Option<IdempotencyKey>,
}

/// What is to change of an event, as a client wrote it; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventChange {
    /// What it is called.
    pub title: Option<String>,
    /// What it is about; an empty one takes it away.
    pub description: Option<String>,
    /// The venue's number.
    pub venue: Option<i32>,
    /// The room's number.
    pub room: Option<i32>,
    /// When it begins.
    pub start: Option<String>,
    /// When it ends.
    pub end: Option<String>,
}

/// How often a change that met another one is tried again where the caller need not decide anew.
const TRIES: usize = 5;

impl Context {
    /// Creates an event: admin. Finds the one that this request created before, if it has a key.
    ///
    /// # Errors
    /// Whatever is wrong with the input or the room; nothing remains then. [`EventError::KeyReused`].
    pub async fn create_event(&self, caller: &Caller, input: NewEvent) -> Result<Model, EventError> {
        let creator = UserId::from_uuid(admin(caller)?.id);
        let request = input.request(creator);
        let (input, request) = (&input, request.as_ref());
        past_twins(|| async move {
            match self.event_made_before(request).await? {
                Some(event) => Ok(event),
                None => self.create_anew(creator, input, request).await,
            }
        })
        .await
    }

    async fn create_anew(
        &self,
        creator: UserId,
        input: &NewEvent,
        request: Option<&Request>,
    ) -> Result<Model, EventError> {
        let title = texts::title(&input.title).map_err(|error| EventError::text("title", error))?;
        let description = described(input.description.as_deref())?.flatten();
        let slot = Slot::parse(&input.start, &input.end, self.zones.of(input.venue))?;
        self.not_in_past(&slot)?;
        let room = self.room_in(input.venue, input.room).await?;
        let place = Place { venue: input.venue, room: room.id, capacity: room.capacity, slot };
        let event = new_event((title, description), place, creator, self.clock.now());
        self.claim_and_create(event, place, request).await
    }

    async fn claim_and_create(
        &self,
        event: Model,
        place: Place,
        request: Option<&Request>,
    ) -> Result<Model, EventError> {
        let at = (&self.lease(), self.clock.now());
        let purpose = (Purpose::NewEvent(&event), request);
        let claim = self.store.claim(purpose, place.room, place.slot, at).await?;
        let ready = async {
            self.push(&claim).await?;
            Ok(self.store.settle_new_event(&claim, self.clock.now()).await?)
        };
        if let Err(error) = ready.await {
            self.undo(&claim).await;
            return Err(error);
        }
        self.work.notify_one();
        tracing::info!(event = %event.id, room = place.room, slot = %place.slot, "event created");
        self.event(event.id).await?.ok_or(EventError::NotFound)
    }

    /// Changes an event: admin. A new time or room is validated and claimed anew.
    ///
    /// # Errors
    /// Whatever is wrong with the input, the event's state or the room; the event is then as it was.
    pub async fn update_event(
        &self,
        caller: &Caller,
        id: EventId,
        change: EventChange,
    ) -> Result<Model, EventError> {
        admin(caller)?;
        let event = self.event(id).await?.ok_or(EventError::NotFound)?;
        self.status(&event).ok_or(EventError::NotFound)?.change()?;
        let wording = worded(&change)?;
        match self.moved_slot(&event, &change)? {
            Some((venue, room, slot)) => self.move_event(event, (venue, room, slot), wording).await?,
            None if wording == Wording::default() => return Ok(event),
            None => self.store.reword(&event, wording, self.clock.now()).await?,
        }
        self.event(id).await?.ok_or(EventError::NotFound)
    }

    /// Where and when the event shall be, when that is not where and when it is.
    fn moved_slot(
        &self,
        event: &Model,
        change: &EventChange,
    ) -> Result<Option<(i32, i32, Slot)>, EventError> {
        let venue = change.venue.unwrap_or(event.venue_id);
        let room = change.room.unwrap_or(event.room_id);
        // An event keeps the zone it was made in until its venue changes: a new configuration must not move what is on the tickets.
        let old_zone = zones::stored(&event.zone);
        let zone = if venue == event.venue_id { old_zone } else { self.zones.of(venue) };
        let start = kept_or_new(change.start.as_deref(), "startTime", begin_of(event), (old_zone, zone))?;
        let end = kept_or_new(change.end.as_deref(), "endTime", end_of(event), (old_zone, zone))?;
        let slot =
            Slot::new(start, end, zone).map_err(|error| EventError::input("endTime", error.to_string()))?;
        let (starts, ends) =
            (slot.instants.start() != event.starts_at.utc(), slot.instants.end() != event.ends_at.utc());
        if (venue, room) == (event.venue_id, event.room_id) && !starts && !ends {
            return Ok(None);
        }
        let now = self.clock.now();
        if starts && slot.instants.start() < now {
            return Err(EventError::InPast { field: "startTime" });
        }
        if slot.instants.end() <= now {
            return Err(EventError::InPast { field: "endTime" });
        }
        Ok(Some((venue, room, slot)))
    }

    async fn move_event(
        &self,
        event: Model,
        (venue, room, slot): (i32, i32, Slot),
        wording: Wording,
    ) -> Result<(), EventError> {
        let room = self.room_in(venue, room).await?;
        let place = Place { venue, room: room.id, capacity: room.capacity, slot };
        self.claim_and_move(event, place, wording).await
    }

    async fn claim_and_move(&self, event: Model, place: Place, wording: Wording) -> Result<(), EventError> {
        let at = (&self.lease(), self.clock.now());
        let claim = self.store.claim((Purpose::Move(&event), None), place.room, place.slot, at).await?;
        let ready = async {
            self.fits_what_is_on_offer(&event, place).await?;
            self.push(&claim).await?;
            Ok(self.store.settle_move(&claim, &event, (place, wording), self.clock.now()).await?)
        };
        let outcome = ready.await;
        if outcome.is_err() {
            self.undo(&claim).await;
        } else {
            tracing::info!(event = %event.id, room = place.room, slot = %place.slot, "event moved");
        }
        self.work.notify_one();
        outcome
    }

    /// A smaller room must take what is already on offer. The ticket service decides, and bars new offers beyond it by the same call;
    /// should the move fail after that, undoing it tells the old terms again.
    async fn fits_what_is_on_offer(&self, event: &Model, place: Place) -> Result<(), EventError> {
        if place.capacity >= event.capacity {
            return Ok(());
        }
        let terms = SaleTerms { capacity: place.capacity, ..terms(event) };
        let told = tokio::time::timeout(self.timing.push, self.tickets.sync(terms)).await;
        let told = told.unwrap_or_else(|_| Err(crate::peer::PeerError::unavailable("no answer in time")));
        told.map_err(|error| EventError::tickets(error, place.capacity))
    }

    /// Calls an event off: admin. A second time changes nothing.
    ///
    /// # Errors
    /// When there is no such event, or it is over.
    pub async fn cancel_event(&self, caller: &Caller, id: EventId) -> Result<Model, EventError> {
        admin(caller)?;
        for _ in 0..TRIES {
            let event = self.event(id).await?.ok_or(EventError::NotFound)?;
            if !self.status(&event).ok_or(EventError::NotFound)?.cancel()? {
                return Ok(event);
            }
            match self.store.cancel(&event, self.clock.now()).await {
                Ok(()) => {
                    tracing::info!(event = %id, "event cancelled");
                    self.work.notify_one();
                }
                // A change came between reading and writing: calling off is meant whatever it was.
                Err(StoreError::Changed) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(EventError::Changed)
    }

    /// One event; `None` when there is none to be seen.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn event(&self, id: EventId) -> Result<Option<Model>, EventError> {
        Ok(self.store.event(id).await?)
    }

    /// The events that the filter lets through.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events(&self, filter: &EventFilter) -> Result<Vec<Model>, EventError> {
        Ok(self.store.events(filter, self.clock.now()).await?)
    }

    /// What the world sees of an event's state now.
    #[must_use]
    pub fn status(&self, event: &Model) -> Option<EventStatus> {
        event.state.status(event.starts_at.utc(), event.ends_at.utc(), self.clock.now())
    }

    /// Takes a claim back; when even that fails, a worker does when the lease is over.
    pub(crate) async fn undo(&self, claim: &entities::event::room_reservations::Model) {
        if let Err(error) = self.store.undo(claim, self.clock.now()).await {
            tracing::error!(claim = %claim.id, %error, "a claim could not be undone; a worker will");
        }
    }

    fn not_in_past(&self, slot: &Slot) -> Result<(), EventError> {
        if slot.instants.start() < self.clock.now() {
            Err(EventError::InPast { field: "startTime" })
        } else {
            Ok(())
        }
    }
}

/// What the sale of its tickets must know of an event.
#[must_use]
pub fn terms(event: &Model) -> SaleTerms {
    SaleTerms {
        event: event.id,
        capacity: event.capacity,
        starts_at: event.starts_at.utc(),
        ends_at: event.ends_at.utc(),
        cancelled: event.state == EventState::Cancelled,
    }
}

fn new_event(
    (title, description): (String, Option<String>),
    place: Place,
    creator: UserId,
    now: DateTime<Utc>,
) -> Model {
    Model {
        id: EventId::new(),
        title,
        description,
        venue_id: place.venue,
        room_id: place.room,
        capacity: place.capacity,
        starts_at: place.slot.instants.start().into(),
        ends_at: place.slot.instants.end().into(),
        starts_local: place.slot.wall.start(),
        ends_local: place.slot.wall.end(),
        zone: place.slot.zone.name().to_owned(),
        state: EventState::PendingRoom,
        version: 1,
        created_by: Some(creator),
        created_at: now,
        updated_at: now,
        cancelled_at: None,
    }
}

fn described(text: Option<&str>) -> Result<Option<Option<String>>, EventError> {
    text.map(texts::description).transpose().map_err(|error| EventError::text("description", error))
}

fn worded(change: &EventChange) -> Result<Wording, EventError> {
    let title = change.title.as_deref().map(texts::title).transpose();
    Ok(Wording {
        title: title.map_err(|error| EventError::text("title", error))?,
        description: described(change.description.as_deref())?,
    })
}

fn begin_of(event: &Model) -> VenueTime {
    VenueTime { instant: event.starts_at.utc(), wall: event.starts_local }
}

fn end_of(event: &Model) -> VenueTime {
    VenueTime { instant: event.ends_at.utc(), wall: event.ends_local }
}

/// A time that is not given stays; in a venue of another zone it stays what the clock on the wall shows there.
fn kept_or_new(
    given: Option<&str>,
    field: &'static str,
    kept: VenueTime,
    (old_zone, zone): (Tz, Tz),
) -> Result<VenueTime, EventError> {
    let time = match given {
        Some(text) => time::parse(text, zone),
        None if zone == old_zone => Ok(kept),
        None => time::at_wall(kept.wall, zone),
    };
    time.map_err(|error| EventError::input(field, error.to_string()))
}
