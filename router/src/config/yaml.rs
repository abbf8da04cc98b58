//! A YAML file as a flat list of keys and values, each with its line and column: so that every mistake in it can be reported at once.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::{
    error::{ConfigError, Position},
    value::Raw,
};

/// One value of the file.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its key, from the outside in.
    pub(super) path: Vec<String>,
    /// What is written there.
    pub(super) raw: Raw,
    /// Where the key stands.
    pub(super) key_at: Position,
    /// Where the value stands.
    pub(super) value_at: Position,
}

/// Reads `text`, the content of the file `name`, into its entries. Sections that are empty or null have none.
///
/// # Errors
/// The first place where `text` is not YAML, or holds a list of anything but plain values.
pub(super) fn entries(name: &str, text: &str) -> Result<Vec<Entry>, ConfigError> {
    let root: Option<Spanned<Node>> =
        serde_saphyr::from_str(text).map_err(|error| syntax_error(name, &error))?;
    let mut out = Vec::new();
    if let Some(root) = root {
        let start = position(name, root.referenced);
        flatten(name, &mut Vec::new(), root, &start, &mut out)?;
    }
    Ok(out)
}

fn syntax_error(name: &str, error: &serde_saphyr::Error) -> ConfigError {
    let at = error.location().map_or_else(|| Position::start_of(name), |location| position(name, location));
    let words = error.to_string();
    let first_line = words.lines().next().unwrap_or("not valid YAML").to_owned();
    ConfigError::syntax(at, first_line)
}

fn position(name: &str, location: Location) -> Position {
    Position { file: name.to_owned(), line: location.line(), column: location.column() }
}

enum Node {
    Null,
    Scalar(String),
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

fn flatten(
    name: &str,
    path: &mut Vec<String>,
    node: Spanned<Node>,
    key_at: &Position,
    out: &mut Vec<Entry>,
) -> Result<(), ConfigError> {
    let value_at = position(name, node.referenced);
    let raw = match node.value {
        Node::Null => return Ok(()),
        Node::Map(members) => return flatten_members(name, path, members, out),
        Node::Scalar(text) => Raw::Scalar(text),
        Node::List(items) => Raw::List(plain_items(name, items)?),
    };
    out.push(Entry { path: path.clone(), raw, key_at: key_at.clone(), value_at });
    Ok(())
}

fn flatten_members(
    name: &str,
    path: &mut Vec<String>,
    members: Vec<(Spanned<String>, Spanned<Node>)>,
    out: &mut Vec<Entry>,
) -> Result<(), ConfigError> {
    for (key, value) in members {
        let key_at = position(name, key.referenced);
        path.push(key.value);
        flatten(name, path, value, &key_at, out)?;
        path.pop();
    }
    Ok(())
}

fn plain_items(name: &str, items: Vec<Spanned<Node>>) -> Result<Vec<String>, ConfigError> {
    items
        .into_iter()
        .map(|item| match item.value {
            Node::Scalar(text) => Ok(text),
            Node::Null | Node::List(_) | Node::Map(_) => Err(ConfigError::syntax(
                position(name, item.referenced),
                "a list holds plain values only".to_owned(),
            )),
        })
        .collect()
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list or a section")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Node::Map(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_know_where_they_stand() {
        let text = "listen: 127.0.0.1:1\nlimits:\n  deadline: 5s\n  once_per_document: [login, createUser]\nempty:\n";
        let entries = entries("router.yaml", text).unwrap();
        let shown: Vec<String> = entries
            .iter()
            .map(|e| format!("{} {}={} {}", e.key_at, e.path.join("."), e.raw, e.value_at))
            .collect();
        assert_eq!(
            shown,
            [
                "router.yaml:1:1 listen=127.0.0.1:1 router.yaml:1:9",
                "router.yaml:3:3 limits.deadline=5s router.yaml:3:13",
                "router.yaml:4:3 limits.once_per_document=[login, createUser] router.yaml:4:22",
            ]
        );
    }

    #[test]
    fn what_is_not_yaml_is_refused_with_its_place() {
        let error = entries("router.yaml", "a: 1\nb: [1, 2\n").unwrap_err();
        assert!(error.to_string().starts_with("router.yaml:"), "{error}");
    }

    #[test]
    fn an_empty_file_has_no_entries() {
        assert!(entries("router.yaml", "").unwrap().is_empty());
        assert!(entries("router.yaml", "# nothing yet\n").unwrap().is_empty());
    }
}
