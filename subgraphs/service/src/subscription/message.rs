//! The messages of `graphql-transport-ws`, and why a socket is closed.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The name of the protocol, as the handshake says it.
pub const SUBPROTOCOL: &str = "graphql-transport-ws";

/// The longest id of an operation, in bytes: it is repeated in every message.
const LONGEST_ID: usize = 256;

/// The longest reason that a close frame holds, in bytes. Source: RFC 6455, 5.5.
const LONGEST_REASON: usize = 123;

/// What a client says.
#[derive(Debug)]
pub(super) enum Said {
    /// It introduces itself, perhaps with a payload.
    Init(Option<Value>),
    /// It wants to know whether we are there.
    Ping,
    /// It is there.
    Pong,
    /// It asks for an operation.
    Subscribe {
        /// The client's own name for it.
        id: String,
        /// The JSON of the operation.
        operation: Vec<u8>,
    },
    /// It wants no more of an operation.
    Complete {
        /// Which.
        id: String,
    },
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

impl Said {
    /// Reads a message whose length and depth have been checked.
    ///
    /// # Errors
    /// [`Closing::BadMessage`].
    pub(super) fn read(text: &str) -> Result<Self, Closing> {
        let bad = Closing::BadMessage;
        let Envelope { kind, id, payload } =
            serde_json::from_str(text).map_err(|_| bad("a message is an object with a type"))?;
        let id = || match id {
            Some(id) if !id.is_empty() && id.len() <= LONGEST_ID => Ok(id),
            _ => Err(bad("the message needs an id of at most 256 bytes")),
        };
        Ok(match kind.as_str() {
            "connection_init" => Self::Init(read_payload(payload)?),
            "ping" => Self::Ping,
            "pong" => Self::Pong,
            "subscribe" => {
                let operation = payload.ok_or(bad("subscribe needs a payload"))?;
                Self::Subscribe { id: id()?, operation: operation.get().as_bytes().to_vec() }
            }
            "complete" => Self::Complete { id: id()? },
            _ => return Err(bad("the message has a type that is not the client's")),
        })
    }
}

fn read_payload(payload: Option<&RawValue>) -> Result<Option<Value>, Closing> {
    let Some(payload) = payload else { return Ok(None) };
    match serde_json::from_str(payload.get()) {
        Ok(Value::Null) => Ok(None),
        Ok(payload @ Value::Object(_)) => Ok(Some(payload)),
        _ => Err(Closing::BadMessage("the payload of connection_init is an object")),
    }
}

/// `connection_ack`.
pub(super) fn ack() -> String {
    r#"{"type":"connection_ack"}"#.to_owned()
}

/// `pong`.
pub(super) fn pong() -> String {
    r#"{"type":"pong"}"#.to_owned()
}

/// `next`. The payload is copied as it is: it is JSON already.
pub(super) fn next(id: &str, payload: &Bytes) -> String {
    let payload = String::from_utf8_lossy(payload);
    format!(r#"{{"id":{},"type":"next","payload":{payload}}}"#, Value::from(id))
}

/// `error`.
pub(super) fn error(id: &str, errors: &[Value]) -> String {
    json!({ "id": id, "type": "error", "payload": errors }).to_string()
}

/// `complete`.
pub(super) fn complete(id: &str) -> String {
    json!({ "id": id, "type": "complete" }).to_string()
}

/// Why a socket is closed, in the protocol's words where it has some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Closing {
    /// A message that the protocol does not know.
    BadMessage(&'static str),
    /// An operation before the connection was acknowledged.
    TooEarly,
    /// Who is calling may not, or not any longer.
    Forbidden(&'static str),
    /// No `connection_init` in time.
    NoInit,
    /// The id is taken.
    Duplicate(String),
    /// A second `connection_init`.
    SecondInit,
    /// The process ends.
    GoingAway,
    /// Nothing was asked for a long time.
    Idle,
    /// The client does not read what it asked for.
    TooSlow,
    /// The client does not answer pings.
    Silent,
}

impl Closing {
    pub(super) const fn code(&self) -> u16 {
        match self {
            Self::Idle => 1000,
            Self::GoingAway => 1001,
            Self::TooSlow | Self::Silent => 1008,
            Self::BadMessage(_) => 4400,
            Self::TooEarly => 4401,
            Self::Forbidden(_) => 4403,
            Self::NoInit => 4408,
            Self::Duplicate(_) => 4409,
            Self::SecondInit => 4429,
        }
    }

    pub(super) fn reason(&self) -> String {
        let mut reason = match self {
            Self::BadMessage(why) => (*why).to_owned(),
            Self::Forbidden(why) => format!("Forbidden: {why}"),
            Self::TooEarly => "Unauthorized".to_owned(),
            Self::NoInit => "Connection initialisation timeout".to_owned(),
            Self::Duplicate(id) => format!("Subscriber for {id} already exists"),
            Self::SecondInit => "Too many initialisation requests".to_owned(),
            Self::GoingAway => "the service is going away".to_owned(),
            Self::Idle => "nothing was asked for too long".to_owned(),
            Self::TooSlow => "the client is too slow".to_owned(),
            Self::Silent => "the client does not answer".to_owned(),
        };
        let end = reason.floor_char_boundary(LONGEST_REASON);
        reason.truncate(end);
        reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_closes_with_4400() {
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"type":"next","id":"1"}"#,
            r#"{"type":"subscribe","payload":{}}"#,
            r#"{"type":"subscribe","id":"","payload":{}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"connection_init","payload":[]}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":1}"#,
        ] {
            assert_eq!(Said::read(bad).unwrap_err().code(), 4400, "{bad}");
        }
        let long = format!(r#"{{"type":"complete","id":"{}"}}"#, "x".repeat(257));
        assert_eq!(Said::read(&long).unwrap_err().code(), 4400);
    }

    #[test]
    fn a_reason_fits_its_frame() {
        let reason = Closing::Duplicate("ü".repeat(128)).reason();
        assert!(reason.len() <= LONGEST_REASON && reason.starts_with("Subscriber for ü"), "{reason}");
    }

    #[test]
    fn an_id_is_repeated_as_json() {
        let message = next("a\"b", &Bytes::from_static(br#"{"data":null}"#));
        assert_eq!(message, r#"{"id":"a\"b","type":"next","payload":{"data":null}}"#);
    }
}
