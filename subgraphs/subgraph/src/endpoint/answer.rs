//! From what the schema answered to what goes over HTTP: every error with a code, no internal word, the right status.

use async_graphql::{Response as SchemaResponse, ServerError, Value as SchemaValue};
use http::StatusCode;
use poem::{IntoResponse, Response};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use service::protocol::MediaType;
use service::subscription::Item;

use crate::error::{Code, Error};

/// A request that is wrong in more places than this is told of these: a short request must not get a long answer.
const MOST_REQUEST_ERRORS: usize = 20;

/// An answer, not yet wrapped.
#[derive(Debug)]
pub(super) struct Answer {
    response: SchemaResponse,
    /// Whether the operation ran: then there is `data`, be it null.
    executed: bool,
    /// A status that does not follow from the media type.
    status: Option<StatusCode>,
}

impl Answer {
    /// What a schema answered.
    pub(super) fn executed(mut response: SchemaResponse) -> Self {
        // An error without a path is one of the request: nothing was executed.
        let request_errors = !response.errors.is_empty() && response.errors.iter().all(|e| e.path.is_empty());
        let executed = !(request_errors && response.data == SchemaValue::Null);
        if !executed {
            response.errors.truncate(MOST_REQUEST_ERRORS);
        }
        let internal = response.errors.iter().any(|error| error.source::<Error>().is_some());
        response.errors.iter_mut().for_each(complete);
        let status = (!executed && internal).then_some(StatusCode::INTERNAL_SERVER_ERROR);
        Self { response, executed, status }
    }

    /// The document does not parse.
    pub(super) fn parse_failed(mut error: ServerError) -> Self {
        set_code(&mut error, Code::GraphqlParseFailed);
        Self { response: SchemaResponse::from_errors(vec![error]), executed: false, status: None }
    }

    /// The document is fine, and what came with it is not.
    pub(super) fn not_executed(error: &Error) -> Self {
        let mut entry = ServerError::new(error.message(), None);
        entry.extensions = Some(error.extensions());
        Self { response: SchemaResponse::from_errors(vec![entry]), executed: false, status: None }
    }

    /// It was executed, and became too much to be shown.
    pub(super) fn given_up(error: &Error) -> Self {
        Self { executed: true, ..Self::not_executed(error) }
    }

    /// The request may not be executed at all.
    pub(super) fn refused(status: StatusCode, error: &Error) -> Self {
        Self { status: Some(status), ..Self::not_executed(error) }
    }

    /// The code of the first error.
    pub(super) fn code(&self) -> Option<&str> {
        match self.response.errors.first()?.extensions.as_ref()?.get("code")? {
            SchemaValue::String(code) => Some(code),
            _ => None,
        }
    }

    /// The answer as a part of a stream.
    pub(super) fn into_item(self) -> Item {
        if !self.executed {
            let entries = self.response.errors.iter().filter_map(|error| serde_json::to_value(error).ok());
            return Item::Refused(entries.collect());
        }
        match serde_json::to_vec(&self) {
            Ok(body) => Item::Next(body.into()),
            Err(error) => {
                tracing::error!(%error, "an answer cannot be written");
                Item::Refused(Vec::new())
            }
        }
    }

    pub(super) fn into_response(self, media: MediaType) -> Response {
        let status = match self.status {
            Some(status) => status,
            None if self.executed => StatusCode::OK,
            None => media.request_error_status(),
        };
        let headers = self.response.http_headers.clone();
        let mut response = wrap(&self, media, status);
        response.headers_mut().extend(headers);
        response
    }
}

/// The answers of a batch, in order.
pub(super) fn batch(answers: Vec<Answer>, media: MediaType) -> Response {
    wrap(&answers, media, StatusCode::OK)
}

fn wrap(body: &impl Serialize, media: MediaType, status: StatusCode) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => bytes.with_content_type(media.content_type()).with_status(status).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.response.errors.is_empty() {
            map.serialize_entry("errors", &self.response.errors)?;
        }
        if self.executed {
            map.serialize_entry("data", &self.response.data)?;
        }
        if !self.response.extensions.is_empty() {
            map.serialize_entry("extensions", &self.response.extensions)?;
        }
        map.end()
    }
}

/// Gives an error its code, and takes from it what a client must not see.
fn complete(error: &mut ServerError) {
    if let Some(known) = error.source::<Error>().cloned() {
        log(&known, error);
        known.message().clone_into(&mut error.message);
        error.extensions = Some(known.extensions());
    } else if error.source.is_some() {
        // Something that `?` took through a resolver without passing the subgraph's table of errors.
        let unknown = Error::internal(&error.message);
        log(&unknown, error);
        unknown.message().clone_into(&mut error.message);
        error.extensions = Some(unknown.extensions());
    } else if error.extensions.as_ref().is_none_or(|extensions| extensions.get("code").is_none()) {
        // The engine's own: about the request when there is no path, about an argument's value when there is one.
        let code = if error.path.is_empty() { Code::GraphqlValidationFailed } else { Code::BadUserInput };
        set_code(error, code);
    }
}

fn set_code(error: &mut ServerError, code: Code) {
    error.extensions.get_or_insert_default().set("code", code.as_str());
}

fn log(error: &Error, at: &ServerError) {
    let Some((id, cause)) = error.id().zip(error.cause()) else { return };
    let path = at.path.iter().map(segment).collect::<Vec<_>>().join(".");
    match error.code() {
        Code::Unavailable => tracing::warn!(error_id = %id, cause, path, "something needed is unavailable"),
        code => tracing::error!(error_id = %id, %code, cause, path, "an operation failed"),
    }
}

fn segment(segment: &async_graphql::PathSegment) -> String {
    match segment {
        async_graphql::PathSegment::Field(name) => name.clone(),
        async_graphql::PathSegment::Index(at) => at.to_string(),
    }
}
