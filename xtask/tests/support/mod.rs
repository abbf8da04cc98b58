//! A real stack for tests: `cargo xtask dev` on free ports, and people who use it.

pub mod people;
pub mod stack;
pub mod wire;
