//! No code. Its `Cargo.toml` turns on what otherwise only dependencies of tests turn on (criterion's, so far): with the
//! same features everywhere, `cargo xtask dev` and `cargo test --workspace` build each library once. `cargo xtask tidy`
//! says when a line is missing.
