//! Findings as SARIF, which code scanners exchange.
//!
//! Source: OASIS, Static Analysis Results Interchange Format 2.1.0.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::{Finding, Level};
use crate::SourceLocation;

/// A log with one run of `tool`.
#[must_use]
pub fn sarif(findings: &[Finding], tool: &str) -> Value {
    let rules = rules(findings);
    let results: Vec<Value> =
        findings.iter().map(|finding| result(finding, rules.get_index_of(finding.code.as_str()))).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": tool,
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.into_values().collect::<Vec<Value>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// A rule a code, in the order of the findings.
fn rules(findings: &[Finding]) -> IndexMap<&str, Value> {
    findings.iter().map(|finding| (finding.code.as_str(), json!({ "id": finding.code }))).collect()
}

fn result(finding: &Finding, rule: Option<usize>) -> Value {
    let level = match finding.level {
        Level::Error | Level::Breaking => "error",
        Level::Dangerous => "warning",
        Level::Safe => "note",
    };
    let mut result = json!({
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": level,
        "message": { "text": words(finding) },
        "locations": finding.now().map(location).collect::<Vec<Value>>(),
    });
    let before: Vec<Value> = finding.before().enumerate().map(|(id, place)| in_base(id, place)).collect();
    if !before.is_empty() {
        result["relatedLocations"] = Value::Array(before);
    }
    result
}

fn words(finding: &Finding) -> String {
    match &finding.help {
        Some(help) => format!("{}\nhelp: {help}", finding.message),
        None => finding.message.clone(),
    }
}

fn in_base(id: usize, place: &SourceLocation) -> Value {
    let mut related = location(place);
    related["id"] = json!(id);
    related["message"] = json!({ "text": "in the base" });
    related
}

fn location(place: &SourceLocation) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&place.file) },
        "region": { "startLine": place.line, "startColumn": place.column },
    } })
}

/// A path as a URI reference: what may not stand in one is written in percent.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:@!$&'()*+,;=".contains(&byte);
    path.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
