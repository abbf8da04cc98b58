//! What only subgraphs share: the poem endpoint, guards, errors, ids, pages, the database, the testing kit.
//!
//! A subgraph is a schema, a database and a list of things to run; this crate turns that into a process. Reading order:
//! [`cli`] (what a binary is asked to do), [`run`] (how it starts and stops), [`endpoint`] (the way of a request),
//! [`access`] (who may), [`error`] (what is said when not), [`doer`] and [`audit`] (who did what),
//! [`idempotency`] (what came before), [`batch`] (one statement for many
//! objects), [`database`], [`feed`] (what changed), [`client`] (calls to other services), the
//! small words [`seal`], [`ids`], [`page`], [`scalars`], [`clock`], and [`testing`].

pub mod access;
pub mod audit;
pub mod batch;
pub mod cli;
pub mod client;
pub mod clock;
pub mod database;
pub mod doer;
pub mod endpoint;
pub mod error;
pub mod feed;
pub mod idempotency;
pub mod ids;
pub mod page;
pub mod run;
pub mod scalars;
pub mod sdl;
pub mod seal;
pub mod testing;

pub use error::{Code, Error};
