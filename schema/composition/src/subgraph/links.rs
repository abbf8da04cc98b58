//! The link stage: which specifications a subgraph links, its names for their elements, and the definitions
//! it may leave out.
//!
//! Source: the `link` v1.0 specification; the federation subgraph specification (definitions may be missing,
//! partial or present).

use apollo_compiler::Node;
use apollo_compiler::ast::{Definition, Directive, Document, Value};
use federation::link::{FEDERATION_IDENTITY, Import, LINK_IDENTITY, Link, LinkError, SpecUrl, Version};
use federation::spec::{FederationDirective, LATEST, TypeNames};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::ErrorCode;
use crate::sources::Diagnostics;

/// Features that have a specification of their own beside their place in federation.
const STANDALONE: [FederationDirective; 9] = [
    FederationDirective::Tag,
    FederationDirective::Inaccessible,
    FederationDirective::Authenticated,
    FederationDirective::RequiresScopes,
    FederationDirective::Policy,
    FederationDirective::Cost,
    FederationDirective::ListSize,
    FederationDirective::Context,
    FederationDirective::CacheTag,
];

/// Directives of Federation 2 that a Federation 1 schema may use before it links anything, if it defines them itself.
const ADOPTED: [FederationDirective; 5] = [
    FederationDirective::Shareable,
    FederationDirective::Inaccessible,
    FederationDirective::Override,
    FederationDirective::ComposeDirective,
    FederationDirective::InterfaceObject,
];

/// Where directives are specified by which the router, not a subgraph, fetches fields.
const CONNECT_IDENTITY: &str = "https://specs.apollo.dev/connect";

/// Types that the definitions of those directives mention.
const TYPES: [&str; 4] = ["FieldSet", "Scope", "Policy", "ContextFieldValue"];

/// Types that serve the `_entities` and `_service` fields, and the field set scalar where nothing links it.
const SERVICE_TYPES: [&str; 5] = ["_Any", "_Entity", "_Service", "_FieldSet", "federation__FieldSet"];

/// In the GraphQL working draft, and not built into apollo-compiler yet.
pub(crate) const ONE_OF: &str = "directive @oneOf on INPUT_OBJECT";

/// The links of a subgraph.
pub(crate) struct Links {
    /// Every `@link`, with the directive it was read from.
    pub(crate) all: Vec<(Link, Node<Directive>)>,
    /// The federation version linked; `None` for a Federation 1 schema.
    pub(crate) federation: Option<Version>,
    names: FxHashMap<FederationDirective, String>,
    /// The local name of `@link` itself.
    pub(crate) link_name: String,
    types: TypeNames,
    machinery: FxHashSet<String>,
}

impl Links {
    /// Reads the links of `document`; problems go to `diagnostics`.
    pub(crate) fn read(document: &Document, subgraph: &str, diagnostics: &mut Diagnostics) -> Self {
        let link_name = link_name(document);
        let mut all: Vec<(Link, Node<Directive>)> = Vec::new();
        for directive in schema_directives(document).filter(|directive| directive.name.as_str() == link_name)
        {
            match Link::from_directive(directive) {
                Ok(link) => {
                    check_link(&link, directive, &all, subgraph, diagnostics);
                    all.push((link, directive.clone()));
                }
                Err(error) => diagnostics.error(
                    link_error_code(&error),
                    format!("[{subgraph}] {error}"),
                    [directive.location()],
                ),
            }
        }
        let federation_link =
            all.iter().map(|(link, _)| link).find(|link| link.url.identity == FEDERATION_IDENTITY);
        let federation = federation_link.map(|link| link.url.version.unwrap_or(LATEST));
        let names = directive_names(document, &all, federation_link, federation);
        let types = type_names(federation_link);
        let machinery = machinery_types(&all, &types, &link_name);
        Self { all, federation, names, link_name, types, machinery }
    }

    /// The name this subgraph uses for a federation directive, when it may use it at all.
    pub(crate) fn name(&self, directive: FederationDirective) -> Option<&str> {
        self.names.get(&directive).map(String::as_str)
    }

    /// The federation directive this subgraph calls `name`.
    pub(crate) fn federation_directive(&self, name: &str) -> Option<FederationDirective> {
        self.names.iter().find(|(_, local)| *local == name).map(|(directive, _)| *directive)
    }

    /// Whether the schema links no Federation 2 version.
    pub(crate) fn is_federation_1(&self) -> bool {
        self.federation.is_none()
    }

    /// Whether a type exists for a specification's sake only.
    pub(crate) fn is_machinery_type(&self, name: &str) -> bool {
        self.machinery.contains(name)
    }

    /// Whether federation defines a scalar of this name.
    pub(crate) fn is_federation_scalar(&self, name: &str) -> bool {
        self.scalars().into_iter().any(|known| known == name)
    }

    /// This subgraph's names for federation's scalars.
    fn scalars(&self) -> [&String; 4] {
        let TypeNames { field_set, scope, policy, context_value } = &self.types;
        [field_set, scope, policy, context_value]
    }

    /// The definitions that `document` leaves out, as SDL.
    pub(crate) fn missing_definitions(&self, document: &Document) -> String {
        let mut sdl = String::new();
        let directives: FxHashSet<&str> = document
            .definitions
            .iter()
            .filter_map(|definition| definition.as_directive_definition())
            .map(|definition| definition.name.as_str())
            .collect();
        let types: FxHashSet<&str> = document
            .definitions
            .iter()
            .filter(|definition| definition.as_directive_definition().is_none())
            .filter_map(|definition| definition.name().map(|name| name.as_str()))
            .collect();
        for directive in FederationDirective::ALL {
            let Some(name) = self.name(directive) else { continue };
            if !directives.contains(name) {
                sdl += &self.definition(directive);
            }
        }
        for scalar in self.scalars().into_iter().filter(|name| !types.contains(name.as_str())) {
            sdl += &format!("scalar {scalar}\n");
        }
        if !directives.contains("oneOf") {
            sdl += ONE_OF;
            sdl.push('\n');
        }
        self.missing_link_definitions(&directives, &types, &mut sdl);
        sdl
    }

    fn missing_link_definitions(
        &self,
        directives: &FxHashSet<&str>,
        types: &FxHashSet<&str>,
        sdl: &mut String,
    ) {
        let link = &self.link_name;
        if directives.contains(link.as_str()) {
            return;
        }
        *sdl += &format!(
            "directive @{link}(url: String, as: String, for: {link}__Purpose, import: [{link}__Import]) \
             repeatable on SCHEMA\n"
        );
        if !types.contains(format!("{link}__Purpose").as_str()) {
            *sdl += &format!("enum {link}__Purpose {{ SECURITY EXECUTION }}\n");
        }
        if !types.contains(format!("{link}__Import").as_str()) {
            *sdl += &format!("scalar {link}__Import\n");
        }
    }

    /// The definition this subgraph should have of a directive it may use.
    pub(crate) fn definition(&self, directive: FederationDirective) -> String {
        let name = self.name(directive).unwrap_or(directive.name());
        // What Federation 1 had did not change before v2.1.
        directive.definition(name, &self.types, self.federation.unwrap_or(Version::new(2, 0)))
    }
}

/// All directives on the schema definition and its extensions.
fn schema_directives(document: &Document) -> impl Iterator<Item = &Node<Directive>> {
    document
        .definitions
        .iter()
        .filter(|definition| {
            matches!(definition, Definition::SchemaDefinition(_) | Definition::SchemaExtension(_))
        })
        .flat_map(|definition| definition.directives().iter())
}

/// `@link`, unless the link specification itself was linked under another name.
fn link_name(document: &Document) -> String {
    let url = |directive: &Directive| {
        directive.specified_argument_by_name("url").and_then(|value| value.as_str().map(str::to_owned))
    };
    schema_directives(document)
        .filter(|directive| {
            let identity = url(directive).and_then(|url| SpecUrl::parse(&url)).map(|url| url.identity);
            identity.as_deref() == Some(LINK_IDENTITY)
        })
        .find_map(|directive| match directive.specified_argument_by_name("as").map(|value| &**value) {
            Some(Value::String(alias)) => Some(alias.clone()),
            _ => None,
        })
        .unwrap_or_else(|| "link".to_owned())
}

fn link_error_code(error: &LinkError) -> ErrorCode {
    match error {
        LinkError::InvalidUrl(_) => ErrorCode::InvalidLinkIdentifier,
        LinkError::MissingUrl
        | LinkError::InvalidAlias(_)
        | LinkError::InvalidImport(_)
        | LinkError::ImportKindChanged { .. } => ErrorCode::InvalidLinkDirectiveUsage,
    }
}

/// What can be wrong with a link that reads well: its version, what it imports, and a rival for the same name.
fn check_link(
    link: &Link,
    directive: &Node<Directive>,
    before: &[(Link, Node<Directive>)],
    subgraph: &str,
    diagnostics: &mut Diagnostics,
) {
    let mut report = |code, message: String| {
        diagnostics.error(code, format!("[{subgraph}] {message}"), [directive.location()])
    };
    if before.iter().any(|(other, _)| other.url.identity == link.url.identity) {
        report(ErrorCode::InvalidLinkDirectiveUsage, format!("{} is linked twice", link.url.identity));
    }
    if let Some(problem) = contradictory_import(link) {
        report(ErrorCode::InvalidLinkDirectiveUsage, problem);
    }
    if let Some(problem) = before.iter().find_map(|(other, _)| rivalry(link, other)) {
        report(ErrorCode::InvalidLinkDirectiveUsage, problem);
    }
    match link.url.identity.as_str() {
        identity if link.url.version.is_none() => {
            report(
                ErrorCode::InvalidLinkIdentifier,
                format!("{identity} does not end in a version, such as v2.9"),
            );
        }
        identity if !has_path(identity) => {
            report(ErrorCode::InvalidLinkIdentifier, format!("{} names no specification", link.url));
        }
        FEDERATION_IDENTITY => {
            let version = link.url.version.unwrap_or(LATEST);
            if version < Version::new(2, 0) || version > LATEST {
                report(
                    ErrorCode::UnknownFederationLinkVersion,
                    format!("federation {version} is not known; v2.0 to {LATEST} are"),
                );
            } else if let Some(unknown) = unknown_import(link, version) {
                report(
                    ErrorCode::InvalidLinkDirectiveUsage,
                    format!("federation {version} has no element {unknown} to import"),
                );
            }
        }
        CONNECT_IDENTITY => {
            report(
                ErrorCode::UnsupportedLinkedFeature,
                format!("{} is not supported: every field is to be resolved by a subgraph", link.url),
            );
        }
        LINK_IDENTITY if link.url.version.is_some_and(|version| version != Version::new(1, 0)) => {
            report(ErrorCode::UnknownLinkVersion, format!("{} is not known; v1.0 is", link.url));
        }
        identity => {
            let known = is_known(identity);
            let foreign = |element: &str| match element.strip_prefix('@') {
                Some(name) => FederationDirective::from_name(name)
                    .is_none_or(|directive| specification(directive) != identity && name != "fromContext"),
                None => !TYPES.contains(&element),
            };
            let unknown = link.imports.iter().find(|import| known && foreign(&import.element));
            if let Some(import) = unknown {
                report(
                    ErrorCode::InvalidLinkDirectiveUsage,
                    format!("{} has no element {} to import", link.url, import.element),
                );
            }
        }
    }
}

/// Whether there is anything after the host.
fn has_path(identity: &str) -> bool {
    identity.split_once("://").is_some_and(|(_, rest)| rest.contains('/'))
}

/// Two specifications whose elements would have the same names.
fn rivalry(link: &Link, other: &Link) -> Option<String> {
    if link.url.identity == other.url.identity {
        return None;
    }
    if !link.prefix().is_empty() && link.prefix() == other.prefix() {
        return Some(format!(
            "{} and {} are both called {}: rename one of them with \"as\"",
            link.url,
            other.url,
            link.prefix()
        ));
    }
    let confused = borrowed_import(link, other).map(|import| (import, other));
    if let Some((import, owner)) =
        confused.or_else(|| borrowed_import(other, link).map(|import| (import, link)))
    {
        return Some(format!(
            "{} looks like an element of {}: rename it with \"as\"",
            import.alias, owner.url
        ));
    }
    let imports = link.imports.iter();
    let twice = imports
        .map(|import| &import.alias)
        .find(|alias| other.imports.iter().any(|import| import.alias == **alias))?;
    Some(format!("{twice} is imported from {} already: rename it with \"as\"", other.url))
}

/// An import that has the name which an element of `owner` has without being imported.
fn borrowed_import<'a>(link: &'a Link, owner: &Link) -> Option<&'a Import> {
    link.imports.iter().find(|import| prefixed_element(import, owner).is_some())
}

/// The element of `link` that the import's alias stands for by its prefix.
fn prefixed_element<'a>(import: &'a Import, link: &'a Link) -> Option<&'a str> {
    let local = import.alias.trim_start_matches('@');
    if import.alias.starts_with('@') && local == link.prefix() {
        return link.url.name.as_deref();
    }
    local.split_once("__").filter(|(prefix, _)| *prefix == link.prefix()).map(|(_, element)| element)
}

/// One element under two names, or two elements under one, be it by its prefix.
fn contradictory_import(link: &Link) -> Option<String> {
    let other_element = |import: &&Import| {
        let element = import.element.trim_start_matches('@');
        prefixed_element(import, link).is_some_and(|prefixed| prefixed != element)
    };
    if let Some(import) = link.imports.iter().find(other_element) {
        return Some(format!(
            "{} cannot be imported as {}, which is the prefixed name of another element",
            import.element, import.alias
        ));
    }
    link.imports.iter().enumerate().find_map(|(index, import)| {
        let other = link.imports[..index]
            .iter()
            .find(|other| (other.element == import.element) != (other.alias == import.alias))?;
        Some(format!(
            "{} cannot be imported as {}, because {} is imported as {} already",
            import.element, import.alias, other.element, other.alias
        ))
    })
}

fn unknown_import(link: &Link, version: Version) -> Option<&str> {
    link.imports.iter().map(|import| import.element.as_str()).find(|element| {
        match element.strip_prefix('@') {
            Some(name) => FederationDirective::from_name(name).is_none_or(|known| known.since() > version),
            None => !TYPES.contains(element),
        }
    })
}

fn directive_names(
    document: &Document,
    all: &[(Link, Node<Directive>)],
    federation_link: Option<&Link>,
    version: Option<Version>,
) -> FxHashMap<FederationDirective, String> {
    let mut names = FxHashMap::default();
    match (federation_link, version) {
        (Some(link), Some(version)) => {
            for directive in FederationDirective::ALL.into_iter().filter(|known| known.since() <= version) {
                names.insert(directive, link.directive_name(directive.name()));
            }
        }
        _ => {
            let later = ADOPTED.into_iter().filter(|directive| defines(document, directive.name()));
            for directive in FederationDirective::FEDERATION_1.into_iter().chain(later) {
                names.insert(directive, directive.name().to_owned());
            }
        }
    }
    for directive in STANDALONE {
        let identity = specification(directive);
        if let Some((link, _)) = all.iter().find(|(link, _)| link.url.identity == identity) {
            names.insert(directive, link.directive_name(directive.name()));
        }
    }
    names
}

/// Whether composition knows what the specification's elements mean.
fn is_known(identity: &str) -> bool {
    matches!(identity, FEDERATION_IDENTITY | LINK_IDENTITY)
        || STANDALONE.iter().any(|directive| specification(*directive) == identity)
}

fn defines(document: &Document, directive: &str) -> bool {
    let mut definitions =
        document.definitions.iter().filter_map(|definition| definition.as_directive_definition());
    definitions.any(|definition| definition.name == *directive)
}

/// The identity of the specification that a directive has of its own.
fn specification(directive: FederationDirective) -> String {
    // `@listSize` lives in the cost specification.
    let name = if directive == FederationDirective::ListSize { "cost" } else { directive.name() };
    format!("https://specs.apollo.dev/{name}")
}

fn type_names(federation_link: Option<&Link>) -> TypeNames {
    let name = |element: &str| match federation_link {
        Some(link) => link.type_name(element),
        None if element == "FieldSet" => "_FieldSet".to_owned(),
        None => format!("federation__{element}"),
    };
    TypeNames {
        field_set: name("FieldSet"),
        scope: name("Scope"),
        policy: name("Policy"),
        context_value: name("ContextFieldValue"),
    }
}

fn machinery_types(all: &[(Link, Node<Directive>)], types: &TypeNames, link_name: &str) -> FxHashSet<String> {
    let mut machinery: FxHashSet<String> = SERVICE_TYPES.iter().map(ToString::to_string).collect();
    machinery.extend([
        types.field_set.clone(),
        types.scope.clone(),
        types.policy.clone(),
        types.context_value.clone(),
        format!("{link_name}__Purpose"),
        format!("{link_name}__Import"),
    ]);
    // A type of somebody else's specification is part of the graph like any other.
    for (link, _) in all.iter().filter(|(link, _)| is_known(&link.url.identity)) {
        let imported = link.imports.iter().filter(|import| !import.alias.starts_with('@'));
        machinery.extend(imported.map(|import| import.alias.clone()));
    }
    machinery
}
