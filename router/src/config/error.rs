//! What can be wrong with a configuration. All mistakes are reported at once, each with where it was made.

use std::fmt;

/// A place in a file, counted from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Name of the file, as the operator gave it.
    pub file: String,
    /// Line.
    pub line: u64,
    /// Column, in characters.
    pub column: u64,
}

impl Position {
    /// The first character of `file`.
    pub fn start_of(file: &str) -> Self {
        Self { file: file.to_owned(), line: 1, column: 1 }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Who gave a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command line.
    Flag(String),
    /// An environment variable.
    Environment(String),
    /// The configuration file.
    File(Position),
    /// Nobody.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "--{name}"),
            Self::Environment(name) => f.write_str(name),
            Self::File(position) => position.fmt(f),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file is not YAML of the expected form.
    #[error("{at}: {message}")]
    Syntax {
        /// Where.
        at: Position,
        /// What the reader of YAML says.
        message: String,
    },
    /// The file cannot be read at all.
    #[error("{file}: cannot be read: {reason}")]
    Unreadable {
        /// Its name.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// No setting has this key.
    #[error("{origin}: unknown setting `{key}`{}", nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    Unknown {
        /// Who gave it.
        origin: Origin,
        /// The key.
        key: String,
        /// The setting with the most similar name.
        nearest: Option<String>,
    },
    /// The value is not of the setting's kind.
    #[error("{origin}: `{key}` is {shown}, but must be {allowed}")]
    Invalid {
        /// Who gave it.
        origin: Origin,
        /// The setting.
        key: String,
        /// The value; a secret's is hidden.
        shown: String,
        /// What is allowed.
        allowed: String,
    },
    /// A value that has no default is missing.
    #[error("`{key}` has no value: {help}")]
    Missing {
        /// The setting.
        key: String,
        /// How to give it one.
        help: String,
    },
    /// Two settings exclude each other.
    #[error("{} and {} exclude each other", .0[0], .0[1])]
    Conflict(Box<[Given; 2]>),
}

/// A setting, and who gave its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The setting.
    pub key: String,
    /// Who gave it.
    pub origin: Origin,
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", self.key, self.origin)
    }
}

impl ConfigError {
    pub(super) fn syntax(at: Position, message: String) -> Self {
        Self::Syntax { at, message }
    }
}

/// The candidate nearest to `word`, when it is near enough to be a slip of the pen.
pub(super) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    candidates
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

/// Levenshtein's distance, row by row.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["limits.deadline", "limits.body", "listen"];
        assert_eq!(nearest("limits.dedline", names.into_iter()).as_deref(), Some("limits.deadline"));
        assert_eq!(nearest("lisen", names.into_iter()).as_deref(), Some("listen"));
        assert_eq!(nearest("completely_else", names.into_iter()), None);
    }
}
