//! The schema behind the endpoint: its type erased, its panics caught.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::{ObjectType, Request, Response, Schema, ServerError, SubscriptionType, Variables};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use service::protocol::GraphqlRequest;
use tracing::Instrument;

use crate::batch::Batch;
use crate::error::Error;

/// A schema, whatever its root types are.
pub trait Executable: Send + Sync + 'static {
    /// Executes one request.
    fn execute(&self, request: Request) -> BoxFuture<'_, Response>;

    /// Executes one subscription; each item is one event's response.
    fn execute_stream(&self, request: Request) -> BoxStream<'static, Response>;

    /// The whole schema as SDL.
    fn sdl(&self) -> String;
}

impl<Q, M, S> Executable for Schema<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    fn execute(&self, request: Request) -> BoxFuture<'_, Response> {
        Box::pin(Self::execute(self, request))
    }

    fn execute_stream(&self, request: Request) -> BoxStream<'static, Response> {
        Self::execute_stream(self, request).boxed()
    }

    fn sdl(&self) -> String {
        Self::sdl(self)
    }
}

/// The parameters in the engine's own form.
pub(super) fn request(parameters: GraphqlRequest) -> Request {
    let variables = Variables::from_json(serde_json::Value::Object(parameters.variables));
    let mut request = Request::new(parameters.query).variables(variables);
    request.operation_name = parameters.operation_name;
    request
}

/// Executes a request; a panic on the way is an internal error of this request.
pub(super) fn run(
    schema: Arc<dyn Executable>,
    request: Request,
    batch: Batch,
) -> BoxFuture<'static, Response> {
    Box::pin(async move {
        match AssertUnwindSafe(batch.run(schema.execute(request))).catch_unwind().await {
            Ok(response) => response,
            Err(panic) => panicked(panic.as_ref()),
        }
    })
}

/// Lets `run` go on even when whoever waits for it goes away.
pub(super) async fn detached(run: BoxFuture<'static, Response>) -> Response {
    match tokio::spawn(run.in_current_span()).await {
        Ok(response) => response,
        Err(error) => failed(&error.to_string()),
    }
}

pub(super) fn panicked(panic: &(dyn std::any::Any + Send)) -> Response {
    let text = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    failed(&format!("panic: {text}"))
}

fn failed(cause: &str) -> Response {
    let mut error = ServerError::new("internal error", None);
    error.source = Some(Arc::new(Error::internal(cause)));
    Response::from_errors(vec![error])
}
