//! The plan for people and for tools: nested text, and JSON.

use crate::plan::{
    ContextSource, ContextVariable, EntityTarget, Fetch, PathElement, QueryPlan, Representation,
    RepresentationField, Target,
};
use apollo_compiler::Name;
use serde_json::{Value, json};
use std::fmt::{self, Display, Formatter, Write};

impl QueryPlan {
    /// How many requests must follow one another.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.rounds().into_iter().max().map_or(0, |last| last + 1)
    }

    /// For every fetch, how many others must come before it, one after the other.
    fn rounds(&self) -> Vec<usize> {
        let mut rounds: Vec<usize> = Vec::with_capacity(self.fetches.len());
        for fetch in &self.fetches {
            rounds.push(fetch.after.iter().map(|&before| rounds[before] + 1).max().unwrap_or(0));
        }
        rounds
    }

    /// The plan as JSON: the fetches with their dependencies.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "depth": self.depth(),
            "fetches": self.fetches.iter().enumerate().map(|(id, fetch)| json!({
                "id": id,
                "subgraph": fetch.subgraph_name,
                "after": fetch.after,
                "operation": fetch.document,
                "variables": fetch.variables.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "targets": fetch.targets.iter().map(target_json).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
        })
    }
}

fn target_json(target: &Target) -> Value {
    match target {
        Target::Root { path, .. } => json!({ "path": path_text(path) }),
        Target::Entities(entities) => {
            let mut target = json!({
                "path": path_text(&entities.path),
                "representations": entities.representations.iter().map(representation_text).collect::<Vec<_>>(),
            });
            if entities.contexts.is_some() {
                let contexts = contexts(entities).map(|context| context_text(entities, context));
                target["contexts"] = contexts.collect();
            }
            target
        }
    }
}

/// Rounds one after the other; within a round everything at once.
impl Display for QueryPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let rounds = self.rounds();
        let last = rounds.iter().max().copied();
        f.write_str("QueryPlan {\n")?;
        let sequence = last.is_some_and(|last| last > 0);
        let mut out = Indented { f, depth: 1 };
        if sequence {
            out.open("Sequence")?;
        }
        for round in last.map(|last| 0..=last).into_iter().flatten() {
            let fetches: Vec<usize> = (0..self.fetches.len()).filter(|&id| rounds[id] == round).collect();
            if fetches.len() > 1 {
                out.open("Parallel")?;
            }
            for &id in &fetches {
                fetch_text(&mut out, id, &self.fetches[id])?;
            }
            if fetches.len() > 1 {
                out.close()?;
            }
        }
        if sequence {
            out.close()?;
        }
        f.write_str("}\n")
    }
}

fn fetch_text(out: &mut Indented<'_, '_>, id: usize, fetch: &Fetch) -> fmt::Result {
    let after: Vec<String> = fetch.after.iter().map(ToString::to_string).collect();
    let after = if after.is_empty() { String::new() } else { format!(", after: {}", after.join(" ")) };
    out.open(&format!("Fetch(id: {id}, service: \"{}\"{after})", fetch.subgraph_name))?;
    for target in &fetch.targets {
        match target {
            Target::Root { path, .. } if path.is_empty() => {}
            Target::Root { path, .. } => out.line(&format!("Flatten(path: \"{}\")", path_text(path)))?,
            Target::Entities(entities) => entities_text(out, entities)?,
        }
    }
    out.line(&fetch.document)?;
    out.close()
}

fn entities_text(out: &mut Indented<'_, '_>, entities: &EntityTarget) -> fmt::Result {
    let representations: Vec<String> = entities.representations.iter().map(representation_text).collect();
    out.line(&format!("Flatten(path: \"{}\") {}", path_text(&entities.path), representations.join(" ")))?;
    contexts(entities).try_for_each(|context| out.line(&context_text(entities, context)))
}

fn contexts(entities: &EntityTarget) -> impl Iterator<Item = &ContextVariable> {
    entities.contexts.iter().flat_map(|contexts| &contexts.variables)
}

fn context_text(entities: &EntityTarget, context: &ContextVariable) -> String {
    let source = |source: &ContextSource| {
        format!("\"{}\" {}", path_text(&entities.path[..source.steps]), source_text(source))
    };
    let sources: Vec<String> = context.sources.iter().map(source).collect();
    format!("Context(${}: {}) {}", context.variable, context.ty, sources.join(" or "))
}

fn source_text(source: &ContextSource) -> String {
    let field = |field: &RepresentationField| {
        format!("{}{}", on_text(&field.on_types), fields_text(std::slice::from_ref(field)))
    };
    let mut values: Vec<String> = source.fields.iter().map(field).collect();
    let is_named = |ty: &&Name| source.fields.iter().any(|field| field.on_types.contains(ty));
    let unnamed: Vec<Name> = source.runtime_types.iter().filter(|ty| !is_named(ty)).cloned().collect();
    if values.is_empty() || !unnamed.is_empty() {
        values.push(format!("{}null", on_text(&unnamed)));
    }
    values.join(" ")
}

fn representation_text(representation: &Representation) -> String {
    let on = on_text(&representation.runtime_types);
    let typename = representation.typename.as_ref().map_or("*", |name| name.as_str());
    format!("{on}=> {typename} {}", fields_text(&representation.fields))
}

fn on_text(types: &[Name]) -> String {
    let types: Vec<&str> = types.iter().map(|name| name.as_str()).collect();
    if types.is_empty() { String::new() } else { format!("on {} ", types.join("|")) }
}

fn fields_text(fields: &[RepresentationField]) -> String {
    let mut text = String::from("{");
    for field in fields {
        // Writing to a string cannot fail.
        let _ = write!(text, " {}", field.name);
        if field.key != field.name {
            let _ = write!(text, "<{}", field.key);
        }
        if !field.selection.is_empty() {
            let _ = write!(text, " {}", fields_text(&field.selection));
        }
    }
    text.push_str(" }");
    text
}

fn path_text(path: &[PathElement]) -> String {
    let mut text = String::new();
    for element in path {
        match element {
            PathElement::Key(key) if text.is_empty() => text.push_str(key),
            PathElement::Key(key) => {
                let _ = write!(text, ".{key}");
            }
            PathElement::Each => text.push_str(".@"),
            PathElement::OnTypes(types) => {
                let _ = write!(text, "|[{}]", types.join("|"));
            }
        }
    }
    text
}

struct Indented<'a, 'f> {
    f: &'a mut Formatter<'f>,
    depth: usize,
}

impl Indented<'_, '_> {
    fn line(&mut self, text: &str) -> fmt::Result {
        writeln!(self.f, "{:indent$}{text}", "", indent = self.depth * 2)
    }

    fn open(&mut self, text: &str) -> fmt::Result {
        self.line(&format!("{text} {{"))?;
        self.depth += 1;
        Ok(())
    }

    fn close(&mut self) -> fmt::Result {
        self.depth -= 1;
        self.line("}")
    }
}
