//! The stand-in put together: schema, faults, the administrator's path.

use std::time::Duration;

use async_graphql::{Request, Response, ServerError};
use entities::spacemaster::schedules::ScheduleStatus;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use migration::spacemaster::Migrator;
use poem::web::Json;
use poem::{EndpointExt, handler, post};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::env::Reader;
use service::identity::ServiceName;
use subgraph::database::Database;
use subgraph::endpoint::Executable;
use subgraph::run::{App, Context, StartError, Subgraph};

use crate::api::{self, SpaceMasterSchema};
use crate::faults::{Faults, Mode};
use crate::store::Store;
use crate::times;

/// How long a request hangs. Longer than any client waits, and not for ever: a hung call must not outlive the test that wanted it by much.
const HANG: Duration = Duration::from_secs(120);

/// The stand-in for SpaceMaster.
#[derive(Debug)]
pub struct SpaceMaster;

/// What the stand-in is told beside what every process is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Config {
    /// `EVENTHUB_SPACEMASTER_FAULTS`: whether `POST /admin/faults` is there.
    pub faults: bool,
}

impl Subgraph for SpaceMaster {
    const NAME: ServiceName = ServiceName::Spacemaster;
    type Config = Config;
    type Migrator = Migrator;

    fn config(env: &mut Reader) -> Option<Config> {
        Some(Config { faults: env.or("EVENTHUB_SPACEMASTER_FAULTS", OnOff(false))?.0 })
    }

    fn sdl() -> String {
        api::sdl()
    }

    async fn build(context: Context<Config>) -> Result<App, StartError> {
        let store = Store::new(context.database);
        store.seed().await?;
        let faults = Faults::default();
        let of_requests = store.clone();
        let app = App::new(Faulty { schema: api::schema(store, faults.clone()), faults: faults.clone() })
            .loaders(move |request, batch| api::loaders(request, batch, &of_requests));
        Ok(if context.config.faults { app.route("/admin/faults", post(set_fault).data(faults)) } else { app })
    }

    async fn facts(database: &Database) -> Result<Value, DbErr> {
        let rows = Store::new(database.clone()).schedules().await?;
        let schedules: Vec<_> = rows
            .into_iter()
            .map(|row| {
                json!({
                    "id": row.id.to_string(),
                    "roomId": row.room_id,
                    "startTime": times::text(row.starts_local),
                    "endTime": times::text(row.ends_local),
                    "status": match row.status {
                        ScheduleStatus::Available => "AVAILABLE",
                        ScheduleStatus::Blocked => "BLOCKED",
                        ScheduleStatus::Maintenance => "MAINTENANCE",
                    },
                })
            })
            .collect();
        Ok(json!({ "service": "spacemaster", "schedules": schedules }))
    }
}

/// `on` or `off`, as operators write it.
struct OnOff(bool);

impl service::env::FromEnv for OnOff {
    fn allowed() -> String {
        "on, off".into()
    }

    fn from_env(text: &str) -> Result<Self, String> {
        match text {
            "on" => Ok(Self(true)),
            "off" => Ok(Self(false)),
            _ => Err("is neither on nor off".into()),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Setting {
    mode: Mode,
}

#[handler]
fn set_fault(Json(setting): Json<Setting>, faults: poem::web::Data<&Faults>) -> Json<Setting> {
    tracing::warn!(mode = ?setting.mode, "fault set");
    faults.set(setting.mode);
    Json(setting)
}

/// The schema, with the fault of the hour in front of it.
struct Faulty {
    schema: SpaceMasterSchema,
    faults: Faults,
}

impl Executable for Faulty {
    fn execute(&self, request: Request) -> BoxFuture<'_, Response> {
        async move {
            match self.faults.mode() {
                Mode::None | Mode::Refuse => self.schema.execute(request).await,
                Mode::Fail => failed(),
                Mode::Hang => {
                    tokio::time::sleep(HANG).await;
                    failed()
                }
            }
        }
        .boxed()
    }

    /// It has no subscriptions, and so none that could be faulty.
    fn execute_stream(&self, request: Request) -> BoxStream<'static, Response> {
        Executable::execute_stream(&self.schema, request)
    }

    fn sdl(&self) -> String {
        self.schema.sdl()
    }
}

fn failed() -> Response {
    let mut error = ServerError::new("internal error", None);
    error.source = Some(std::sync::Arc::new(subgraph::Error::internal("a fault was asked for")));
    Response::from_errors(vec![error])
}
