//! The local copy of venues and rooms: what reading works from while the room scheduler is down.

use chrono::{DateTime, Utc};
use entities::event::{rooms, venues};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{Store, StoreError};
use crate::spacemaster::Venue;

impl Store {
    /// Keeps what the scheduler said about these venues and their rooms.
    ///
    /// Rooms that it no longer lists stay: events may still name them, and their age shows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_venues(&self, known: &[Venue], as_of: DateTime<Utc>) -> Result<(), StoreError> {
        if known.is_empty() {
            return Ok(());
        }
        let rooms: &Vec<_> =
            &known.iter().flat_map(|venue| &venue.rooms).map(|room| room_row(room, as_of)).collect();
        self.db
            .transaction(|tx| async move {
                let rows = known.iter().map(|venue| venue_row(venue, as_of));
                venues::Entity::insert_many(rows)
                    .on_conflict(venue_again())
                    .exec_without_returning(&*tx)
                    .await?;
                if !rooms.is_empty() {
                    let rows = rooms.iter().cloned();
                    rooms::Entity::insert_many(rows)
                        .on_conflict(room_again())
                        .exec_without_returning(&*tx)
                        .await?;
                }
                Ok(())
            })
            .await
    }

    /// The venues with these numbers, in one statement.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn venues_by_ids(&self, ids: &[i32]) -> Result<Vec<venues::Model>, StoreError> {
        let venues = venues::Entity::find().filter(venues::Column::Id.is_in(ids.iter().copied()));
        Ok(venues.all(self.reader()).await?)
    }

    /// The rooms with these numbers, in one statement.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rooms_by_ids(&self, ids: &[i32]) -> Result<Vec<rooms::Model>, StoreError> {
        let rooms = rooms::Entity::find().filter(rooms::Column::Id.is_in(ids.iter().copied()));
        Ok(rooms.all(self.reader()).await?)
    }

    /// The rooms of these venues, in one statement, by number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rooms_of_venues(&self, venues: &[i32]) -> Result<Vec<rooms::Model>, StoreError> {
        let rooms = rooms::Entity::find()
            .filter(rooms::Column::VenueId.is_in(venues.iter().copied()))
            .order_by_asc(rooms::Column::Id);
        Ok(rooms.all(self.reader()).await?)
    }
}

fn venue_row(venue: &Venue, as_of: DateTime<Utc>) -> venues::ActiveModel {
    venues::ActiveModel {
        id: Set(venue.id),
        name: Set(venue.name.clone()),
        city: Set(venue.city.clone()),
        address: Set(venue.address.clone()),
        description: Set(venue.description.clone()),
        as_of: Set(as_of),
    }
}

fn room_row(room: &crate::spacemaster::Room, as_of: DateTime<Utc>) -> rooms::ActiveModel {
    rooms::ActiveModel {
        id: Set(room.id),
        venue_id: Set(room.venue_id),
        name: Set(room.name.clone()),
        capacity: Set(room.capacity),
        as_of: Set(as_of),
    }
}

fn venue_again() -> OnConflict {
    use venues::Column::{Address, AsOf, City, Description, Name};
    OnConflict::column(venues::Column::Id).update_columns([Name, City, Address, Description, AsOf]).to_owned()
}

fn room_again() -> OnConflict {
    use rooms::Column::{AsOf, Capacity, Name, VenueId};
    OnConflict::column(rooms::Column::Id).update_columns([VenueId, Name, Capacity, AsOf]).to_owned()
}
