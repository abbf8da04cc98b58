//! `/health` as the original answered it, `/health/live`, and `/health/ready` with the state of the subgraphs.

use std::sync::Arc;

use poem::{Endpoint, IntoResponse, Response, Route, endpoint::make, get, web::Json};
use serde_json::{Map, json};
use service::{
    health::{Health, Instance},
    identity::ServiceName,
};

use crate::{app::App, subgraphs::probe_all};

/// `/health`, `/health/live`, `/health/ready`.
pub fn routes(app: &Arc<App>) -> Route {
    Route::new().at("/", get(live(app))).at("/live", get(live(app))).at("/ready", ready(app))
}

fn live(app: &App) -> impl Endpoint<Output = Response> + 'static {
    Health::new(ServiceName::Router, Instance(app.config.instance.clone())).live_endpoint()
}

/// Ready: there is a supergraph, so requests can be answered. A subgraph that is down makes it `degraded`, not unready: all routers at once
/// would leave the load balancer, and take the subgraphs that are well with them.
pub fn ready(app: &Arc<App>) -> impl Endpoint<Output = Response> + 'static {
    let app = Arc::clone(app);
    get(make(move |_| {
        let app = Arc::clone(&app);
        async move { readiness(&app).await }
    }))
}

async fn readiness(app: &App) -> Response {
    let snapshot = app.snapshot();
    let states = probe_all(&app.outbound, &snapshot.endpoints).await;
    let all_up = states.iter().all(|state| state.up);
    let subgraphs: Map<String, serde_json::Value> =
        states.into_iter().map(|state| (state.name, json!(if state.up { "up" } else { "down" }))).collect();
    let status = if all_up { "ready" } else { "degraded" };
    Json(json!({ "status": status, "supergraph": snapshot.id, "subgraphs": subgraphs })).into_response()
}
