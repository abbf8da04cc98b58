//! Which subgraphs to compose: `supergraph.yaml` or a JSON list. Parsing only; files are read by the caller.
//!
//! ```yaml
//! subgraphs:
//!   event:
//!     routing_url: http://127.0.0.1:8102/graphql
//!     schema:
//!       file: subgraphs/event.graphql     # or  sdl: "type Query { … }"
//! ```

use std::path::Path;

use indexmap::IndexMap;
use serde::Deserialize;

use crate::SubgraphInput;

/// Why a list of subgraphs could not be loaded; every reason found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The text is neither the YAML nor the JSON form.
    #[error("cannot read the list of subgraphs: {0}")]
    Syntax(String),
    /// A schema file could not be read.
    #[error("subgraph {subgraph}: cannot read {file}: {reason}")]
    File {
        /// The subgraph the file belongs to.
        subgraph: String,
        /// The path as written.
        file: String,
        /// What the reader said.
        reason: String,
    },
    /// A subgraph's `schema` has neither `file` nor `sdl`, or both.
    #[error("subgraph {subgraph}: schema needs either `file` or `sdl`")]
    Schema {
        /// The subgraph in question.
        subgraph: String,
    },
    /// There is nothing to compose.
    #[error("the list of subgraphs is empty")]
    Empty,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SupergraphFile {
    /// Accepted because other tools write it; one version of composition is all there is.
    #[serde(default, rename = "federation_version")]
    _federation_version: Option<serde_json::Value>,
    subgraphs: IndexMap<String, SubgraphEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubgraphEntry {
    #[serde(default)]
    routing_url: String,
    schema: SchemaEntry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaEntry {
    file: Option<String>,
    sdl: Option<String>,
}

#[derive(Deserialize)]
struct ListedSubgraph {
    name: String,
    #[serde(default)]
    url: String,
    sdl: String,
}

/// Loads a list of subgraphs from the text of a `supergraph.yaml` or of a JSON list `[{"name","url","sdl"}]`.
///
/// `read` gets each file name as written; relative names are relative to whatever the caller decides.
///
/// # Errors
/// Every [`ConfigError`] found.
pub fn load(
    text: &str,
    mut read: impl FnMut(&Path) -> Result<String, String>,
) -> Result<Vec<SubgraphInput>, Vec<ConfigError>> {
    let inputs = if text.trim_start().starts_with('[') {
        from_json(text).map_err(|error| vec![error])?
    } else {
        from_yaml(text, &mut read)?
    };
    if inputs.is_empty() { Err(vec![ConfigError::Empty]) } else { Ok(inputs) }
}

fn from_json(text: &str) -> Result<Vec<SubgraphInput>, ConfigError> {
    let listed: Vec<ListedSubgraph> =
        serde_json::from_str(text).map_err(|error| ConfigError::Syntax(error.to_string()))?;
    Ok(listed
        .into_iter()
        .map(|ListedSubgraph { name, url, sdl }| SubgraphInput { name, url, sdl, source: None })
        .collect())
}

fn from_yaml(
    text: &str,
    read: &mut impl FnMut(&Path) -> Result<String, String>,
) -> Result<Vec<SubgraphInput>, Vec<ConfigError>> {
    let file: SupergraphFile =
        serde_saphyr::from_str(text).map_err(|error| vec![ConfigError::Syntax(error.to_string())])?;
    let mut inputs = Vec::new();
    let mut errors = Vec::new();
    for (name, entry) in file.subgraphs {
        match read_schema(&name, entry.schema, read) {
            Ok((sdl, source)) => inputs.push(SubgraphInput { name, url: entry.routing_url, sdl, source }),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(inputs) } else { Err(errors) }
}

fn read_schema(
    subgraph: &str,
    schema: SchemaEntry,
    read: &mut impl FnMut(&Path) -> Result<String, String>,
) -> Result<(String, Option<String>), ConfigError> {
    match (schema.file, schema.sdl) {
        (None, Some(sdl)) => Ok((sdl, None)),
        (Some(file), None) => match read(Path::new(&file)) {
            Ok(sdl) => Ok((sdl, Some(file))),
            Err(reason) => Err(ConfigError::File { subgraph: subgraph.to_owned(), file, reason }),
        },
        _ => Err(ConfigError::Schema { subgraph: subgraph.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_names_urls_and_files() {
        let text = "subgraphs:\n  event:\n    routing_url: http://event/graphql\n    schema:\n      file: event.graphql\n  user:\n    routing_url: http://user/graphql\n    schema: { sdl: \"type Query { me: Int }\" }\n";
        let inputs = load(text, |path| Ok(format!("# {}", path.display()))).unwrap();
        assert_eq!(inputs[0].name, "event");
        assert_eq!(inputs[0].url, "http://event/graphql");
        assert_eq!(inputs[0].sdl, "# event.graphql");
        assert_eq!(inputs[0].source.as_deref(), Some("event.graphql"));
        assert_eq!(inputs[1].sdl, "type Query { me: Int }");
    }

    #[test]
    fn json_carries_the_sdl_itself() {
        let inputs = load(r#"[{"name":"a","url":"http://a","sdl":"type Query { a: Int }"}]"#, |_| {
            Err("nothing to read".into())
        })
        .unwrap();
        assert_eq!(inputs[0].name, "a");
        assert_eq!(inputs[0].source, None);
    }

    #[test]
    fn every_missing_file_is_reported() {
        let text = "subgraphs:\n  a: { routing_url: u, schema: { file: a.graphql } }\n  b: { routing_url: u, schema: { file: b.graphql } }\n  c: { routing_url: u, schema: {} }\n";
        let errors = load(text, |_| Err("not found".into())).unwrap_err();
        assert_eq!(errors.len(), 3);
        assert_eq!(errors[0].to_string(), "subgraph a: cannot read a.graphql: not found");
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let errors = load("subgraphs: {}\nsubgraph: 1\n", |_| Err(String::new())).unwrap_err();
        assert!(matches!(errors[0], ConfigError::Syntax(_)));
    }
}
