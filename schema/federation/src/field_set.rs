//! Field sets: the `fields` strings of `@key`, `@requires`, `@provides` and the join directives.
//!
//! Only syntax here; whether the fields exist is for whoever knows the type.
//! Source: the federation subgraph specification, scalar `FieldSet`.

use apollo_compiler::Node;
use apollo_compiler::ast::{Definition, Document, Field, Selection};

/// A parsed field set, such as `id owner { id }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldSet {
    /// The string as written: it is what a supergraph repeats.
    pub text: String,
    /// The selections it stands for.
    pub selections: Vec<Selection>,
}

/// The string is not a field set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FieldSetError {
    /// The first thing the parser did not understand.
    pub message: String,
}

impl FieldSet {
    /// Parses `text`, which may but need not be wrapped in braces.
    ///
    /// # Errors
    /// [`FieldSetError`] for a syntax error or an empty set.
    pub fn parse(text: &str) -> Result<Self, FieldSetError> {
        let trimmed = text.trim();
        let wrapped = if trimmed.starts_with('{') { trimmed.to_owned() } else { format!("{{ {trimmed} }}") };
        let document = Document::parse(wrapped, "fields").map_err(|failure| FieldSetError {
            message: failure.errors.iter().next().map_or_else(String::new, |error| error.error.to_string()),
        })?;
        match document.definitions.as_slice() {
            [Definition::OperationDefinition(operation)] if !operation.selection_set.is_empty() => {
                Ok(Self { text: text.to_owned(), selections: operation.selection_set.clone() })
            }
            _ => Err(FieldSetError { message: "expected a selection of fields".to_owned() }),
        }
    }

    /// Calls `visit` for every field, outer before inner.
    pub fn each_field(&self, mut visit: impl FnMut(&Node<Field>)) {
        fn walk(selections: &[Selection], visit: &mut impl FnMut(&Node<Field>)) {
            for selection in selections {
                match selection {
                    Selection::Field(field) => {
                        visit(field);
                        walk(&field.selection_set, visit);
                    }
                    Selection::InlineFragment(fragment) => walk(&fragment.selection_set, visit),
                    Selection::FragmentSpread(_) => {}
                }
            }
        }
        walk(&self.selections, &mut visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_fields_and_fragments_are_kept() {
        let set = FieldSet::parse("id owner { ... on User { name(short: true) } }").unwrap();
        let mut names = Vec::new();
        set.each_field(|field| names.push(field.name.to_string()));
        assert_eq!(names, ["id", "owner", "name"]);
        assert_eq!(set.text, "id owner { ... on User { name(short: true) } }");
    }

    #[test]
    fn what_is_not_a_selection_is_refused() {
        for text in ["", "id {", "}", "id, 3"] {
            assert!(FieldSet::parse(text).is_err(), "{text}");
        }
    }
}
