//! From an HTTP request to GraphQL requests that the guard has let through.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Method, Uri};
use poem::{Body, Request};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::guard::{self, DocumentFacts, Limits, OperationKind, Refusal};

/// A client that sends nothing for this long has left.
const BODY_IDLE: Duration = Duration::from_secs(5);
/// A body that has not arrived whole after this long never will.
const BODY_TOTAL: Duration = Duration::from_secs(30);

/// The parameters of a GraphQL request.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GraphqlRequest {
    /// The document.
    pub query: String,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// The variables' values.
    pub variables: Map<String, Value>,
    /// What else the client says.
    pub extensions: Map<String, Value>,
}

/// A request with what the guard learned about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// The parameters.
    pub request: GraphqlRequest,
    /// The document's facts.
    pub facts: DocumentFacts,
}

/// One operation, or several when batching is configured.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// A single operation.
    Single(Box<Accepted>),
    /// A batch, in order.
    Batch(Vec<Accepted>),
}

/// Reads a GraphQL request from HTTP and passes it through the guard.
///
/// # Errors
/// The first reason to refuse it.
pub async fn receive(request: &mut Request, limits: &Limits) -> Result<Incoming, Refusal> {
    match *request.method() {
        Method::GET => from_uri(request.uri(), limits),
        Method::POST => {
            check_headers(request.headers(), limits)?;
            let body = read_body(request.take_body(), limits, BODY_IDLE).await?;
            from_body(&body, limits)
        }
        _ => Err(Refusal::MethodNotAllowed("GraphQL is asked by GET or POST")),
    }
}

fn check_headers(headers: &HeaderMap, limits: &Limits) -> Result<(), Refusal> {
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(Refusal::UnsupportedContentEncoding);
    }
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(content_type), None) = (types.next(), types.next()) else {
        return Err(Refusal::UnsupportedMediaType);
    };
    if !content_type.to_str().is_ok_and(is_json) {
        return Err(Refusal::UnsupportedMediaType);
    }
    let announced = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limits.body_bytes) {
        return Err(Refusal::BodyTooLarge { limit: limits.body_bytes });
    }
    Ok(())
}

/// `application/json`, in UTF-8 or unsaid. Everything that a page can send without asking first (`text/plain`, forms)
/// is something else, which is what keeps foreign pages out.
fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    json && parts.filter_map(|p| p.split_once('=')).all(|(name, value)| {
        !name.trim().eq_ignore_ascii_case("charset")
            || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    })
}

/// Reads the body, as long as it keeps coming and stays within the limit.
async fn read_body(body: Body, limits: &Limits, idle: Duration) -> Result<Bytes, Refusal> {
    let mut chunks = Box::pin(body.into_bytes_stream());
    let mut body = BytesMut::new();
    let whole = async {
        loop {
            let chunk = timeout(idle, chunks.next()).await.map_err(|_| Refusal::BodyTooSlow)?;
            let Some(chunk) = chunk else { return Ok(()) };
            body.extend_from_slice(&chunk.map_err(|_| Refusal::BodyIncomplete)?);
            if body.len() > limits.body_bytes {
                return Err(Refusal::BodyTooLarge { limit: limits.body_bytes });
            }
        }
    };
    timeout(BODY_TOTAL, whole).await.map_err(|_| Refusal::BodyTooSlow)??;
    Ok(body.freeze())
}

fn from_body(body: &[u8], limits: &Limits) -> Result<Incoming, Refusal> {
    guard::check_body(body, limits)?;
    let is_batch = body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'[');
    if !is_batch {
        let parameters: Parameters<'_> = parse(body)?;
        return Ok(Incoming::Single(Box::new(guarded(parameters.decode()?, limits)?)));
    }
    if limits.batch <= 1 {
        return Err(Refusal::BatchingDisabled);
    }
    let batch: Vec<Parameters<'_>> = parse(body)?;
    if batch.len() > limits.batch {
        return Err(Refusal::BatchTooLarge { limit: limits.batch });
    }
    if batch.is_empty() {
        return Err(Refusal::NotARequest("a batch carries at least one operation"));
    }
    batch.into_iter().map(|one| guarded(one.decode()?, limits)).collect::<Result<_, _>>().map(Incoming::Batch)
}

/// Decodes one JSON request body whose length and depth have been checked, without looking at its document.
///
/// # Errors
/// [`Refusal::JsonMalformed`], [`Refusal::NotARequest`].
pub fn decode(body: &[u8]) -> Result<GraphqlRequest, Refusal> {
    parse::<Parameters<'_>>(body)?.decode()
}

/// Takes one JSON request that came as a message, and not as a body: the same checks, its length and depth included.
///
/// # Errors
/// The first reason to refuse it.
pub fn accept(body: &[u8], limits: &Limits) -> Result<Accepted, Refusal> {
    guard::check_body(body, limits)?;
    guarded(decode(body)?, limits)
}

fn from_uri(uri: &Uri, limits: &Limits) -> Result<Incoming, Refusal> {
    let query = uri.query().unwrap_or_default();
    let mut request = GraphqlRequest::default();
    let mut document = None;
    for (name, value) in reqwest::Url::parse("http://_/").into_iter().flat_map(|mut url| {
        url.set_query(Some(query));
        url.query_pairs().into_owned().collect::<Vec<_>>()
    }) {
        match name.as_str() {
            "query" => document = Some(value),
            "operationName" => request.operation_name = Some(value).filter(|name| !name.is_empty()),
            "variables" => request.variables = object(&value, limits, &VARIABLES)?,
            "extensions" => request.extensions = object(&value, limits, &EXTENSIONS)?,
            _ => {}
        }
    }
    request.query = document.ok_or(Refusal::NotARequest("the query parameter is missing"))?;
    let accepted = guarded(request, limits)?;
    match accepted.facts.kind_of(accepted.request.operation_name.as_deref()) {
        Some(OperationKind::Mutation | OperationKind::Subscription) => {
            Err(Refusal::MethodNotAllowed("GET answers queries only"))
        }
        // No such operation: a GET that would run none of several is refused by the engine.
        Some(OperationKind::Query) | None => Ok(Incoming::Single(Box::new(accepted))),
    }
}

/// What is wrong with a parameter that holds JSON.
struct Wrong {
    json: &'static str,
    kind: &'static str,
}

const VARIABLES: Wrong =
    Wrong { json: "the variables parameter is not valid JSON", kind: "variables must be an object" };
const EXTENSIONS: Wrong =
    Wrong { json: "the extensions parameter is not valid JSON", kind: "extensions must be an object" };

/// The JSON object in a parameter of the query string; an empty parameter is an absent one.
fn object(text: &str, limits: &Limits, wrong: &Wrong) -> Result<Map<String, Value>, Refusal> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    guard::check_body(text.as_bytes(), limits)?;
    match serde_json::from_str(text).map_err(|_| Refusal::NotARequest(wrong.json))? {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        _ => Err(Refusal::NotARequest(wrong.kind)),
    }
}

fn guarded(request: GraphqlRequest, limits: &Limits) -> Result<Accepted, Refusal> {
    let facts = guard::check_document(&request.query, limits)?;
    Ok(Accepted { request, facts })
}

#[derive(Deserialize)]
struct Parameters<'a> {
    #[serde(borrow, default)]
    query: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "operationName")]
    operation_name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    variables: Option<&'a RawValue>,
    #[serde(borrow, default)]
    extensions: Option<&'a RawValue>,
}

impl Parameters<'_> {
    fn decode(self) -> Result<GraphqlRequest, Refusal> {
        let query = part::<String>(self.query, "query must be a string")?;
        let name = part::<String>(self.operation_name, "operationName must be a string")?;
        Ok(GraphqlRequest {
            query: query.ok_or(Refusal::NotARequest("the query parameter is missing"))?,
            operation_name: name.filter(|name| !name.is_empty()),
            variables: part(self.variables, VARIABLES.kind)?.unwrap_or_default(),
            extensions: part(self.extensions, EXTENSIONS.kind)?.unwrap_or_default(),
        })
    }
}

fn part<'a, T: Deserialize<'a>>(
    raw: Option<&'a RawValue>,
    wrong: &'static str,
) -> Result<Option<T>, Refusal> {
    let Some(raw) = raw else { return Ok(None) };
    serde_json::from_str(raw.get()).map_err(|_| Refusal::NotARequest(wrong))
}

/// JSON that is no object is no request; anything else that fails is no JSON.
fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        if error.is_data() {
            Refusal::NotARequest("a GraphQL request is an object")
        } else {
            Refusal::JsonMalformed
        }
    })
}

#[cfg(test)]
mod tests;
