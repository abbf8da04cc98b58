//! What composition and the schema check found: for people in the shape of a compiler's report, for machines as JSON, GitHub workflow
//! commands or SARIF.

mod finding;
mod github;
mod sarif;

use std::fmt::Write as _;

use crate::{CompositionErrors, ErrorCode, SubgraphInput};

pub use finding::{Finding, Level, Mark, Side, of_change, of_errors};
pub use github::github;
pub use sarif::sarif;

/// Renders every error with its source lines, carets and, where there is one, a way out.
///
/// `subgraphs` are the inputs that failed to compose: the source lines come from them.
#[must_use]
pub fn human(errors: &CompositionErrors, subgraphs: &[SubgraphInput]) -> String {
    let mut out = findings(&of_errors(errors, subgraphs));
    let count = errors.0.len();
    let _ =
        writeln!(out, "{count} error{} kept the subgraphs from composing", if count == 1 { "" } else { "s" });
    out
}

/// Renders findings for people, an empty line after each.
#[must_use]
pub fn findings(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let mut message = finding.message.lines();
        let level = finding.level.as_str();
        let _ = writeln!(out, "{level}[{}]: {}", finding.code, message.next().unwrap_or_default());
        for line in message {
            let _ = writeln!(out, "  {line}");
        }
        for mark in &finding.marks {
            write_mark(&mut out, mark);
        }
        if let Some(help) = &finding.help {
            let _ = writeln!(out, "  help: {help}");
        }
        out.push('\n');
    }
    out
}

fn write_mark(out: &mut String, mark: &Mark) {
    let place = &mark.location;
    let base = match mark.side {
        Side::Now => "",
        Side::Before => ", in the base",
    };
    let _ = writeln!(
        out,
        "  --> {}:{}:{} (subgraph {}{base})",
        place.file, place.line, place.column, place.subgraph
    );
    let Some(text) = &mark.line else { return };
    let number = place.line.to_string();
    let _ = writeln!(out, "  {number} | {}", text.replace('\t', " "));
    let _ = writeln!(out, "  {} | {}^", " ".repeat(number.len()), " ".repeat(place.column.saturating_sub(1)));
}

/// The JSON document `{"errors":[{"code","message","locations"}]}`.
pub fn json(errors: &CompositionErrors) -> serde_json::Value {
    serde_json::json!({ "errors": errors })
}

/// A way out that is right for most errors of the code, where there is one.
fn help(code: ErrorCode) -> Option<&'static str> {
    use ErrorCode as C;
    Some(match code {
        C::InvalidFieldSharing => {
            "mark the field @shareable in every subgraph that resolves it, or resolve it in one only"
        }
        C::FieldTypeMismatch => {
            "give the field the same type everywhere, or take it over with @override(from: \"…\")"
        }
        C::SatisfiabilityError => {
            "let a subgraph that the query can reach resolve the field, or add a @key that leads to one that does"
        }
        C::ExternalUnused => "remove the field: @external only serves @key, @requires and @provides",
        C::NoQueries => "let one subgraph define a field on the query root",
        C::RequiresFieldsMissingExternal | C::ProvidesFieldsMissingExternal => {
            "declare the selected field in this subgraph, marked @external"
        }
        C::EnumValueMismatch => {
            "define the same values in every subgraph, or mark the missing ones @inaccessible where they exist"
        }
        C::RequiredArgumentMissingInSomeSubgraph | C::RequiredInputFieldMissingInSomeSubgraph => {
            "declare it in every subgraph, or make it optional"
        }
        C::InterfaceKeyMissingImplementationType => {
            "define every implementation in the subgraph that has the @key on the interface"
        }
        C::UnknownFederationLinkVersion => "link to a federation version from v2.0 to v2.12",
        C::TypeKindMismatch => "rename the type in one of the subgraphs",
        C::ReferencedInaccessible => "mark what refers to it @inaccessible too",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{ChangeCode, Graph, diff};
    use crate::{CompositionError, SourceLocation};

    fn failure() -> (CompositionErrors, Vec<SubgraphInput>) {
        let input = SubgraphInput {
            name: "event".into(),
            url: "http://event".into(),
            sdl: "type Query {\n  startsAt: String\n}".into(),
            source: Some("event.graphql".into()),
        };
        let location =
            SourceLocation { subgraph: "event".into(), file: "event.graphql".into(), line: 2, column: 3 };
        let error = CompositionError {
            code: ErrorCode::FieldTypeMismatch,
            message: "Query.startsAt has different types".into(),
            locations: vec![location],
        };
        (CompositionErrors(vec![error]), vec![input])
    }

    #[test]
    fn people_see_code_line_caret_and_help() {
        let (errors, inputs) = failure();
        let text = human(&errors, &inputs);
        assert!(
            text.starts_with("error[FIELD_TYPE_MISMATCH]: Query.startsAt has different types\n"),
            "{text}"
        );
        assert!(
            text.contains("  --> event.graphql:2:3 (subgraph event)\n  2 |   startsAt: String\n    |   ^\n"),
            "{text}"
        );
        assert!(text.contains("  help: give the field the same type everywhere"), "{text}");
    }

    #[test]
    fn machines_see_an_errors_list() {
        let (errors, _) = failure();
        assert_eq!(
            json(&errors).to_string(),
            r#"{"errors":[{"code":"FIELD_TYPE_MISMATCH","message":"Query.startsAt has different types","locations":[{"subgraph":"event","file":"event.graphql","line":2,"column":3}]}]}"#
        );
    }

    fn changed() -> Vec<Finding> {
        let graph = |sdl: &str| {
            let input = SubgraphInput {
                name: "event".into(),
                url: "http://event".into(),
                sdl: sdl.into(),
                source: Some("my schema/event.graphql".into()),
            };
            Graph::compose(&[input]).unwrap()
        };
        let before = graph("type Query {\n  now: Int!\n  later: Int\n}");
        let after = graph("type Query {\n  now(in: String): Int\n}");
        diff(&before, &after).iter().map(|change| of_change(change, &before, &after)).collect()
    }

    #[test]
    fn people_see_a_change_in_both_its_places() {
        let text = findings(&changed());
        let shown = "breaking[FIELD_TYPE_CHANGED]: Query.now is Int, and was Int!\n  \
                     --> my schema/event.graphql:2:3 (subgraph event, in the base)\n  \
                     2 |   now: Int!\n    |   ^\n  \
                     --> my schema/event.graphql:2:3 (subgraph event)\n  \
                     2 |   now(in: String): Int\n    |   ^\n  help: keep the type";
        assert!(text.contains(shown), "{text}");
    }

    #[test]
    fn github_sees_commands_at_the_lines_of_now() {
        let commands = github(&changed());
        assert_eq!(commands.lines().count(), 3, "{commands}");
        assert!(
            commands.contains(
                "::error file=my schema/event.graphql,line=1,col=6,title=FIELD_REMOVED::Query.later was \
                 removed%0Ain the base: my schema/event.graphql:3:3%0Ahelp: "
            ),
            "{commands}"
        );
        assert!(commands.contains("::warning file=") && commands.contains("OPTIONAL_ARGUMENT_ADDED"));
    }

    /// What SARIF 2.1.0 requires of a log (section 3.13), a run (3.14), a rule (3.49), a result (3.27) and a location (3.28, 3.29).
    #[test]
    fn a_sarif_log_has_the_required_shape() {
        let findings = changed();
        let log = sarif(&findings, "eventhub-router");
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        assert_eq!(run["tool"]["driver"]["name"], "eventhub-router");
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), findings.len());
        for result in results {
            let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[rule]["id"], result["ruleId"]);
            assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()), "{result}");
            assert!(result["message"]["text"].is_string(), "{result}");
            let places = [&result["locations"], &result["relatedLocations"]];
            for place in places.into_iter().flat_map(|places| places.as_array().into_iter().flatten()) {
                let physical = &place["physicalLocation"];
                assert_eq!(physical["artifactLocation"]["uri"], "my%20schema/event.graphql");
                assert!(physical["region"]["startLine"].as_u64() >= Some(1), "{place}");
                assert!(physical["region"]["startColumn"].as_u64() >= Some(1), "{place}");
            }
        }
        let removed = results.iter().find(|result| result["ruleId"] == ChangeCode::FieldRemoved.as_str());
        assert_eq!(removed.unwrap()["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 3);
    }
}
