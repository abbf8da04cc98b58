//! HTTP request to GraphQL parameters: the body or the query string, behind the guard.
//!
//! The shared reading in `service::protocol` guards the document of every request; here a document is guarded once, when the router first
//! sees it (`pipeline::parse`), and a request may name one by its hash. Hence the own reading of the parameters.
//! Source: GraphQL over HTTP (working draft), "Request".

use apollo_compiler::response::JsonMap;
use poem::Request;
use serde::{Deserialize, de::DeserializeOwned};
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
    #[serde(default, rename = "operationName")]
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
    #[serde(rename = "operationName")]
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
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

fn from_body(body: &[u8]) -> Result<GraphqlRequest, Refusal> {
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => Err(Refusal::not_a_request("the request has no body")),
        Some(b'[') => Err(guard::Refusal::BatchingDisabled.into()),
        Some(b'{') => read(body, "query and operationName are strings, variables and extensions are objects"),
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
        operation_name: parameters.operation_name.filter(|name| !name.is_empty()),
        variables: object(parameters.variables, limits, "variables must be an object")?,
        extensions: object(parameters.extensions, limits, "extensions must be an object")?,
    })
}

fn object(text: Option<String>, limits: &Limits, wrong: &'static str) -> Result<Option<JsonMap>, Refusal> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    guard::check_body(text.as_bytes(), limits)?;
    read(text.as_bytes(), wrong)
}

fn read<T: DeserializeOwned>(json: &[u8], wrong: &'static str) -> Result<T, Refusal> {
    serde_json::from_slice(json).map_err(|error| match error.is_data() {
        true => Refusal::not_a_request(wrong),
        false => guard::Refusal::JsonMalformed.into(),
    })
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
    fn a_get_request_reads_json_from_its_parameters() {
        let limits = Limits::default();
        let get = |query: &str| {
            from_get(&Request::builder().uri_str(format!("/graphql?{query}")).finish(), &limits)
        };
        let request = get("query=%7Ba%7D&variables=%7B%22x%22%3A1%7D&operationName=&other=1").unwrap();
        assert_eq!(request.query.as_deref(), Some("{a}"));
        assert_eq!(request.variables.unwrap().len(), 1);
        assert_eq!(request.operation_name, None);
        for bad in ["variables=%5B%5D", "variables=x", "query=a&query=b"] {
            assert_eq!(get(bad).unwrap_err().code(), "BAD_REQUEST", "{bad}");
        }
    }
}
