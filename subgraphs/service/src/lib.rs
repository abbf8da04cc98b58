//! What every process shares, the router too: environment, telemetry, tokens, guard, health, serve and drain.
//!
//! It knows HTTP (poem) and nothing of databases or of a GraphQL engine: the router links it, and the router links
//! neither sea-orm nor async-graphql. Reading order: [`env`] and [`config`] (what a process is told), [`telemetry`] and
//! [`metrics`] (what it says), [`identity`] and [`tokens`] (who is calling), [`protocol`] and [`guard`] (what may come
//! in), [`subscription`] (answers in many parts), [`health`], [`request_id`] and [`server`] (how it serves and stops), [`http_client`] (how it calls others).

pub mod client_address;
pub mod config;
pub mod env;
pub mod guard;
pub mod health;
pub mod http_client;
pub mod identity;
pub mod metrics;
pub mod protocol;
pub mod request_id;
pub mod server;
pub mod subscription;
pub mod telemetry;
pub mod tokens;
