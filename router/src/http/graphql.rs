//! `/graphql`: negotiate, decode, run, encode. A subscription is answered as a stream of events, or over a WebSocket.
//!
//! Sources: GraphQL over HTTP (working draft); GraphQL over Server-Sent Events, "distinct connections mode".

use std::sync::Arc;

use http::{HeaderMap, Method, header};
use poem::{Endpoint, Request, Response, endpoint::make};
use service::{
    guard,
    protocol::{MediaType, negotiate},
    request_id::RequestId,
    server::Lifetime,
    subscription::{self, events},
};

use super::{
    answered,
    decode::{GraphqlRequest, from_get, from_post},
    refused,
};
use crate::{
    app::App,
    auth::{self, Identity},
    client_address, explorer,
    pipeline::{self, Asked},
    refusal::Refusal,
    request::{Deadline, RequestContext, authorization},
    subscriptions,
    trace::TraceContext,
};

/// The endpoint.
pub fn graphql(app: &Arc<App>) -> impl Endpoint<Output = Response> + 'static {
    let app = Arc::clone(app);
    make(move |request| {
        let app = Arc::clone(&app);
        async move { respond(&app, request).await }
    })
}

async fn respond(app: &Arc<App>, request: Request) -> Response {
    if subscription::wants_socket(request.headers()) {
        return subscriptions::socket::open(app, &request).await;
    }
    if app.config.explorer && is_browser(&request) {
        return explorer::page();
    }
    let wanted = match wanted(request.headers()) {
        Ok(wanted) => wanted,
        Err(refusal) => return refused(MediaType::Json, &refusal),
    };
    match answer(app, wanted, request).await {
        Ok(response) => response,
        Err(refusal) => refused(wanted.media.unwrap_or_default(), &refusal),
    }
}

/// In what form the client takes its answer. It may take both: then a subscription is streamed, and all else answered at once.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    /// One answer, of this type.
    media: Option<MediaType>,
    /// A stream of them.
    events: bool,
}

fn wanted(headers: &HeaderMap) -> Result<Wanted, Refusal> {
    let events = subscription::wants_events(headers);
    match negotiate(headers) {
        Ok(media) => Ok(Wanted { media: Some(media), events }),
        Err(_) if events => Ok(Wanted { media: None, events }),
        Err(refusal) => Err(refusal.into()),
    }
}

async fn answer(app: &Arc<App>, wanted: Wanted, mut request: Request) -> Result<Response, Refusal> {
    let parameters = decode(app, &mut request).await?;
    let context = context_of(app, &request).await?;
    let context = RequestContext { streams: wanted.events, ..context };
    let options = event_options(app, &request, &context);
    let asked = Asked { snapshot: app.snapshot(), app: Arc::clone(app), context };
    let Some(media) = wanted.media else {
        return Ok(events::respond(subscriptions::answers(asked, parameters), options));
    };
    let planned = pipeline::ready(asked.stage(), parameters)?;
    if planned.is_subscription() {
        return Ok(events::respond(subscriptions::follow(asked, planned), options));
    }
    Ok(answered(media, pipeline::execute(asked, planned).await))
}

fn event_options(app: &App, request: &Request, context: &RequestContext) -> events::Options {
    let config = &app.config.subscriptions;
    events::Options {
        heartbeat: config.ping_interval,
        patience: config.patience,
        buffer: config.buffer,
        expires: context.expires,
        lifetime: Lifetime::of(request),
    }
}

async fn decode(app: &App, request: &mut Request) -> Result<GraphqlRequest, Refusal> {
    match *request.method() {
        Method::GET => from_get(request, &app.config.guard),
        Method::POST => from_post(request, &app.config.guard).await,
        _ => Err(guard::Refusal::MethodNotAllowed("GraphQL is asked by GET or POST").into()),
    }
}

/// What is known of `request`, for one answer.
///
/// # Errors
/// When its token does not hold.
pub(crate) async fn context_of(app: &App, request: &Request) -> Result<RequestContext, Refusal> {
    let Identity { actor, expires } = auth::identify(app, request.headers()).await?;
    let deadline = request.data::<Deadline>().copied();
    Ok(RequestContext {
        id: RequestId::of(request),
        trace: TraceContext::of(request.headers()),
        deadline: deadline.unwrap_or_else(|| Deadline::after(app.config.limits.deadline)),
        actor,
        expires,
        client: client_address::of(request).0,
        authorization: authorization(request.headers()),
        read_only: request.method() == Method::GET,
        streams: false,
    })
}

/// A person who opened the address in a browser, and asks for a page before anything else.
fn is_browser(request: &Request) -> bool {
    request.method() == Method::GET && request.uri().query().is_none() && prefers_html(request.headers())
}

fn prefers_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').next().is_some_and(|first| first.trim().to_ascii_lowercase().starts_with("text/html"))
}
