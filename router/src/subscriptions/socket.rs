//! `graphql-transport-ws` at `/graphql`: who may open a socket, who is behind it, and its operations.
//!
//! The credential is the `Authorization` of the payload of `connection_init`, or the handshake's: browsers can set no header there. It holds
//! for all operations of the socket and, when it expires, ends them with it.

use std::sync::Arc;

use poem::{Request, Response};
use serde_json::Value;
use service::{
    protocol::MediaType,
    subscription::{
        Item, Items, once,
        socket::{Begun, Denied, Operations, Options, credential, upgrade},
    },
};
use tokio::sync::OwnedSemaphorePermit;

use super::answers;
use crate::{
    app::App,
    auth::{self, Identity},
    http::{context_of, from_body, refused},
    middleware::may_open_socket,
    pipeline::Asked,
    refusal::Refusal,
    request::{RequestContext, authorization},
};

/// Opens a socket, or says why not.
pub async fn open(app: &Arc<App>, request: &Request) -> Response {
    match prepare(app, request).await {
        Ok(operations) => upgrade(request, operations, options(app)).await,
        Err(refusal) => refused(MediaType::Json, &refusal),
    }
}

async fn prepare(app: &Arc<App>, request: &Request) -> Result<Behind, Refusal> {
    if !may_open_socket(&app.config.cors_origins, request.headers()) {
        return Err(Refusal::Forbidden { lacks: "this origin may not open a WebSocket here".to_owned() });
    }
    let place = app.subscriptions.socket()?;
    let context = context_of(app, request).await?;
    // The handshake is a GET, but what comes over the socket is as deliberate as a POST.
    let context = RequestContext { read_only: false, streams: true, ..context };
    Ok(Behind { app: Arc::clone(app), context, _place: place })
}

fn options(app: &App) -> Options {
    let config = &app.config.subscriptions;
    Options {
        limits: app.config.guard.clone(),
        init_timeout: config.init_timeout,
        ping_interval: config.ping_interval,
        idle_timeout: config.idle_timeout,
        patience: config.patience,
        buffer: config.buffer,
        operations: config.per_socket,
    }
}

/// What is behind a socket.
struct Behind {
    app: Arc<App>,
    context: RequestContext,
    _place: OwnedSemaphorePermit,
}

impl Operations for Behind {
    type Session = RequestContext;

    async fn begin(&self, payload: Option<Value>) -> Result<Begun<RequestContext>, Denied> {
        let context = match credential(payload.as_ref())? {
            None => self.context.clone(),
            Some(headers) => {
                let known = auth::identify(&self.app, &headers).await;
                let Identity { actor, expires } = known.map_err(|_| Denied("the token is not valid"))?;
                let authorization = authorization(&headers);
                RequestContext { actor, expires, authorization, ..self.context.clone() }
            }
        };
        Ok(Begun { expires: context.expires, session: context })
    }

    fn run(&self, session: &Arc<RequestContext>, operation: Vec<u8>) -> Items {
        let parameters = match from_body(&operation) {
            Ok(parameters) => parameters,
            Err(refusal) => return once(Item::Refused(refusal.errors())),
        };
        let (app, context) = (Arc::clone(&self.app), RequestContext::clone(session));
        answers(Asked { snapshot: app.snapshot(), app, context }, parameters)
    }
}
