//! The user service as a process: what [`subgraph::run`] needs to know of it.

use std::sync::Arc;

use poem::endpoint::make_sync;
use poem::{IntoResponse, Response, get};
use sea_orm::DbErr;
use serde_json::{Value, json};
use service::env::Reader;
use service::identity::ServiceName;
use subgraph::client::ServiceClient;
use subgraph::database::Database;
use subgraph::run::{App, Context, StartError, Subgraph};

use crate::api::{self, user::AccountLoader};
use crate::config::Config;
use crate::error::Error;
use crate::keys::KeyRing;
use crate::obligations::Obligations;
use crate::store::Store;
use crate::use_cases::UseCases;

/// The user service.
#[derive(Clone, Copy, Debug)]
pub struct UserService;

impl Subgraph for UserService {
    const NAME: ServiceName = ServiceName::User;
    type Config = Config;
    type Migrator = migration::user::Migrator;

    fn config(env: &mut Reader) -> Option<Config> {
        Config::read(env)
    }

    fn sdl() -> String {
        subgraph::sdl::print(&api::schema().finish())
    }

    async fn build(context: Context<Config>) -> Result<App, StartError> {
        let Context { common, config, database, http, signer, clock, stop } = context;
        let peer = |url, name| ServiceClient::new(http.clone(), url, name, signer.clone());
        let booking = peer(&config.peers.booking, ServiceName::Booking)?;
        let obligations = Obligations::new(booking, peer(&config.peers.ticket, ServiceName::Ticket)?);
        let cases = Arc::new(UseCases::start(&common, &config, (database, obligations), clock).await?);
        let ring = Arc::clone(&cases.ring);
        let schema = api::schema().data(Arc::clone(&cases)).finish();
        let store = cases.accounts.store.clone();
        Ok(App::new(schema)
            .loaders(move |request, batch| request.data(batch.loader(AccountLoader(store.clone()))))
            .verifying_with(cases.verifier())
            .route("/.well-known/jwks.json", get(make_sync(move |_| jwks(&ring))))
            .worker("housekeeping", async move { cases.look_after(stop).await }))
    }

    async fn facts(database: &Database) -> Result<Value, DbErr> {
        let accounts = match Store::new(database.clone()).every_account().await {
            Ok(accounts) => accounts,
            Err(Error::Database(error)) => return Err(error),
            Err(error) => return Err(DbErr::Custom(error.to_string())),
        };
        let row = |account: &entities::user::account::Model| json!({ "id": account.id, "role": account.role.as_str(), "deleted": account.deleted_at.is_some() });
        let users: Vec<_> = accounts.iter().map(row).collect();
        Ok(json!({ "service": "user", "count": users.len(), "users": users }))
    }
}

/// The public halves of the signing keys. May be cached for less than a key is published ahead.
fn jwks(ring: &KeyRing) -> Response {
    let body = ring.jwks().to_string();
    body.with_content_type("application/json")
        .with_header("cache-control", "public, max-age=60")
        .into_response()
}
