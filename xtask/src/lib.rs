//! Everything a developer runs. `cargo xtask` alone says what each command does.
//!
//! Read in this order: [`cli`] (the commands), [`stack`] (`dev`: six processes as one), [`compose`] and [`explain`] (the graph),
//! [`tidy`] (the house rules), [`fsck`] (the invariants of the sale), [`torture`] (the sale under faults), [`fuzz`] (composition under abuse), [`audit`] (the public audit of gateways), [`bench`] (how fast the router is), [`ci`] (all of it).
//! What it is not: a library for the services. It links the pure crates only; everything else it runs as a command.

pub mod audit;
pub mod bench;
pub mod cases;
pub mod ci;
pub mod cli;
pub mod compose;
pub mod explain;
pub mod failure;
pub mod fsck;
pub mod fuzz;
pub mod migrate;
pub mod random;
pub mod secrets;
pub mod services;
pub mod stack;
pub mod tidy;
pub mod torture;
pub mod workspace;

pub use cli::main;
