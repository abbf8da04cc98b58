//! The house rules, as a test: `cargo test --workspace` fails where `cargo xtask tidy` does.

use xtask::tidy::findings;
use xtask::workspace::Workspace;

#[test]
fn the_house_is_tidy() {
    let findings = findings(&Workspace::find().unwrap()).unwrap();
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}
