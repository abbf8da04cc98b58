//! From parsed nodes back to subgraph, file, line and column.

use apollo_compiler::Name;
use apollo_compiler::parser::{FileId, SourceFile, SourceSpan};
use apollo_compiler::schema::Schema;
use rustc_hash::FxHashMap;
use std::sync::Arc;

use crate::{CompositionError, ErrorCode, Hint, HintCode, SourceLocation, SubgraphInput};

/// The SDL files of all subgraphs, and the errors and hints that point into them.
#[derive(Default)]
pub(crate) struct Diagnostics {
    files: FxHashMap<FileId, KnownFile>,
    /// Every error so far.
    pub(crate) errors: Vec<CompositionError>,
    /// Every hint so far.
    pub(crate) hints: Vec<Hint>,
}

struct KnownFile {
    subgraph: String,
    name: String,
    source: Arc<SourceFile>,
}

impl Diagnostics {
    /// Remembers which file `input` was parsed as, among the sources of its document.
    pub(crate) fn register(
        &mut self,
        input: &SubgraphInput,
        sources: &apollo_compiler::parser::SourceMap,
        path: &str,
    ) {
        for (id, source) in sources.iter() {
            if source.path().to_str() == Some(path) {
                let known =
                    KnownFile { subgraph: input.name.clone(), name: path.to_owned(), source: source.clone() };
                self.files.insert(*id, known);
            }
        }
    }

    /// The place of `span`, unless composition made the node up itself.
    pub(crate) fn locate(&self, span: Option<SourceSpan>) -> Option<SourceLocation> {
        let span = span?;
        let file = self.files.get(&span.file_id())?;
        let place = file.source.get_line_column(span.offset())?;
        Some(SourceLocation {
            subgraph: file.subgraph.clone(),
            file: file.name.clone(),
            line: place.line,
            column: place.column,
        })
    }

    fn locate_all(&self, spans: impl IntoIterator<Item = Option<SourceSpan>>) -> Vec<SourceLocation> {
        let mut locations: Vec<SourceLocation> =
            spans.into_iter().filter_map(|span| self.locate(span)).collect();
        let mut seen = rustc_hash::FxHashSet::default();
        locations.retain(|location| seen.insert(location.clone()));
        locations
    }

    /// Records an error at `spans`.
    pub(crate) fn error(
        &mut self,
        code: ErrorCode,
        message: impl Into<String>,
        spans: impl IntoIterator<Item = Option<SourceSpan>>,
    ) {
        let locations = self.locate_all(spans);
        self.errors.push(CompositionError { code, message: message.into(), locations });
    }

    /// Records a hint at `spans`.
    pub(crate) fn hint(
        &mut self,
        code: HintCode,
        message: impl Into<String>,
        spans: impl IntoIterator<Item = Option<SourceSpan>>,
    ) {
        let locations = self.locate_all(spans);
        self.hints.push(Hint { code, message: message.into(), locations });
    }
}

/// The span of a type's name, which points better than the span of its whole definition.
pub(crate) fn type_span(schema: &Schema, name: &Name) -> Option<SourceSpan> {
    let definition = schema.types.get(name)?;
    definition.name().location().or_else(|| definition.location())
}
