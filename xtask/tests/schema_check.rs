//! The schema check as its user meets it: the real command over the committed graph, and its exit codes.

#![expect(clippy::unwrap_used, reason = "a test that cannot run a command or write a file has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use xtask::workspace::root;

fn check(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["compose", "--check"]).args(arguments).current_dir(root()).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A copy of the committed subgraphs, in which bookings have a field and a status that the code does not have.
fn richer_base() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let subgraphs = folder.path().join("subgraphs");
    fs::create_dir(&subgraphs).unwrap();
    copy(&root().join("schema/supergraph.yaml"), folder.path());
    for entry in fs::read_dir(root().join("schema/subgraphs")).unwrap() {
        copy(&entry.unwrap().path(), &subgraphs);
    }
    let booking = subgraphs.join("booking.graphql");
    let sdl = fs::read_to_string(&booking).unwrap();
    fs::write(
        &booking,
        format!("{sdl}\nextend type Booking {{ oldId: Int }}\nextend enum PaymentStatus {{ LOST }}\n"),
    )
    .unwrap();
    folder
}

fn copy(file: &Path, folder: &Path) {
    fs::copy(file, folder.join(file.file_name().unwrap())).unwrap();
}

fn ledger(folder: &TempDir, coordinates: &[&str]) -> PathBuf {
    let line = |coordinate: &&str| {
        format!("{{\"coordinate\":\"{coordinate}\",\"client\":\"web\",\"lastSeen\":\"2026-11-20\"}}\n")
    };
    let path = folder.path().join("ledger.jsonl");
    fs::write(&path, coordinates.iter().map(line).collect::<String>()).unwrap();
    path
}

#[test]
fn the_exit_code_says_safe_wrong_or_breaking() {
    let base = richer_base();
    let folder = base.path().to_str().unwrap();
    let same = check(&["--base", "supergraph.graphql", "--plans", "schema/operations"]);
    assert_eq!(same.status.code(), Some(0), "{}{}", text(&same.stdout), text(&same.stderr));

    let breaking = check(&["--base", folder]);
    assert_eq!(breaking.status.code(), Some(2), "{}", text(&breaking.stderr));
    let words = text(&breaking.stdout);
    assert!(words.contains("breaking[FIELD_REMOVED]: Booking.oldId was removed"), "{words}");
    assert!(words.contains("breaking[ENUM_VALUE_REMOVED]: PaymentStatus.LOST was removed"), "{words}");
    assert!(words.contains("--> schema/subgraphs/booking.graphql:"), "{words}");

    let nowhere = check(&["--base", "no-such-base"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert_eq!(check(&["--bases"]).status.code(), Some(1), "a misspelt flag breaks nobody");
}

#[test]
fn what_no_client_uses_may_go() {
    let base = richer_base();
    let folder = base.path().to_str().unwrap();
    let unused = ledger(&base, &["Booking.id"]);
    let safe = check(&["--base", folder, "--usage", unused.to_str().unwrap(), "--format", "json"]);
    assert_eq!(safe.status.code(), Some(0), "{}", text(&safe.stdout));
    let report: serde_json::Value = serde_json::from_slice(&safe.stdout).unwrap();
    assert_eq!(report["verdict"], "safe");
    assert_eq!(report["changes"].as_array().unwrap().len(), 2, "{report}");

    let used = ledger(&base, &["Booking.oldId"]);
    let breaking = check(&["--base", folder, "--usage", used.to_str().unwrap()]);
    assert_eq!(breaking.status.code(), Some(2));
    assert!(text(&breaking.stdout).contains("web used it on 2026-11-20"), "{}", text(&breaking.stdout));
}
