//! What holds for a request on the old paths as it does on `/graphql`.

use bytes::Bytes;
use http::Method;
use poem::Request;
use service::{
    guard::{self, DocumentFacts, OperationKind},
    protocol,
};

use crate::{
    app::App,
    http::{body, decode},
    refusal::Refusal,
};

/// Checks the request and receives its body, which is empty for GET.
pub(super) async fn check(app: &App, request: &mut Request) -> Result<Bytes, Refusal> {
    let is_graphql = request.uri().path().ends_with("/graphql");
    match *request.method() {
        Method::GET | Method::HEAD => {
            if is_graphql {
                check_query(app, request)?;
            }
            Ok(Bytes::new())
        }
        Method::POST => {
            body::check_headers(request.headers())?;
            let body = body::receive(request, &app.config.guard).await?;
            if is_graphql {
                check_body(app, &body)?;
            }
            Ok(body)
        }
        _ => Err(guard::Refusal::MethodNotAllowed("use GET or POST here").into()),
    }
}

fn check_body(app: &App, body: &[u8]) -> Result<(), Refusal> {
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(guard::Refusal::BatchingDisabled.into());
    }
    let request = protocol::decode(body)?;
    check_document(app, &request.query).map(drop)
}

#[derive(serde::Deserialize)]
struct Parameters {
    query: Option<String>,
    #[serde(default, rename = "operationName", deserialize_with = "decode::name")]
    operation_name: Option<String>,
}

/// A GET without a document is the service's to answer: it may have a page there.
fn check_query(app: &App, request: &Request) -> Result<(), Refusal> {
    let parameters: Parameters =
        request.params().map_err(|_| Refusal::not_a_request("the query string cannot be read"))?;
    let Some(document) = parameters.query else { return Ok(()) };
    let facts = check_document(app, &document)?;
    match facts.kind_of(parameters.operation_name.as_deref()) {
        Some(OperationKind::Mutation | OperationKind::Subscription) => {
            Err(guard::Refusal::MethodNotAllowed("GET answers queries only").into())
        }
        Some(OperationKind::Query) | None => Ok(()),
    }
}

fn check_document(app: &App, document: &str) -> Result<DocumentFacts, Refusal> {
    let facts = guard::check_document(document, &app.config.guard)?;
    if facts.federation { Err(Refusal::FederationField) } else { Ok(facts) }
}
