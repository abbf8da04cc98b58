//! What an operation costs that a router has not seen before: it parses, validates and plans it. Each is the same work under another response
//! key, so that nothing that was remembered of the one before helps.

use std::time::Duration;

use apollo_compiler::ast::{Definition, Document, Selection};
use apollo_compiler::{Name, Node};
use bytes::Bytes;
use serde_json::json;

use super::Contender;
use super::http::{Connection, cut};
use crate::failure::{Context, Failure, Result};

/// How many unseen operations are asked, and as many known ones to compare with.
const OPERATIONS: u32 = 400;

/// An operation in as many variants as one likes.
pub(super) struct Unseen {
    document: Document,
    variables: serde_json::Value,
    key: Name,
}

impl Unseen {
    /// `None` when the operation does not begin with a plain field.
    pub(super) fn of(operation: &str, variables: &str) -> Option<Self> {
        let mut document = Document::parse(operation, "operation.graphql").ok()?;
        let key = first_field(&mut document)?.response_name().clone();
        Some(Self { document, variables: serde_json::from_str(variables).ok()?, key })
    }

    /// A request that nobody has sent yet, and its first response key.
    fn request(&self, number: u32) -> Result<(Bytes, Name)> {
        let mut document = self.document.clone();
        let key = Name::new(&format!("{}_{number}", self.key)).context("a name")?;
        if let Some(field) = first_field(&mut document) {
            field.alias = Some(key.clone());
        }
        let request = json!({ "query": document.to_string(), "variables": self.variables });
        Ok((Bytes::from(request.to_string()), key))
    }

    /// The CPU time that a contender needs for an operation because it is unseen.
    pub(super) async fn cost(&self, contender: &Contender) -> Result<Duration> {
        let known = self.cpu(contender, |_| Ok((contender.work.body.clone(), self.key.clone()))).await?;
        let unseen = self.cpu(contender, |number| self.request(number)).await?;
        Ok(unseen.saturating_sub(known) / OPERATIONS)
    }

    async fn cpu(
        &self,
        contender: &Contender,
        request: impl Fn(u32) -> Result<(Bytes, Name)>,
    ) -> Result<Duration> {
        let expected = String::from_utf8_lossy(&contender.work.expected);
        let mut connection = Connection::open(contender.address).await?;
        let before = contender.process.usage().cpu;
        for number in 0..OPERATIONS {
            let (body, key) = request(number)?;
            let answer = connection.post("/graphql", body).await.context(&contender.name)?;
            let expected = expected.replacen(&format!("\"{}\":", self.key), &format!("\"{key}\":"), 1);
            if answer != expected {
                return Err(Failure::new(format!("{} answers wrongly: {}", contender.name, cut(&answer))));
            }
        }
        Ok(contender.process.usage().cpu.saturating_sub(before))
    }
}

fn first_field(document: &mut Document) -> Option<&mut apollo_compiler::ast::Field> {
    let operation = document.definitions.iter_mut().find_map(|definition| match definition {
        Definition::OperationDefinition(operation) => Some(operation.make_mut()),
        _ => None,
    })?;
    match operation.selection_set.first_mut()? {
        Selection::Field(field) => Some(Node::make_mut(field)),
        Selection::FragmentSpread(_) | Selection::InlineFragment(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_another_and_only_its_first_key_is() {
        let unseen = Unseen::of("query Q { users { id } me: user { id } }", "{}").expect("a field");
        let (one, key) = unseen.request(7).expect("a request");
        assert_eq!(key, "users_7");
        let one = String::from_utf8(one.to_vec()).expect("UTF-8");
        assert!(one.contains("users_7: users {") && one.contains("me: user {"), "{one}");
        assert_ne!(one.as_bytes(), unseen.request(8).expect("a request").0);
        assert!(Unseen::of("{ ...F } fragment F on Query { a }", "{}").is_none());
    }
}
