//! HTTP request to GraphQL parameters: the body or the query string, behind the guard.
//!
//! The shared reading in `service::protocol` guards the document of every request; here a document is guarded once, when the router first
//! sees it (`pipeline::parse`), and a request may name one by its hash. Hence the own reading of the parameters.
//! Source: GraphQL over HTTP (working draft), "Request".

use apollo_compiler::response::JsonMap;
use poem::Request;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use service::guard::{self, Limits};

use super::body;
use crate::refusal::Refusal;

/// The parameters of one GraphQL request.
#[derive(Debug, Default, Deserialize)]
pub struct GraphqlRequest {
    /// The document; absent when only a persisted document's hash is sent.
    #[serde(default)]
    pub query: Option<String>,
    /// The operation of the document that is meant.
    #[serde(default, rename = "operationName", deserialize_with = "name")]
    pub operation_name: Option<String>,
    /// Values of variables, uncoerced.
    #[serde(default)]
    pub variables: Option<JsonMap>,
    /// What else the client says.
    #[serde(default)]
    pub extensions: Option<JsonMap>,
}

/// The parameters of a GET request, before the JSON in them is read.
#[derive(Debug, Default, Deserialize)]
struct QueryParameters {
    query: Option<String>,
    #[serde(default, rename = "operationName", deserialize_with = "name")]
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// Reads an operation's name. Some clients send an empty one when they mean none.
pub(crate) fn name<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.filter(|name| !name.is_empty()))
}

/// Reads the parameters of a POST request.
///
/// # Errors
/// What the guard refuses; a body that is not announced as JSON, not complete, or not an object with parameters of the right types.
pub(super) async fn from_post(request: &mut Request, limits: &Limits) -> Result<GraphqlRequest, Refusal> {
    body::check_headers(request.headers())?;
    let body = body::receive(request, limits).await?;
    from_body(&body)
}

/// Reads the parameters in a body, or in a message like it, that the guard has measured.
///
/// # Errors
/// When they are not an object with parameters of the right types.
pub(crate) fn from_body(body: &[u8]) -> Result<GraphqlRequest, Refusal> {
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => Err(Refusal::not_a_request("the request has no body")),
        Some(b'[') => Err(guard::Refusal::BatchingDisabled.into()),
        Some(b'{') => {
            let wrong = "query and operationName are strings, variables and extensions are objects";
            read(body, wrong, || guard::Refusal::JsonMalformed.into())
        }
        Some(_) => Err(Refusal::not_a_request("a GraphQL request is an object")),
    }
}

/// Reads the parameters of a GET request.
///
/// # Errors
/// What the guard refuses; parameters that appear twice; `variables` or `extensions` that are not JSON objects.
pub(super) fn from_get(request: &Request, limits: &Limits) -> Result<GraphqlRequest, Refusal> {
    let parameters: QueryParameters =
        request.params().map_err(|_| Refusal::not_a_request("the query string cannot be read"))?;
    Ok(GraphqlRequest {
        query: parameters.query,
        operation_name: parameters.operation_name,
        variables: object(parameters.variables, limits, &VARIABLES)?,
        extensions: object(parameters.extensions, limits, &EXTENSIONS)?,
    })
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

fn object(text: Option<String>, limits: &Limits, wrong: &Wrong) -> Result<Option<JsonMap>, Refusal> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    guard::check_body(text.as_bytes(), limits)?;
    read(text.as_bytes(), wrong.kind, || Refusal::not_a_request(wrong.json))
}

fn read<T: DeserializeOwned>(
    json: &[u8],
    wrong_kind: &'static str,
    malformed: impl FnOnce() -> Refusal,
) -> Result<T, Refusal> {
    serde_json::from_slice(json)
        .map_err(|error| if error.is_data() { Refusal::not_a_request(wrong_kind) } else { malformed() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_the_wrong_type_are_refused() {
        for body in [
            r#"{"query":{"obj":"ect"}}"#,
            r#"{"query":0}"#,
            r#"{"query":"{a}","variables":["x"]}"#,
            r#"{"query":"{a}","variables":"x"}"#,
            r#"{"query":"{a}","operationName":false}"#,
            r#"{"query":"{a}","extensions":0}"#,
            r#"{ "not a JSON"#,
            "\"text\"",
            "",
        ] {
            assert_eq!(from_body(body.as_bytes()).unwrap_err().code(), "BAD_REQUEST", "{body}");
        }
        assert_eq!(from_body(b" [{}]").unwrap_err().code(), "BATCHING_DISABLED");
    }

    #[test]
    fn null_parameters_are_absent_parameters() {
        let request =
            from_body(br#"{"query":"{a}","variables":null,"operationName":null,"extensions":null}"#).unwrap();
        assert_eq!(request.query.as_deref(), Some("{a}"));
        assert!(
            request.variables.is_none() && request.operation_name.is_none() && request.extensions.is_none()
        );
    }

    #[test]
    fn an_empty_parameter_is_an_absent_one() {
        let posted = from_body(br#"{"query":"{a}","operationName":""}"#).unwrap();
        assert_eq!(posted.operation_name, None);
        let uri = "/graphql?query=%7Ba%7D&operationName=&variables=&extensions=";
        let got = from_get(&Request::builder().uri_str(uri).finish(), &Limits::default()).unwrap();
        assert!(got.operation_name.is_none() && got.variables.is_none() && got.extensions.is_none());
    }

    #[test]
    fn a_get_request_reads_json_from_its_parameters() {
        let limits = Limits::default();
        let get = |query: &str| {
            from_get(&Request::builder().uri_str(format!("/graphql?{query}")).finish(), &limits)
        };
        let request = get("query=%7Ba%7D&variables=%7B%22x%22%3A1%7D&operationName=&other=1").unwrap();
        assert_eq!(request.query.as_deref(), Some("{a}"));
        assert_eq!(request.variables.unwrap().len(), 1);
        assert_eq!(request.operation_name, None);
        for (bad, words) in [
            ("variables=%5B%5D", "variables must be an object"),
            ("variables=x", "the variables parameter is not valid JSON"),
            ("extensions=%7B", "the extensions parameter is not valid JSON"),
            ("query=a&query=b", "the query string cannot be read"),
        ] {
            let refusal = get(bad).unwrap_err();
            assert_eq!((refusal.code(), refusal.message().as_str()), ("BAD_REQUEST", words), "{bad}");
        }
    }
}
