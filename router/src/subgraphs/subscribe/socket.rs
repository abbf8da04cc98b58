//! The client's side of `graphql-transport-ws`: one socket for one subscription, so that each carries its own caller's credentials.
//!
//! The handshake is a request of the process's own HTTP client, with its limits and its TLS; what it is upgraded to is read by tungstenite.
//! Sources: RFC 6455, 4.1; GraphQL over WebSocket.

use bytes::Bytes;
use executor::{SubgraphError, SubgraphResponse};
use futures_util::{SinkExt, StreamExt, stream};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::value::RawValue;
use service::subscription::SUBPROTOCOL;
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};

use super::{Call, Events, event, interrupted};
use crate::subgraphs::client::unsent;

/// The id of the only operation of a socket.
const ID: &str = "1";

/// How long a subgraph may take to hear that we close.
const FAREWELL: Duration = Duration::from_secs(1);

type Socket = WebSocketStream<reqwest::Upgraded>;

/// Opens the socket and asks for the subscription.
pub(super) async fn open(call: Call) -> Result<Events, SubgraphError> {
    let opening = async {
        let mut socket = handshake(&call).await?;
        tell(&mut socket, r#"{"type":"connection_init"}"#.to_owned()).await?;
        acknowledged(&mut socket).await?;
        tell(&mut socket, subscribe(&call.body)).await?;
        Ok(socket)
    };
    let socket = timeout(call.patience, opening).await.unwrap_or(Err(SubgraphError::Timeout))?;
    Ok(Following::new(socket, call.ping_interval).into_stream())
}

async fn handshake(call: &Call) -> Result<Socket, SubgraphError> {
    let key = generate_key();
    let request = call.http.get(call.url.clone()).headers(call.headers.clone()).headers(upgrade(&key)?);
    let response = request.send().await.map_err(|error| unsent(&error))?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(SubgraphError::Status(response.status().as_u16()));
    }
    let says = |name, value: &str| response.headers().get(name).is_some_and(|said| said == value);
    if !says(header::SEC_WEBSOCKET_ACCEPT, &derive_accept_key(key.as_bytes())) {
        return Err(interrupted("the handshake's answer is not to our question"));
    }
    if !says(header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
        return Err(interrupted("the subgraph does not speak graphql-transport-ws"));
    }
    let upgraded = response.upgrade().await.map_err(interrupted)?;
    let config =
        WebSocketConfig::default().max_message_size(Some(call.limit)).max_frame_size(Some(call.limit));
    Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await)
}

fn upgrade(key: &str) -> Result<HeaderMap, SubgraphError> {
    let mut headers = HeaderMap::with_capacity(5);
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    headers.insert(header::SEC_WEBSOCKET_KEY, HeaderValue::try_from(key).map_err(interrupted)?);
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    Ok(headers)
}

/// The body of a fetch is the payload as it is.
fn subscribe(body: &Bytes) -> String {
    format!(r#"{{"id":"{ID}","type":"subscribe","payload":{}}}"#, String::from_utf8_lossy(body))
}

async fn acknowledged(socket: &mut Socket) -> Result<(), SubgraphError> {
    loop {
        match heard(socket.next().await)? {
            Heard::Ack => return Ok(()),
            Heard::Ping => tell(socket, PONG.to_owned()).await?,
            Heard::Nothing => {}
            Heard::Next(_) | Heard::Errors(_) | Heard::Complete => {
                return Err(interrupted("the subgraph answers before it was asked"));
            }
        }
    }
}

const PONG: &str = r#"{"type":"pong"}"#;

async fn tell(socket: &mut Socket, text: String) -> Result<(), SubgraphError> {
    socket.send(Message::text(text)).await.map_err(broken)
}

fn broken(error: Error) -> SubgraphError {
    match error {
        Error::Capacity(tokio_tungstenite::tungstenite::error::CapacityError::MessageTooLong {
            max_size,
            ..
        }) => SubgraphError::TooLarge { limit_bytes: max_size },
        error => interrupted(error),
    }
}

/// What a subgraph says.
enum Heard {
    Ack,
    Next(Bytes),
    Errors(Bytes),
    Complete,
    Ping,
    Nothing,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

fn heard(message: Option<Result<Message, Error>>) -> Result<Heard, SubgraphError> {
    match message {
        Some(Ok(Message::Text(text))) => understood(&text),
        Some(Ok(Message::Close(Some(frame)))) => {
            Err(interrupted(format_args!("closed with {}: {}", frame.code, frame.reason)))
        }
        Some(Ok(Message::Close(None))) | None => Err(interrupted("closed")),
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(Heard::Nothing),
        Some(Ok(Message::Binary(_))) => Err(interrupted("a binary message")),
        Some(Err(error)) => Err(broken(error)),
    }
}

fn understood(text: &str) -> Result<Heard, SubgraphError> {
    let Envelope { kind, payload } =
        serde_json::from_str(text).map_err(|_| interrupted("a message that cannot be read"))?;
    let payload = payload.map_or("null", RawValue::get);
    Ok(match kind.as_str() {
        "connection_ack" => Heard::Ack,
        "next" => Heard::Next(Bytes::copy_from_slice(payload.as_bytes())),
        "error" => Heard::Errors(format!(r#"{{"errors":{payload}}}"#).into()),
        "complete" => Heard::Complete,
        "ping" => Heard::Ping,
        "pong" => Heard::Nothing,
        _ => return Err(interrupted("a message of an unknown type")),
    })
}

/// A subscription that is open.
struct Following {
    socket: Socket,
    pings: Interval,
    heard: Instant,
    is_over: bool,
}

impl Following {
    fn new(socket: Socket, ping_interval: Duration) -> Self {
        let now = Instant::now();
        let mut pings = tokio::time::interval_at(now + ping_interval, ping_interval);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { socket, pings, heard: now, is_over: false }
    }

    fn into_stream(self) -> Events {
        stream::unfold(self, |mut following| async move {
            if following.is_over {
                return None;
            }
            let event = following.next().await.transpose()?;
            following.is_over |= event.is_err();
            Some((event, following))
        })
        .boxed()
    }

    async fn next(&mut self) -> Result<Option<SubgraphResponse>, SubgraphError> {
        loop {
            let message = tokio::select! {
                message = self.socket.next() => message,
                _ = self.pings.tick() => {
                    self.ping().await?;
                    continue;
                }
            };
            self.heard = Instant::now();
            match heard(message)? {
                Heard::Next(body) => return Ok(Some(event(body))),
                Heard::Errors(body) => {
                    self.is_over = true;
                    return Ok(Some(event(body)));
                }
                Heard::Complete => {
                    let _ = timeout(FAREWELL, self.socket.close(None)).await;
                    return Ok(None);
                }
                Heard::Ping => tell(&mut self.socket, PONG.to_owned()).await?,
                Heard::Ack | Heard::Nothing => {}
            }
        }
    }

    /// A connection whose other end has vanished is never closed by itself.
    async fn ping(&mut self) -> Result<(), SubgraphError> {
        if self.heard.elapsed() > self.pings.period() * 2 {
            return Err(interrupted("it does not answer pings"));
        }
        self.socket.send(Message::Ping(Bytes::new())).await.map_err(broken)
    }
}
