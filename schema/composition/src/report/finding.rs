//! What all forms of a report show: something found, how bad it is, where, and a way out.

use crate::diff::{Change, Criticality, Graph};
use crate::{CompositionErrors, SourceLocation, SubgraphInput};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It must not stay.
    Error,
    /// A change that breaks somebody.
    Breaking,
    /// A change that somebody may notice.
    Dangerous,
    /// A change that nobody needs to know of.
    Safe,
}

/// One thing to report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What kind of thing it is, in capitals.
    pub code: String,
    /// What is the matter; more lines say more.
    pub message: String,
    /// Where.
    pub marks: Vec<Mark>,
    /// A way out, where there is one.
    pub help: Option<String>,
}

/// A place, and the line that stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The place.
    pub location: SourceLocation,
    /// The line, where its text is at hand.
    pub line: Option<String>,
    /// Whether the place is in the graph as it is, or only in the base of a comparison.
    pub side: Side,
}

/// Which of two graphs a place is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The graph as it is now.
    Now,
    /// The one that it is compared with.
    Before,
}

impl Level {
    /// The word that a human's report begins with.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Breaking => "breaking",
            Self::Dangerous => "dangerous",
            Self::Safe => "safe",
        }
    }
}

impl From<Criticality> for Level {
    fn from(criticality: Criticality) -> Self {
        match criticality {
            Criticality::Breaking => Self::Breaking,
            Criticality::Dangerous => Self::Dangerous,
            Criticality::Safe => Self::Safe,
        }
    }
}

impl Finding {
    /// An error that has a code and words, but no place.
    #[must_use]
    pub fn error(code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self { level: Level::Error, code, message, marks: Vec::new(), help: None }
    }

    /// The places in the graph as it is.
    pub(super) fn now(&self) -> impl Iterator<Item = &SourceLocation> {
        self.marks.iter().filter(|mark| mark.side == Side::Now).map(|mark| &mark.location)
    }

    /// The places in the graph that it is compared with.
    pub(super) fn before(&self) -> impl Iterator<Item = &SourceLocation> {
        self.marks.iter().filter(|mark| mark.side == Side::Before).map(|mark| &mark.location)
    }
}

/// The errors of `subgraphs` that do not compose.
#[must_use]
pub fn of_errors(errors: &CompositionErrors, subgraphs: &[SubgraphInput]) -> Vec<Finding> {
    let mark = |location: &SourceLocation| {
        let source = subgraphs.iter().find(|input| input.name == location.subgraph);
        let line = source.and_then(|input| input.sdl.lines().nth(location.line.checked_sub(1)?));
        Mark { location: location.clone(), line: line.map(str::to_owned), side: Side::Now }
    };
    let finding = |error: &crate::CompositionError| Finding {
        level: Level::Error,
        code: error.code.to_string(),
        message: error.message.clone(),
        marks: error.locations.iter().map(mark).collect(),
        help: super::help(error.code).map(str::to_owned),
    };
    errors.0.iter().map(finding).collect()
}

/// A change from `before` to `after`, with the lines of both sides.
#[must_use]
pub fn of_change(change: &Change, before: &Graph, after: &Graph) -> Finding {
    let mark = |graph: &Graph, location: &SourceLocation, side| Mark {
        location: location.clone(),
        line: graph.line(location).map(str::to_owned),
        side,
    };
    let was = change.before.iter().map(|location| mark(before, location, Side::Before));
    let is = change.after.iter().map(|location| mark(after, location, Side::Now));
    let needs_help = change.criticality == Criticality::Breaking;
    Finding {
        level: change.criticality.into(),
        code: change.code.to_string(),
        message: change.message.clone(),
        marks: was.chain(is).collect(),
        help: change.code.help().filter(|_| needs_help).map(str::to_owned),
    }
}
