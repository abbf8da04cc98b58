//! Everything a developer runs: `cargo xtask` alone says what each command does.

fn main() {}
