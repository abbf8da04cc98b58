//! What stands around every path, from the innermost to the outermost: deadline, load shedding, no foreign service credentials, CORS, panics
//! contained, access log, the client's address. (Request id, head limits and connection limits are the shared server's.)

mod access_log;
mod cors;

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt;
use http::StatusCode;
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response};
use service::{protocol::MediaType, request_id::RequestId, tokens::SERVICE_TOKEN_HEADER};

pub use access_log::{Details, access_log};
pub use cors::{cors, may_open_socket};

use crate::{app::App, client_address::TrustedProxies, http::refused, refusal::Refusal, request::Deadline};

/// Gives the request its deadline, and the client an answer by then. A body that is still streaming then is cut off by whoever streams it.
pub fn deadline<E>(app: &Arc<App>, endpoint: E) -> impl Endpoint<Output = Response> + 'static
where
    E: Endpoint + 'static,
{
    let span = app.config.limits.deadline;
    endpoint.around(move |endpoint, mut request: Request| async move {
        let deadline = Deadline::after(span);
        request.extensions_mut().insert(deadline);
        let answered = tokio::time::timeout_at(deadline.instant(), endpoint.call(request)).await;
        let Ok(answer) = answered else { return Ok(refused(MediaType::Json, &Refusal::TimedOut)) };
        answer.map(IntoResponse::into_response)
    })
}

/// A place among the requests answered at the same time; held until the last byte of the answer.
#[derive(Debug, Clone)]
pub struct Place {
    _permit: Arc<tokio::sync::OwnedSemaphorePermit>,
}

/// Refuses at once what there is no room for: a queue would make everybody wait for requests whose clients have given up.
pub fn load_shed<E>(app: &Arc<App>, endpoint: E) -> impl Endpoint<Output = Response> + 'static
where
    E: Endpoint<Output = Response> + 'static,
{
    let room = Arc::clone(&app.room);
    endpoint.around(move |endpoint, mut request: Request| {
        let place = Arc::clone(&room).try_acquire_owned();
        async move {
            let Ok(permit) = place else {
                let mut response = refused(MediaType::Json, &Refusal::Overloaded);
                response.headers_mut().insert(http::header::RETRY_AFTER, http::HeaderValue::from_static("1"));
                return Ok(response);
            };
            let place = Place { _permit: Arc::new(permit) };
            request.extensions_mut().insert(place.clone());
            let answer = endpoint.call(request).await;
            drop(place);
            answer
        }
    })
}

/// A service's credential opens doors in subgraphs that no outsider may open; from outside it is refused on every path.
pub fn refuse_service_credentials<E>(endpoint: E) -> impl Endpoint<Output = Response> + 'static
where
    E: Endpoint<Output = Response> + 'static,
{
    endpoint.around(|endpoint, request: Request| async move {
        if request.headers().contains_key(SERVICE_TOKEN_HEADER) {
            return Ok(refused(MediaType::Json, &Refusal::ServiceCredential));
        }
        endpoint.call(request).await
    })
}

/// Works out once where the request comes from; whoever wants to know asks [`crate::client_address::of`].
pub fn client_address<E>(trusted: TrustedProxies, endpoint: E) -> impl Endpoint<Output = Response> + 'static
where
    E: Endpoint<Output = Response> + 'static,
{
    endpoint.before(move |mut request: Request| {
        let client = trusted.client_of(&request);
        request.extensions_mut().insert(client);
        async move { Ok(request) }
    })
}

/// Makes a panic, and whatever error poem's own parts give, an answer in our form. The process lives on.
pub fn contain_panics<E>(endpoint: E) -> impl Endpoint<Output = Response> + 'static
where
    E: Endpoint<Output = Response> + 'static,
{
    endpoint.around(|endpoint, request: Request| async move {
        let id = RequestId::of(&request);
        match AssertUnwindSafe(endpoint.call(request)).catch_unwind().await {
            Ok(answer) => answer.or_else(|error| Ok(refused(MediaType::Json, &in_our_form(&error, &id)))),
            Err(_) => {
                tracing::error!(error_id = id.as_str(), "a request made the router panic");
                Ok(refused(MediaType::Json, &fault(&id)))
            }
        }
    })
}

/// Errors of poem's own parts: an unknown path, a method that the path does not have, a body that is not the operation's.
fn in_our_form(error: &poem::Error, id: &RequestId) -> Refusal {
    match error.status() {
        StatusCode::NOT_FOUND => Refusal::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => {
            service::guard::Refusal::MethodNotAllowed("this path has no such method").into()
        }
        status if status.is_client_error() => Refusal::Unreadable { status, why: error.to_string() },
        _ => {
            tracing::error!(error_id = id.as_str(), %error, "a request failed");
            fault(id)
        }
    }
}

fn fault(id: &RequestId) -> Refusal {
    Refusal::Fault { error_id: id.as_str().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::{endpoint::make, test::TestClient};

    async fn faulty(_: Request) -> Response {
        panic!("secret inside")
    }

    #[tokio::test]
    async fn a_panic_is_answered_with_an_id_and_the_next_request_is_served() {
        let client = TestClient::new(contain_panics(make(faulty)));
        for _ in 0..2 {
            let answer = client.get("/").send().await;
            answer.assert_status(StatusCode::INTERNAL_SERVER_ERROR);
            let text = answer.0.into_body().into_string().await.unwrap();
            assert!(text.contains(r#""code":"INTERNAL","errorId":""#), "{text}");
            assert!(!text.contains("secret"), "{text}");
        }
    }

    #[tokio::test]
    async fn an_unknown_path_is_answered_in_our_form() {
        let answer = TestClient::new(contain_panics(poem::Route::new())).get("/x").send().await;
        answer.assert_status(StatusCode::NOT_FOUND);
        assert!(answer.0.into_body().into_string().await.unwrap().contains("NOT_FOUND"));
    }
}
