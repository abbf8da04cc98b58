//! An operation's answers as server-sent events: `next` for each, `complete` at the end.
//!
//! The body is filled by a task of its own, over a channel with a bound: a client that does not read holds up the task, and
//! with it whatever makes the answers, and is given up after a while. When the client leaves, the channel closes and the
//! task drops everything behind it.
//! Source: GraphQL over Server-Sent Events, "distinct connections mode".

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{CACHE_CONTROL, HeaderName};
use poem::{Body, Response};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::Instrument;

use super::{Item, Items, errors_only, expired};
use crate::server::Lifetime;

/// How answers are sent.
#[derive(Debug, Clone)]
pub struct Options {
    /// Between two comments that keep the connection known to proxies, and tell us that the client is there.
    pub heartbeat: Duration,
    /// How long a client may leave a full buffer unread.
    pub patience: Duration,
    /// Events that wait for the client.
    pub buffer: usize,
    /// When the caller's token expires.
    pub expires: Option<Instant>,
    /// The server that answers.
    pub lifetime: Lifetime,
}

/// The response that streams `items`.
#[must_use]
pub fn respond(items: Items, options: Options) -> Response {
    let (events, mut body) = mpsc::channel(options.buffer.max(1));
    tokio::spawn(Sending { events, options }.run(items).in_current_span());
    let body = futures_util::stream::poll_fn(move |cx| body.poll_recv(cx)).map(Ok::<Bytes, std::io::Error>);
    Response::builder()
        .content_type("text/event-stream; charset=utf-8")
        .header(CACHE_CONTROL, "no-store")
        // Some proxies collect answers unless they are told not to.
        .header(HeaderName::from_static("x-accel-buffering"), "no")
        .body(Body::from_bytes_stream(body))
}

struct Sending {
    events: mpsc::Sender<Bytes>,
    options: Options,
}

/// The client has left, or does not read.
struct Gone;

impl Sending {
    async fn run(self, items: Items) {
        let client_left = self.events.clone();
        tokio::select! {
            () = client_left.closed() => {}
            // Ends without `complete` when the client is too slow: it must not take what it has for everything.
            _ = self.send_all(items) => {}
        }
    }

    async fn send_all(&self, mut items: Items) -> Result<(), Gone> {
        let mut heartbeat = tokio::time::interval(self.options.heartbeat);
        heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.options.lifetime.stopped() => break,
                () = expiry(self.options.expires) => {
                    self.send(next(&errors_only(&[expired()]))).await?;
                    break;
                }
                // The first comes at once: the client sees that it is heard.
                _ = heartbeat.tick() => self.send(Bytes::from_static(b":\n\n")).await?,
                item = items.next() => match item {
                    Some(Item::Next(body)) => self.send(next(&body)).await?,
                    Some(Item::Refused(errors)) => {
                        self.send(next(&errors_only(&errors))).await?;
                        break;
                    }
                    None => break,
                },
            }
        }
        self.send(Bytes::from_static(b"event: complete\ndata: \n\n")).await
    }

    async fn send(&self, event: Bytes) -> Result<(), Gone> {
        let sent = self.events.send_timeout(event, self.options.patience).await;
        sent.map_err(|_| {
            tracing::info!("a client that does not read its events is given up");
            Gone
        })
    }
}

/// Returns at that moment; never, without one.
async fn expiry(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn next(body: &Bytes) -> Bytes {
    [b"event: next\ndata: ", &body[..], b"\n\n"].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subscription::once;
    use futures_util::stream;
    use serde_json::json;

    fn options() -> Options {
        Options {
            heartbeat: Duration::from_secs(20),
            patience: Duration::from_millis(20),
            buffer: 2,
            expires: None,
            lifetime: Lifetime::default(),
        }
    }

    async fn text(items: Items, options: Options) -> String {
        respond(items, options).into_body().into_string().await.unwrap()
    }

    #[tokio::test]
    async fn every_answer_is_an_event_and_the_end_is_told() {
        let answers = ["{\"data\":1}", "{\"data\":2}"].map(|body| Item::Next(body.into()));
        let text = text(stream::iter(answers).boxed(), options()).await;
        let events = text.replace(":\n\n", "");
        assert_eq!(
            events,
            "event: next\ndata: {\"data\":1}\n\nevent: next\ndata: {\"data\":2}\n\nevent: complete\ndata: \n\n"
        );
    }

    #[tokio::test]
    async fn a_refusal_is_an_answer_with_errors() {
        let text = text(once(Item::Refused(vec![json!({ "message": "no" })])), options()).await;
        assert!(
            text.contains("event: next\ndata: {\"errors\":[{\"message\":\"no\"}]}\n\nevent: complete"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_token_that_expires_ends_the_stream() {
        let expires = Some(Instant::now() + Duration::from_millis(20));
        let text = text(stream::pending().boxed(), Options { expires, ..options() }).await;
        assert!(text.contains("UNAUTHENTICATED") && text.ends_with("event: complete\ndata: \n\n"), "{text}");
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_given_up() {
        let (dropped, drop_seen) = tokio::sync::oneshot::channel::<()>();
        let endless = stream::unfold(dropped, |dropped| async move {
            Some((Item::Next(Bytes::from_static(b"{}")), dropped))
        });
        let response = respond(endless.boxed(), options());
        assert!(drop_seen.await.is_err(), "what makes the answers is dropped");
        let text = response.into_body().into_string().await.unwrap();
        assert!(!text.contains("complete"), "{text}");
    }
}
