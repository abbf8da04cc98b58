//! `/graphql`: negotiate, decode, run, encode.
//!
//! Source: GraphQL over HTTP (working draft).

use std::sync::Arc;

use http::{HeaderMap, Method, header};
use poem::{Endpoint, Request, Response, endpoint::make};
use service::{
    guard,
    protocol::{MediaType, negotiate},
    request_id::RequestId,
};

use super::{
    answered,
    decode::{GraphqlRequest, from_get, from_post},
    refused,
};
use crate::{
    app::App,
    auth, client_address, explorer,
    pipeline::{self, Answer, Stage},
    refusal::Refusal,
    request::{Deadline, RequestContext, authorization},
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

async fn respond(app: &App, request: Request) -> Response {
    if app.config.explorer && is_browser(&request) {
        return explorer::page();
    }
    let media = match negotiate(request.headers()) {
        Ok(media) => media,
        Err(refusal) => return refused(MediaType::Json, &refusal.into()),
    };
    match answer(app, request).await {
        Ok(answer) => answered(media, answer),
        Err(refusal) => refused(media, &refusal),
    }
}

async fn answer(app: &App, mut request: Request) -> Result<Answer, Refusal> {
    let parameters = decode(app, &mut request).await?;
    let context = context(app, &request).await?;
    let snapshot = app.snapshot();
    pipeline::run(Stage { app, snapshot: &snapshot, context: &context }, parameters).await
}

async fn decode(app: &App, request: &mut Request) -> Result<GraphqlRequest, Refusal> {
    match *request.method() {
        Method::GET => from_get(request, &app.config.guard),
        Method::POST => from_post(request, &app.config.guard).await,
        _ => Err(guard::Refusal::MethodNotAllowed("GraphQL is asked by GET or POST").into()),
    }
}

async fn context(app: &App, request: &Request) -> Result<RequestContext, Refusal> {
    let actor = auth::actor(app, request.headers()).await?;
    let deadline = request.data::<Deadline>().copied();
    Ok(RequestContext {
        id: RequestId::of(request),
        trace: TraceContext::of(request.headers()),
        deadline: deadline.unwrap_or_else(|| Deadline::after(app.config.limits.deadline)),
        actor,
        client: client_address::of(request).0,
        authorization: authorization(request.headers()),
        read_only: request.method() == Method::GET,
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
