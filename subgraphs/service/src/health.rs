//! `/health` (is the process alive) and `/ready` (can it do its work).
//!
//! `/health` answers what the original answered and says nothing about the inside. `/ready` runs the named checks and
//! names those that fail, and only names: why a check failed is in the log.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt, join_all};
use http::{HeaderName, StatusCode};
use poem::endpoint::{make, make_sync};
use poem::web::Json;
use poem::{Endpoint, IntoResponse, Response, Route, get};
use serde_json::json;
use tokio::time::timeout;

use crate::identity::ServiceName;

/// The header in which `/health` says which run of the process answers.
pub const INSTANCE_HEADER: HeaderName = HeaderName::from_static("x-eventhub-instance");

/// A check that has not answered by then has failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

type Check = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// `EVENTHUB_INSTANCE`, when it was given.
#[derive(Debug, Clone, Default)]
pub struct Instance(pub Option<String>);

/// What a process says about itself.
#[derive(Clone)]
pub struct Health {
    service: ServiceName,
    instance: Instance,
    checks: Vec<(&'static str, Check)>,
    patience: Duration,
}

impl Health {
    /// Starts without any check: ready as soon as it serves.
    #[must_use]
    pub fn new(service: ServiceName, instance: Instance) -> Self {
        Self { service, instance, checks: Vec::new(), patience: CHECK_TIMEOUT }
    }

    /// Adds a named check to `/ready`; the error text goes to the log only.
    #[must_use]
    pub fn check<F, Fut>(mut self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.checks.push((name, Arc::new(move || check().boxed())));
        self
    }

    /// The names of the checks that fail now; empty means ready.
    pub async fn missing(&self) -> Vec<&'static str> {
        let runs = self.checks.iter().map(|(name, check)| async move {
            let outcome = timeout(self.patience, check()).await.unwrap_or_else(|_| Err("timed out".into()));
            outcome
                .inspect_err(|error| tracing::warn!(check = name, %error, "not ready"))
                .err()
                .map(|_| *name)
        });
        join_all(runs).await.into_iter().flatten().collect()
    }

    /// Mounts `/health` and `/ready` on `route`.
    #[must_use]
    pub fn mount(self, route: Route) -> Route {
        let ready = self.clone();
        route.at("/health", get(self.live_endpoint())).at("/ready", get(ready.ready_endpoint()))
    }

    /// `GET /health` alone, for a process that mounts it elsewhere too.
    pub fn live_endpoint(self) -> impl Endpoint<Output = Response> {
        make_sync(move |_| {
            let body = Json(json!({ "status": "ok", "service": self.service.health_name() }));
            match &self.instance.0 {
                Some(instance) => body.with_header(INSTANCE_HEADER, instance).into_response(),
                None => body.into_response(),
            }
        })
    }

    /// `GET /ready` alone.
    pub fn ready_endpoint(self) -> impl Endpoint<Output = Response> {
        let health = Arc::new(self);
        make(move |_| {
            let health = Arc::clone(&health);
            async move {
                let missing = health.missing().await;
                if missing.is_empty() {
                    return Json(json!({ "status": "ready" })).into_response();
                }
                let body = Json(json!({ "status": "not ready", "missing": missing }));
                body.with_status(StatusCode::SERVICE_UNAVAILABLE).into_response()
            }
        })
    }
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.checks.iter().map(|(name, _)| name).collect();
        f.debug_struct("Health").field("service", &self.service).field("checks", &names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::test::TestClient;

    #[tokio::test]
    async fn health_answers_as_the_original_and_echoes_the_instance() {
        let health = Health::new(ServiceName::User, Instance(Some("run-7".into())));
        let answer = TestClient::new(health.mount(Route::new())).get("/health").send().await;
        answer.assert_header(INSTANCE_HEADER, "run-7");
        answer.assert_text(r#"{"status":"ok","service":"user-service"}"#).await;
    }

    #[tokio::test]
    async fn ready_names_what_is_missing_and_nothing_else() {
        let health = Health::new(ServiceName::User, Instance::default())
            .check("database", || async { Err("password of root is wrong".into()) })
            .check("keys", || async { Ok(()) });
        let answer = TestClient::new(health.mount(Route::new())).get("/ready").send().await;
        answer.assert_status(StatusCode::SERVICE_UNAVAILABLE);
        answer.assert_text(r#"{"status":"not ready","missing":["database"]}"#).await;
    }

    #[tokio::test]
    async fn a_check_that_hangs_has_failed() {
        let mut health = Health::new(ServiceName::User, Instance::default())
            .check("database", std::future::pending::<Result<(), String>>);
        health.patience = Duration::from_millis(5);
        assert_eq!(health.missing().await, ["database"]);
    }
}
