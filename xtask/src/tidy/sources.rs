//! Rules for source files: each says first what it is, and a pure crate stays pure.

use std::fs;
use std::path::{Path, PathBuf};

use super::document::Rule;
use super::imports::Crates;
use crate::failure::{Context, Result};

/// What a pure crate does not say: IO, clocks, the environment, waiting.
const IMPURE: [&str; 8] = [
    "async fn",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "SystemTime",
    "Instant::now",
    "std::thread",
];

/// Everything that is wrong in the files of the crates.
///
/// # Errors
/// When a file cannot be read.
pub fn findings(root: &Path, rules: &[Rule], crates: &Crates) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for (name, found) in crates.iter() {
        let pure = rules.iter().any(|rule| rule.name == name && rule.pure);
        for folder in ["src", "tests", "benches", "examples"] {
            for path in rust_files(&found.folder.join(folder))? {
                let text = fs::read_to_string(&path).context(path.display())?;
                let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
                if !text.starts_with("//!") {
                    findings.push(format!("{shown}: does not open with what it is (`//!`)"));
                }
                if pure && folder == "src" && !path.ends_with("tests.rs") {
                    findings.extend(impure(&shown, &text));
                }
            }
        }
    }
    Ok(findings)
}

fn impure(shown: &str, text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .flat_map(|(number, line)| {
            IMPURE.iter().filter(move |word| line.contains(**word)).map(move |word| {
                format!("{shown}:{}: `{word}` in a crate that the table calls pure", number + 1)
            })
        })
        .collect()
}

/// The Rust files below a folder, without those that tests only read.
fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        if !folder.is_dir() || folder.ends_with("tests/cases") {
            continue;
        }
        for entry in fs::read_dir(&folder).context(folder.display())? {
            let path = entry.context(folder.display())?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_can_be_impure() {
        let text =
            "//! No std::fs here.\nfn f() { std::fs::read(p) }\n#[cfg(test)]\nmod tests { use std::env; }\n";
        assert_eq!(impure("lib.rs", text), ["lib.rs:2: `std::fs` in a crate that the table calls pure"]);
    }
}
