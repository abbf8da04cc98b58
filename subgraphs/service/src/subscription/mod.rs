//! How a process answers with more than one answer: over WebSocket ([`socket`]) or as server-sent events ([`events`]).
//!
//! One reading of both protocols for every process, as with [`crate::protocol`]. What an operation answers is a stream of
//! [`Item`]s; who is calling and what may be asked is for whoever makes that stream. Dropping the stream is how a client's
//! leaving is told, and must end everything behind it.
//! Sources: GraphQL over WebSocket (`graphql-transport-ws`); GraphQL over Server-Sent Events, "distinct connections mode".

pub mod events;
mod message;
pub mod socket;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use http::HeaderMap;
use http::header::{ACCEPT, UPGRADE};
use serde_json::{Map, Value};

use crate::protocol::error_entry;

pub use message::SUBPROTOCOL;

/// A part of what an operation answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// One whole GraphQL response, `{"data": …}`, in one line.
    Next(Bytes),
    /// It is not executed: the entries of `errors`. Nothing follows.
    Refused(Vec<Value>),
}

/// Everything that an operation answers.
pub type Items = BoxStream<'static, Item>;

/// An answer of one part.
#[must_use]
pub fn once(item: Item) -> Items {
    stream::once(std::future::ready(item)).boxed()
}

/// Whether the client asks for a WebSocket.
#[must_use]
pub fn wants_socket(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Whether the client names `text/event-stream` among what it accepts. Wildcards do not count: whoever sends them does not
/// expect a stream.
#[must_use]
pub fn wants_events(headers: &HeaderMap) -> bool {
    let ranges = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    ranges.flat_map(|value| value.split(',')).any(is_event_stream)
}

fn is_event_stream(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let named = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("text/event-stream"));
    let weight = |part: &str| part.strip_prefix("q=").and_then(|weight| weight.trim().parse::<f32>().ok());
    named && !parts.filter_map(weight).any(|weight| weight <= 0.0)
}

/// Why a stream ends whose caller's token has expired.
fn expired() -> Value {
    error_entry("UNAUTHENTICATED", "the token has expired: log in again", Map::new())
}

/// Why an operation ends that made the process panic; what it was is in the log.
fn fault(error_id: &str) -> Value {
    let mut more = Map::new();
    more.insert("errorId".into(), error_id.into());
    error_entry("INTERNAL", "something went wrong on our side", more)
}

/// `{"errors": […]}`, for errors that have no message of their own in a protocol.
fn errors_only(errors: &[Value]) -> Bytes {
    serde_json::json!({ "errors": errors }).to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_stream_is_wanted_only_by_name() {
        let wants = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            wants_events(&headers)
        };
        assert!(wants("text/event-stream"));
        assert!(wants("application/json, Text/Event-Stream;q=0.5"));
        assert!(!wants("text/event-stream;q=0"));
        assert!(!wants("*/*") && !wants("text/*") && !wants("application/json"));
    }
}
