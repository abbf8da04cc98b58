//! The router on real sockets, before subgraphs that answer from memory: what a client, an operator and an attacker see.

mod admin;
mod commands;
mod federation;
mod graphql_over_http;
mod guard;
mod health;
mod limits;
mod pass_through;
mod process;
mod reload;
mod support;
mod tokens;
