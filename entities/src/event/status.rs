//! The states of the event database and the steps between them.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};

/// What is stored of an event's life. What the clock says is added by [`EventState::status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum EventState {
    /// Its room is being claimed; nobody sees it yet.
    #[sea_orm(string_value = "PENDING_ROOM")]
    PendingRoom,
    /// It has its room.
    #[sea_orm(string_value = "SCHEDULED")]
    Scheduled,
    /// It was called off; for ever.
    #[sea_orm(string_value = "CANCELLED")]
    Cancelled,
}

/// What the world sees: the stored state and the clock together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventStatus {
    /// It will begin.
    Scheduled,
    /// It has begun and not ended.
    Ongoing,
    /// It has ended.
    Completed,
    /// It was called off.
    Cancelled,
}

/// The step is not allowed from where the event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event that is {from} cannot be {step}")]
pub struct EventTransitionError {
    /// Where it stands.
    pub from: EventStatus,
    /// What was asked of it.
    pub step: &'static str,
}

impl EventState {
    /// The public status at `now` of an event that runs in `[starts_at, ends_at)`; `None` while it is invisible.
    #[must_use]
    pub fn status(
        self,
        starts_at: DateTime<Utc>,
        ends_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<EventStatus> {
        match self {
            Self::PendingRoom => None,
            Self::Cancelled => Some(EventStatus::Cancelled),
            Self::Scheduled if now < starts_at => Some(EventStatus::Scheduled),
            Self::Scheduled if now < ends_at => Some(EventStatus::Ongoing),
            Self::Scheduled => Some(EventStatus::Completed),
        }
    }
}

impl EventStatus {
    /// Every status, in the order of an event's life.
    pub const ALL: [Self; 4] = [Self::Scheduled, Self::Ongoing, Self::Completed, Self::Cancelled];

    /// The word that clients have always been given.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Ongoing => "ONGOING",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// The status with this word, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// What is over or called off stays as it was.
    ///
    /// # Errors
    /// For COMPLETED and CANCELLED.
    pub const fn change(self) -> Result<(), EventTransitionError> {
        match self {
            Self::Scheduled | Self::Ongoing => Ok(()),
            Self::Completed | Self::Cancelled => Err(EventTransitionError { from: self, step: "changed" }),
        }
    }

    /// Calling off twice changes nothing; what is over cannot be called off.
    ///
    /// Answers whether there is something to do.
    ///
    /// # Errors
    /// For COMPLETED.
    pub const fn cancel(self) -> Result<bool, EventTransitionError> {
        match self {
            Self::Scheduled | Self::Ongoing => Ok(true),
            Self::Cancelled => Ok(false),
            Self::Completed => Err(EventTransitionError { from: self, step: "cancelled" }),
        }
    }
}

impl std::fmt::Display for EventStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The life of a claim on a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum ReservationState {
    /// It holds the room here; the scheduler is being told. Left by its lease: whoever takes it over finishes or undoes it.
    #[sea_orm(string_value = "PENDING")]
    Pending,
    /// It holds the room, here and with the scheduler.
    #[sea_orm(string_value = "ACTIVE")]
    Active,
    /// It holds nothing any more.
    #[sea_orm(string_value = "RELEASED")]
    Released,
}

/// How sure we are that the scheduler has a block of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum BlockState {
    /// It was sent when the slot was seen free; the answer is not in yet, or was lost.
    #[sea_orm(string_value = "PUSHING")]
    Pushing,
    /// The scheduler said yes, or was seen to have it.
    #[sea_orm(string_value = "PUSHED")]
    Pushed,
}

/// What another service must be told about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(32))")]
pub enum OutboxTask {
    /// The ticket service mirrors capacity, times and whether sales are barred.
    #[sea_orm(string_value = "SYNC_TICKETS")]
    SyncTickets,
    /// The booking service cancels every booking of a cancelled event.
    #[sea_orm(string_value = "CANCEL_BOOKINGS")]
    CancelBookings,
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn at(hour: u32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 12, 31, hour, 0, 0).unwrap()
    }

    #[test]
    fn the_clock_decides_between_scheduled_ongoing_and_completed() {
        let cases = [
            (EventState::Scheduled, 11, Some(EventStatus::Scheduled)),
            (EventState::Scheduled, 12, Some(EventStatus::Ongoing)),
            (EventState::Scheduled, 15, Some(EventStatus::Ongoing)),
            (EventState::Scheduled, 16, Some(EventStatus::Completed)),
            (EventState::Cancelled, 11, Some(EventStatus::Cancelled)),
            (EventState::Cancelled, 20, Some(EventStatus::Cancelled)),
            (EventState::PendingRoom, 11, None),
        ];
        for (state, hour, expected) in cases {
            assert_eq!(state.status(at(12), at(16), at(hour)), expected, "{state:?} at {hour}");
        }
    }

    #[test]
    fn what_is_over_or_called_off_is_not_changed() {
        assert_eq!(EventStatus::Scheduled.change(), Ok(()));
        assert_eq!(EventStatus::Ongoing.change(), Ok(()));
        assert!(EventStatus::Completed.change().is_err());
        assert!(EventStatus::Cancelled.change().is_err());
    }

    #[test]
    fn cancelling_twice_is_no_error_and_nothing_to_do() {
        assert_eq!(EventStatus::Scheduled.cancel(), Ok(true));
        assert_eq!(EventStatus::Ongoing.cancel(), Ok(true));
        assert_eq!(EventStatus::Cancelled.cancel(), Ok(false));
        assert!(EventStatus::Completed.cancel().is_err());
    }

    #[test]
    fn every_word_names_its_status() {
        for status in EventStatus::ALL {
            assert_eq!(EventStatus::from_word(status.as_str()), Some(status));
        }
        assert_eq!(EventStatus::from_word("scheduled"), None);
    }
}
