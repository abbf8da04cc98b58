//! `/api`: the router for operators, as REST with an OpenAPI description and a page to try it.
//!
//! Every path here, the description included, needs the admin token; without one configured it is open to this machine only.

mod api;
mod gate;

use std::sync::Arc;

use poem::{IntoEndpoint, Route};
use poem_openapi::OpenApiService;

pub use gate::{admit, guarded};

use crate::app::App;

/// `/api/*`, `/api/openapi.json` and the page `/api/docs`.
pub fn routes(app: &Arc<App>) -> Route {
    let service = OpenApiService::new(api::Api::new(app), "EventHUB router", env!("CARGO_PKG_VERSION"))
        .description("State of the router: its subgraphs, its supergraph, its plans, its configuration.")
        .server("/api");
    let (description, page) = (service.spec_endpoint(), service.swagger_ui());
    Route::new()
        .at("/openapi.json", guarded(app, description))
        .nest("/docs", guarded(app, page))
        .nest("/", guarded(app, service.into_endpoint()))
}
