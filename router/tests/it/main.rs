//! The router on real sockets, before subgraphs that answer from memory: what a client, an operator and an attacker see.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails, in its helpers too")]

mod admin;
mod commands;
mod federation;
mod graphql_over_http;
mod guard;
mod health;
mod joining;
mod limits;
mod pass_through;
mod process;
mod reload;
mod subscriptions;
mod support;
mod tokens;
