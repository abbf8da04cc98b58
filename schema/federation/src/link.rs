//! `@link`: which specifications a schema uses, and under which names their elements appear in it.
//!
//! Pure name arithmetic; whether a linked feature is supported is for composition to say.
//! Source: the `link` v1.0 specification (urls, default prefixes, imports).

use std::fmt;

use apollo_compiler::ast::{Directive, Value};

/// The identity of the federation specification.
pub const FEDERATION_IDENTITY: &str = "https://specs.apollo.dev/federation";
/// The identity of the `link` specification itself.
pub const LINK_IDENTITY: &str = "https://specs.apollo.dev/link";
/// The identity of the `join` specification, which describes supergraphs.
pub const JOIN_IDENTITY: &str = "https://specs.apollo.dev/join";

/// A specification version, `v2.9` in a url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Versions with different majors are not compatible.
    pub major: u32,
    /// A higher minor only adds.
    pub minor: u32,
}

impl Version {
    /// `Version::new(2, 9)` is `v2.9`.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Reads `v2.9`.
    fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.strip_prefix('v')?.split_once('.')?;
        Some(Self { major: major.parse().ok()?, minor: minor.parse().ok()? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}", self.major, self.minor)
    }
}

/// The url of a specification, taken apart: `https://specs.apollo.dev` / `federation` / `v2.9`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SpecUrl {
    /// The url without its version: two links with the same identity mean the same specification.
    pub identity: String,
    /// The last path segment before the version, when it can serve as a GraphQL name.
    pub name: Option<String>,
    /// The version, when the url ends in one.
    pub version: Option<Version>,
}

impl SpecUrl {
    /// Takes a url apart; query, fragment and a trailing slash carry no meaning.
    pub fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let rest = rest.split(['?', '#']).next()?.trim_end_matches('/');
        if scheme.is_empty() || rest.is_empty() {
            return None;
        }
        let mut segments: Vec<&str> = rest.split('/').collect();
        let version = segments.last().and_then(|last| Version::parse(last));
        if version.is_some() {
            segments.pop();
        }
        let name = if segments.len() > 1 { segments.last().filter(|name| is_spec_name(name)) } else { None };
        Some(Self {
            name: name.map(ToString::to_string),
            identity: format!("{scheme}://{}", segments.join("/")),
            version,
        })
    }
}

impl fmt::Display for SpecUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            Some(version) => write!(f, "{}/{version}", self.identity),
            None => f.write_str(&self.identity),
        }
    }
}

/// A spec name may prefix GraphQL names, so it must not contain or end in the separator itself.
fn is_spec_name(name: &str) -> bool {
    apollo_compiler::Name::is_valid_syntax(name)
        && !name.contains("__")
        && !name.starts_with('_')
        && !name.ends_with('_')
}

/// One imported element: `"@key"` or `{ name: "@key", as: "@primaryKey" }`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Import {
    /// The name in the specification, with `@` for a directive.
    pub element: String,
    /// The name in this schema, with `@` for a directive.
    pub alias: String,
}

/// One `@link` of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The specification linked to.
    pub url: SpecUrl,
    /// The explicit prefix of the `as` argument.
    pub alias: Option<String>,
    /// The elements imported by name.
    pub imports: Vec<Import>,
    /// `SECURITY` or `EXECUTION`, the `for` argument.
    pub purpose: Option<String>,
}

/// What is wrong with one `@link` application.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// There is no `url` argument, or it is not a string.
    #[error("@link needs a url")]
    MissingUrl,
    /// The url has no scheme or no host.
    #[error("\"{0}\" is not a specification url")]
    InvalidUrl(String),
    /// `as` is not usable as a prefix of names.
    #[error("\"{0}\" cannot be used as the name of a linked specification")]
    InvalidAlias(String),
    /// An element of `import` is neither a string nor `{ name, as }`.
    #[error("{0} is not an import: expected a name or {{ name, as }}")]
    InvalidImport(String),
    /// A directive was renamed to a type or the other way round.
    #[error("{element} cannot be imported as {alias}: either both start with \"@\", or none does")]
    ImportKindChanged {
        /// The name in the specification.
        element: String,
        /// The name asked for.
        alias: String,
    },
}

impl Link {
    /// Reads one application of `@link`.
    ///
    /// # Errors
    /// [`LinkError`] says which argument is unusable.
    pub fn from_directive(directive: &Directive) -> Result<Self, LinkError> {
        let text = |name| directive.specified_argument_by_name(name).and_then(|value| value.as_str());
        let url = text("url").ok_or(LinkError::MissingUrl)?;
        let parsed = SpecUrl::parse(url).ok_or_else(|| LinkError::InvalidUrl(url.to_owned()))?;
        let alias = text("as").map(str::to_owned);
        if let Some(alias) = alias.as_deref().filter(|alias| !is_spec_name(alias)) {
            return Err(LinkError::InvalidAlias(alias.to_owned()));
        }
        let purpose = directive.specified_argument_by_name("for").and_then(|value| value.as_enum());
        let imports = match directive.specified_argument_by_name("import").map(|value| &**value) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::List(items)) => {
                items.iter().map(|item| Import::from_value(item)).collect::<Result<_, _>>()?
            }
            Some(other) => return Err(LinkError::InvalidImport(other.to_string())),
        };
        Ok(Self { url: parsed, alias, imports, purpose: purpose.map(ToString::to_string) })
    }

    /// The prefix of elements that were not imported.
    pub fn prefix(&self) -> &str {
        self.alias.as_deref().or(self.url.name.as_deref()).unwrap_or_default()
    }

    /// The local name of directive `element` (given without `@`).
    pub fn directive_name(&self, element: &str) -> String {
        let imported = self.imports.iter().find(|import| import.element.strip_prefix('@') == Some(element));
        match imported {
            Some(import) => import.alias.trim_start_matches('@').to_owned(),
            // The directive a specification is named after carries the bare name.
            None if self.url.name.as_deref() == Some(element) => self.prefix().to_owned(),
            None => format!("{}__{element}", self.prefix()),
        }
    }

    /// The local name of type `element`.
    pub fn type_name(&self, element: &str) -> String {
        let imported = self.imports.iter().find(|import| import.element == element);
        imported.map_or_else(|| format!("{}__{element}", self.prefix()), |import| import.alias.clone())
    }

    /// The name that directive `local` (without `@`) of the schema has in this specification.
    pub fn directive_element(&self, local: &str) -> Option<String> {
        let imported = self.imports.iter().find(|import| import.alias.strip_prefix('@') == Some(local));
        if let Some(import) = imported {
            return Some(import.element.trim_start_matches('@').to_owned());
        }
        let prefix = self.prefix();
        if prefix.is_empty() {
            return None;
        }
        if local == prefix {
            return self.url.name.clone();
        }
        local.strip_prefix(prefix)?.strip_prefix("__").map(str::to_owned)
    }
}

impl Import {
    fn from_value(value: &Value) -> Result<Self, LinkError> {
        let invalid = || LinkError::InvalidImport(value.serialize().no_indent().to_string());
        let (element, alias) = match value {
            Value::String(name) => (name.clone(), name.clone()),
            Value::Object(entries) => {
                let get = |key: &str| {
                    entries.iter().find(|(name, _)| name == key).and_then(|(_, value)| value.as_str())
                };
                if entries.iter().any(|(key, _)| !matches!(key.as_str(), "name" | "as")) {
                    return Err(invalid());
                }
                let element = get("name").ok_or_else(invalid)?.to_owned();
                let alias = get("as").map_or_else(|| element.clone(), str::to_owned);
                (element, alias)
            }
            _ => return Err(invalid()),
        };
        if element.starts_with('@') != alias.starts_with('@') {
            return Err(LinkError::ImportKindChanged { element, alias });
        }
        Ok(Self { element, alias })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(arguments: &str) -> Result<Link, LinkError> {
        let document = apollo_compiler::ast::Document::parse(
            format!("extend schema @link({arguments})"),
            "link.graphql",
        )
        .unwrap();
        Link::from_directive(&document.definitions[0].directives()[0])
    }

    #[test]
    fn a_url_is_identity_name_and_version() {
        let url = SpecUrl::parse("https://specs.apollo.dev/federation/v2.9/?a=b#c").unwrap();
        assert_eq!(url.identity, FEDERATION_IDENTITY);
        assert_eq!(url.name.as_deref(), Some("federation"));
        assert_eq!(url.version, Some(Version::new(2, 9)));
        assert_eq!(url.to_string(), "https://specs.apollo.dev/federation/v2.9");
        assert_eq!(SpecUrl::parse("not a url"), None);
    }

    #[test]
    fn elements_are_imported_renamed_or_prefixed() {
        let link = link(
            r#"url: "https://specs.apollo.dev/federation/v2.0", as: "fed",
               import: ["@key", { name: "@shareable", as: "@shared" }]"#,
        )
        .unwrap();
        assert_eq!(link.directive_name("key"), "key");
        assert_eq!(link.directive_name("shareable"), "shared");
        assert_eq!(link.directive_name("external"), "fed__external");
        assert_eq!(link.type_name("FieldSet"), "fed__FieldSet");
        assert_eq!(link.directive_element("shared").as_deref(), Some("shareable"));
        assert_eq!(link.directive_element("fed__external").as_deref(), Some("external"));
        assert_eq!(link.directive_element("other"), None);
    }

    #[test]
    fn the_directive_a_spec_is_named_after_needs_no_prefix() {
        let link = link(r#"url: "https://specs.apollo.dev/tag/v0.3""#).unwrap();
        assert_eq!(link.directive_name("tag"), "tag");
    }

    #[test]
    fn a_directive_cannot_become_a_type() {
        let error =
            link(r#"url: "https://specs.apollo.dev/federation/v2.0", import: [{ name: "@key", as: "Key" }]"#)
                .unwrap_err();
        assert!(matches!(error, LinkError::ImportKindChanged { .. }));
    }
}
