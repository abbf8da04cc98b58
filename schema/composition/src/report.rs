//! Composition errors for people, in the shape of a compiler's, and for machines, as JSON.

use std::fmt::Write as _;

use crate::{CompositionErrors, ErrorCode, SourceLocation, SubgraphInput};

/// Renders every error with its source lines, carets and, where there is one, a way out.
///
/// `subgraphs` are the inputs that failed to compose: the source lines come from them.
pub fn human(errors: &CompositionErrors, subgraphs: &[SubgraphInput]) -> String {
    let mut out = String::new();
    for error in &errors.0 {
        let mut message = error.message.lines();
        let _ = writeln!(out, "error[{}]: {}", error.code, message.next().unwrap_or_default());
        for line in message {
            let _ = writeln!(out, "  {line}");
        }
        for location in &error.locations {
            write_location(&mut out, location, subgraphs);
        }
        if let Some(help) = help(error.code) {
            let _ = writeln!(out, "  help: {help}");
        }
        out.push('\n');
    }
    let count = errors.0.len();
    let _ =
        writeln!(out, "{count} error{} kept the subgraphs from composing", if count == 1 { "" } else { "s" });
    out
}

fn write_location(out: &mut String, location: &SourceLocation, subgraphs: &[SubgraphInput]) {
    let SourceLocation { subgraph, file, line, column } = location;
    let _ = writeln!(out, "  --> {file}:{line}:{column} (subgraph {subgraph})");
    let source = subgraphs.iter().find(|input| &input.name == subgraph);
    let Some(text) = source.and_then(|input| input.sdl.lines().nth(line - 1)) else { return };
    let number = line.to_string();
    let _ = writeln!(out, "  {number} | {}", text.replace('\t', " "));
    let _ = writeln!(out, "  {} | {}^", " ".repeat(number.len()), " ".repeat(column.saturating_sub(1)));
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
    use crate::CompositionError;

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
}
