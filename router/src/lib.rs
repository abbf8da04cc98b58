//! The HTTP face of the supergraph: configuration, pipeline, pass-through, admin.
//!
//! Planning is `planner`, execution is `executor`; neither does IO. Everything that a request meets on its way is here, in this order:
//! [`app`] (routes and middleware), [`http`] (GraphQL over HTTP), [`pipeline`] (eight stages), [`subgraphs`] (the client that the executor
//! calls), [`subscriptions`] (answers in many parts). What lives longer than a request: [`snapshot`] (one supergraph and its caches), [`reload`], [`config`].

pub mod admin;
pub mod app;
pub mod auth;
pub mod cli;
pub mod client_address;
pub mod commands;
pub mod config;
pub mod explain;
pub mod explorer;
pub mod health;
pub mod http;
pub mod middleware;
pub mod pass_through;
pub mod pipeline;
pub mod refusal;
pub mod reload;
pub mod request;
pub mod sharing;
pub mod snapshot;
pub mod source;
pub mod subgraphs;
pub mod subscriptions;
pub mod trace;
pub mod validation;
