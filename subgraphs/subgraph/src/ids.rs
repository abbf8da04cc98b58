//! Ids on their way in: opaque strings to clients, typed inside.

use std::str::FromStr;

use async_graphql::ID;

use crate::error::Error;

/// The id of something a query asks for. A malformed one is `None`: it is the id of nothing.
pub fn sought<T: FromStr>(id: &ID) -> Option<T> {
    id.parse().ok()
}

/// The id of something a mutation changes.
///
/// # Errors
/// BAD_USER_INPUT naming `field` when it is malformed.
pub fn given<T: FromStr>(id: &ID, field: &'static str) -> Result<T, Error> {
    id.parse().map_err(|_| Error::bad_input(field, format!("{field} is not an id")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use uuid::Uuid;

    #[test]
    fn a_malformed_id_is_nothing_to_a_query_and_bad_input_to_a_mutation() {
        assert_eq!(sought::<Uuid>(&ID::from("1")), None);
        let error = given::<Uuid>(&ID::from("1"), "eventId").unwrap_err();
        assert_eq!((error.code(), error.field()), (Code::BadUserInput, Some("eventId")));
    }
}
