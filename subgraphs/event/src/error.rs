//! Why a use-case did not happen: a variant per cause, facts as fields. What a client reads of it is one table, in `api::error`.

use entities::event::status::EventTransitionError;

use crate::domain::texts::TextError;
use crate::domain::time::SlotError;
use crate::peer::PeerError;
use crate::spacemaster::Unavailable;
use crate::store::StoreError;

/// Why a use-case did not happen.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// It takes a logged-in user.
    #[error("nobody is logged in")]
    Unauthenticated,
    /// It takes an administrator.
    #[error("only administrators may do this")]
    Forbidden,
    /// There is no such event, for anybody or for this caller.
    #[error("there is no such event")]
    NotFound,
    /// An input is wrong.
    #[error("{field} {wrong}")]
    Input {
        /// Which.
        field: &'static str,
        /// What is wrong with it.
        wrong: String,
    },
    /// The scheduler knows no such venue.
    #[error("venue {0} does not exist")]
    VenueNotFound(i32),
    /// The scheduler knows no such room, or not in that venue.
    #[error("room {room} does not exist{}", .venue.map(|venue| format!(" in venue {venue}")).unwrap_or_default())]
    RoomNotFound {
        /// The room.
        room: i32,
        /// The venue it was looked for in.
        venue: Option<i32>,
    },
    /// What is to come lies in the past.
    #[error("{field} is in the past")]
    InPast {
        /// Which input.
        field: &'static str,
    },
    /// The room is taken, here or with the scheduler.
    #[error("{0}")]
    RoomUnavailable(String),
    /// Somebody else changed the event at the same time.
    #[error("the event is being changed by somebody else; read it again and repeat")]
    Changed,
    /// The key was used for something else.
    #[error("This idempotency key was used for another request")]
    KeyReused,
    /// The event's state does not allow it.
    #[error(transparent)]
    Transition(#[from] EventTransitionError),
    /// More tickets are on offer than the new room takes.
    #[error("more tickets are on offer than the {capacity} people that the new room takes")]
    CapacityExceeded {
        /// How many it takes.
        capacity: i32,
    },
    /// A peer gave no answer that makes sense.
    #[error("{peer} is unavailable: {cause}")]
    Unavailable {
        /// Which.
        peer: &'static str,
        /// Why, for the log.
        cause: String,
    },
    /// The database failed.
    #[error("the database failed: {0}")]
    Store(#[source] StoreError),
}

impl EventError {
    /// An input that is wrong.
    pub(crate) fn input(field: &'static str, wrong: impl Into<String>) -> Self {
        Self::Input { field, wrong: wrong.into() }
    }

    /// A text that is none.
    pub(crate) fn text(field: &'static str, error: TextError) -> Self {
        Self::input(field, error.to_string())
    }

    /// The ticket service said no, or nothing.
    pub(crate) fn tickets(error: PeerError, capacity: i32) -> Self {
        match error {
            PeerError::Refused { code, .. } if code == "CAPACITY_EXCEEDED" => {
                Self::CapacityExceeded { capacity }
            }
            error => Self::Unavailable { peer: "the ticket service", cause: error.to_string() },
        }
    }
}

impl From<Unavailable> for EventError {
    fn from(Unavailable(cause): Unavailable) -> Self {
        Self::Unavailable { peer: "SpaceMaster", cause }
    }
}

impl From<SlotError> for EventError {
    fn from(error: SlotError) -> Self {
        match error {
            SlotError::Time { field, cause } => Self::input(field, cause.to_string()),
            SlotError::Empty => Self::input("endTime", "must be after startTime"),
        }
    }
}

impl From<StoreError> for EventError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Changed => Self::Changed,
            StoreError::Overlaps(claims) => Self::RoomUnavailable(crate::rooms::conflicts(&claims)),
            StoreError::KeyReused => Self::KeyReused,
            error @ (StoreError::Twin | StoreError::UnknownRoom | StoreError::Db(_)) => Self::Store(error),
        }
    }
}
