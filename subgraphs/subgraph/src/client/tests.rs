//! The client against real listeners that answer well, badly, late or not at all.

use std::time::{Duration, Instant};

use poem::{IntoResponse, Request, Response, Route, endpoint::make};
use service::server;
use service::tokens::SERVICE_TOKEN_HEADER;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::*;
use crate::testing::{service_signer, service_verifier};

/// A service that answers as `answer` says, once it has proved that the call is signed.
async fn serving<F, Fut>(answer: F) -> (ServiceClient, DropGuard)
where
    F: Fn() -> Fut + Send + Sync + Clone + 'static,
    Fut: Future<Output = Response> + Send + 'static,
{
    let endpoint = make(move |request: Request| {
        let answer = answer.clone();
        async move {
            let token = request.headers().get(SERVICE_TOKEN_HEADER).unwrap().to_str().unwrap();
            let caller = service_verifier(ServiceName::Ticket).verify(token);
            assert_eq!(caller, Ok(ServiceName::Booking));
            answer().await
        }
    });
    let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let stop = CancellationToken::new();
    let route = Route::new().at("/graphql", endpoint);
    tokio::spawn(server::serve(listener, route, stop.clone(), server::Options::default()));
    (client(&base), stop.drop_guard())
}

fn client(base: &Url) -> ServiceClient {
    let http = service::http_client::build().unwrap();
    let signer = Some(service_signer(ServiceName::Booking));
    ServiceClient::new(http, base, ServiceName::Ticket, signer)
        .unwrap()
        .with_timeout(Duration::from_millis(300))
}

async fn answered(body: &'static str) -> Result<Value, CallError> {
    let (client, _running) = serving(move || async move { body.into_response() }).await;
    client.call("{ a }", json!({})).await
}

#[tokio::test]
async fn data_are_read_as_what_was_asked_for() {
    #[derive(Deserialize)]
    struct Held {
        hold: Hold,
    }
    #[derive(Deserialize)]
    struct Hold {
        quantity: u32,
    }
    let (client, _running) =
        serving(|| async { r#"{"data":{"hold":{"quantity":2}}}"#.into_response() }).await;
    let held: Held = client.call("{ hold { quantity } }", json!({ "a": 1 })).await.unwrap();
    assert_eq!(held.hold.quantity, 2);
}

#[tokio::test]
async fn a_refusal_keeps_its_code_and_details() {
    let body =
        r#"{"data":null,"errors":[{"message":"2 left","extensions":{"code":"SOLD_OUT","available":2}}]}"#;
    let error = answered(body).await.unwrap_err();
    assert_eq!((error.code(), error.detail("available")), (Some(Code::SoldOut), Some(&json!(2))));
    let shown = Error::from(error);
    assert_eq!((shown.code(), shown.message()), (Code::SoldOut, "2 left"));
}

#[tokio::test]
async fn a_refusal_of_how_we_asked_is_unavailable_to_our_client() {
    for code in ["FORBIDDEN", "UNAUTHENTICATED", "INTERNAL", "GRAPHQL_VALIDATION_FAILED", "SOMETHING_NEW", ""]
    {
        let body: &'static str =
            format!(r#"{{"errors":[{{"message":"secret","extensions":{{"code":"{code}"}}}}]}}"#).leak();
        let shown = Error::from(answered(body).await.unwrap_err());
        assert_eq!(shown.code(), Code::Unavailable, "{code}");
        assert!(!shown.message().contains("secret") && shown.cause().unwrap().contains("secret"));
    }
}

#[tokio::test]
async fn nonsense_is_called_so() {
    for body in ["", "<html>", "[]", "{}", r#"{"data":null}"#, r#"{"data":{"a":1}"#] {
        let error = answered(body).await.unwrap_err();
        assert!(matches!(error, CallError::Nonsense { .. }), "{body}: {error}");
        assert_eq!(Error::from(error).code(), Code::Unavailable);
    }
}

#[tokio::test]
async fn a_service_that_hangs_or_is_gone_is_unavailable_within_the_bound() {
    let (hanging, _running) = serving(std::future::pending).await;
    let gone = client(&"http://127.0.0.1:1".parse().unwrap());
    for client in [hanging, gone] {
        let started = Instant::now();
        let error = client.call::<Value>("{ a }", json!({})).await.unwrap_err();
        assert!(matches!(error, CallError::Unreachable { .. }), "{error}");
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        assert_eq!(Error::from(error).code(), Code::Unavailable);
    }
}
