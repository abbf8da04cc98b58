//! What a client reads of an error: one table, without a default.

use subgraph::{Code, Error};

use crate::error::EventError;
use crate::store::StoreError;

impl From<EventError> for Error {
    fn from(error: EventError) -> Self {
        let said = error.to_string();
        match error {
            EventError::Unauthenticated => Self::unauthenticated(),
            EventError::Forbidden => Self::forbidden(),
            EventError::NotFound => Self::not_found("event"),
            EventError::Input { field, .. } => Self::bad_input(field, said),
            EventError::VenueNotFound(_) => Self::new(Code::VenueNotFound, said).with_field("venueId"),
            EventError::RoomNotFound { .. } => Self::new(Code::RoomNotFound, said).with_field("roomId"),
            EventError::InPast { field } => Self::new(Code::EventInPast, said).with_field(field),
            EventError::RoomUnavailable(_) => Self::new(Code::RoomUnavailable, said),
            EventError::Changed => Self::new(Code::Conflict, said),
            EventError::KeyReused => Self::new(Code::IdempotencyConflict, said).with_field("idempotencyKey"),
            EventError::Transition(_) => Self::new(Code::InvalidTransition, said),
            EventError::CapacityExceeded { capacity } => {
                Self::new(Code::CapacityExceeded, said).with_detail("capacity", capacity)
            }
            EventError::Unavailable { peer, cause } => Self::unavailable(peer, cause),
            EventError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Db(error) => error.into(),
            // The use-cases translate these; one that comes here was forgotten.
            error @ (StoreError::Changed
            | StoreError::Overlaps(_)
            | StoreError::UnknownRoom
            | StoreError::Twin
            | StoreError::KeyReused) => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entities::event::status::EventStatus;

    #[test]
    fn every_cause_has_its_code_and_names_its_field() {
        let transition = EventStatus::Completed.change().unwrap_err();
        let cases = [
            (EventError::Unauthenticated, Code::Unauthenticated, None),
            (EventError::Forbidden, Code::Forbidden, None),
            (EventError::NotFound, Code::NotFound, None),
            (EventError::input("title", "must not be empty"), Code::BadUserInput, Some("title")),
            (EventError::VenueNotFound(9), Code::VenueNotFound, Some("venueId")),
            (EventError::RoomNotFound { room: 9, venue: Some(1) }, Code::RoomNotFound, Some("roomId")),
            (EventError::InPast { field: "startTime" }, Code::EventInPast, Some("startTime")),
            (EventError::RoomUnavailable("taken".into()), Code::RoomUnavailable, None),
            (EventError::Changed, Code::Conflict, None),
            (EventError::KeyReused, Code::IdempotencyConflict, Some("idempotencyKey")),
            (EventError::Transition(transition), Code::InvalidTransition, None),
            (EventError::CapacityExceeded { capacity: 80 }, Code::CapacityExceeded, None),
            (EventError::Unavailable { peer: "SpaceMaster", cause: "x".into() }, Code::Unavailable, None),
            (EventError::Store(StoreError::UnknownRoom), Code::Internal, None),
        ];
        for (error, code, field) in cases {
            let shown = Error::from(error);
            assert_eq!((shown.code(), shown.field()), (code, field), "{shown}");
        }
    }

    #[test]
    fn a_peer_s_words_stay_in_the_log() {
        let error = Error::from(EventError::Unavailable {
            peer: "SpaceMaster",
            cause: "10.0.0.7:8200 refused".into(),
        });
        assert!(!error.message().contains("10.0.0.7"), "{}", error.message());
        assert!(error.cause().unwrap().contains("10.0.0.7") && error.id().is_some());
    }
}
