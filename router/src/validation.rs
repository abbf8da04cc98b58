//! What the validator says of a document, without what only follows from something else that it says.

use apollo_compiler::{
    diagnostic::{Diagnostic, ToCliReport},
    validation::{DiagnosticData, DiagnosticList},
};

/// The errors that tell a client what to change, in the order of their places.
pub fn telling(errors: &DiagnosticList) -> impl Iterator<Item = Diagnostic<'_, DiagnosticData>> {
    errors.iter().filter(|error| !is_follow_up(error))
}

/// The validator drops an unknown field, and then says that the field around it has no selection set, although one is written there.
fn is_follow_up(error: &Diagnostic<'_, DiagnosticData>) -> bool {
    error.error.unstable_error_name() == Some("MissingSubselection") && ends_with_brace(error)
}

fn ends_with_brace(error: &Diagnostic<'_, DiagnosticData>) -> bool {
    let Some(place) = error.error.location() else { return false };
    let Some(source) = error.sources.get(&place.file_id()) else { return false };
    source.source_text().get(..place.end_offset()).is_some_and(|text| text.ends_with('}'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use apollo_compiler::{ExecutableDocument, Schema};

    fn messages(document: &str) -> Vec<String> {
        let schema = "type Query { event(id: ID!): Event } type Event { title: String host: Event }";
        let schema = Schema::parse_and_validate(schema, "s.graphql").unwrap();
        let invalid = ExecutableDocument::parse_and_validate(&schema, document, "o.graphql").unwrap_err();
        telling(&invalid.errors).map(|error| error.error.to_string()).collect()
    }

    #[test]
    fn an_unknown_field_is_one_error_though_nothing_else_is_selected() {
        let unknown = "type `Event` does not have a field `foo`";
        for document in
            ["{ event(id: 1) { foo } }", "{ event(id: 1) { host @skip(if: true) { foo } title } }"]
        {
            assert_eq!(messages(document), [unknown], "{document}");
        }
    }

    #[test]
    fn a_missing_selection_set_is_told() {
        let missing = "interface, union and object types must have a subselection set";
        assert_eq!(messages("{ event(id: 1) }"), [missing]);
        assert_eq!(messages("{ event(id: 1) { title host @skip(if: true) } }"), [missing]);
        assert_eq!(messages("{ event(id: 1) { foo host } }").len(), 2);
    }
}
