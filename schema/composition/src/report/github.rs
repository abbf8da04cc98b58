//! Findings as GitHub workflow commands, which show at their lines in a pull request.
//!
//! Source: GitHub's documentation, "Workflow commands for GitHub Actions".

use std::fmt::Write as _;

use super::{Finding, Level};

/// One command a line. Safe changes are left out: nobody needs to be told at a line of code.
#[must_use]
pub fn github(findings: &[Finding]) -> String {
    findings.iter().filter(|finding| finding.level != Level::Safe).map(command).collect()
}

fn command(finding: &Finding) -> String {
    let word = match finding.level {
        Level::Error | Level::Breaking => "error",
        Level::Dangerous => "warning",
        Level::Safe => "notice",
    };
    let mut properties = String::new();
    // A place in the base is no line of the pull request; the words name it.
    if let Some(place) = finding.now().next() {
        let _ =
            write!(properties, "file={},line={},col={},", property(&place.file), place.line, place.column);
    }
    let title = property(&finding.code);
    format!("::{word} {properties}title={title}::{}\n", data(&words(finding)))
}

fn words(finding: &Finding) -> String {
    let mut words = finding.message.clone();
    for place in finding.before() {
        let _ = write!(words, "\nin the base: {}:{}:{}", place.file, place.line, place.column);
    }
    if let Some(help) = &finding.help {
        let _ = write!(words, "\nhelp: {help}");
    }
    words
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
