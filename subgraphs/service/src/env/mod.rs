//! The one place that reads the process environment.
//!
//! A [`Reader`] hands out typed values and remembers everything that is missing or wrong, so that an operator sees all
//! mistakes at once instead of one per start. No value of a [`Secret`] ever reaches a message or a log.
//!
//! ```
//! use service::env::Reader;
//! # #[derive(Debug)] struct Config { retries: u32, hold: std::time::Duration }
//! let mut env = Reader::from_pairs([("HOLD", "15m")]);
//! let retries = env.or("RETRIES", 3);
//! let hold = env.required("HOLD");
//! let config = env.finish(|| Some(Config { retries: retries?, hold: hold? }));
//! assert_eq!(config.unwrap().hold.as_secs(), 900);
//! ```

mod secret;
mod value;

use std::collections::BTreeMap;
use std::fmt;

pub use secret::Secret;
pub use value::{Choice, FromEnv, choice, parse_duration};

/// Reads variables and collects what is wrong with them.
#[derive(Debug)]
pub struct Reader {
    variables: BTreeMap<String, String>,
    problems: Vec<Problem>,
}

/// One variable that is missing or cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The variable's name.
    pub name: String,
    /// What was given, masked when the variable is a secret; `None` when nothing was given.
    pub given: Option<String>,
    /// What is wrong with it.
    pub wrong: String,
    /// What would be right.
    pub allowed: String,
}

/// Everything that is wrong with the environment, at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Reader {
    /// Takes the environment of this process. Variables that are not UTF-8 are read with their bad bytes replaced, so
    /// that they are refused by their type and not by a panic.
    #[must_use]
    pub fn from_process() -> Self {
        let text = |s: std::ffi::OsString| s.to_string_lossy().into_owned();
        Self {
            variables: std::env::vars_os().map(|(k, v)| (text(k), text(v))).collect(),
            problems: Vec::new(),
        }
    }

    /// Takes the given variables and nothing else: for tests.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let variables = pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        Self { variables, problems: Vec::new() }
    }

    /// A variable that must be there. `None` means that a problem has been noted.
    pub fn required<T: FromEnv>(&mut self, name: &str) -> Option<T> {
        match self.optional(name)? {
            Some(value) => Some(value),
            None => {
                self.problem(name, None, "is missing", &T::allowed());
                None
            }
        }
    }

    /// A variable with a default. `None` means that the given value is bad and a problem has been noted.
    pub fn or<T: FromEnv>(&mut self, name: &str, default: T) -> Option<T> {
        self.optional(name).map(|given| given.unwrap_or(default))
    }

    /// A variable that may be absent: `Some(None)` when it is. An empty value counts as absent, because that is what
    /// `VARIABLE=` in a compose file means.
    pub fn optional<T: FromEnv>(&mut self, name: &str) -> Option<Option<T>> {
        let Some(given) = self.variables.get(name).filter(|v| !v.is_empty()) else { return Some(None) };
        match T::from_env(given) {
            Ok(value) => Some(Some(value)),
            Err(wrong) => {
                let shown = if T::SECRET { secret::MASK.to_owned() } else { given.clone() };
                self.problem(name, Some(shown), &wrong, &T::allowed());
                None
            }
        }
    }

    /// Notes a problem that only the caller can see, such as two variables that exclude each other.
    pub fn problem(&mut self, name: &str, given: Option<String>, wrong: &str, allowed: &str) {
        let problem = Problem { name: name.into(), given, wrong: wrong.into(), allowed: allowed.into() };
        self.problems.push(problem);
    }

    /// Builds the configuration, or answers with every problem that was noted on the way.
    ///
    /// # Errors
    /// All problems, when there is at least one.
    pub fn finish<C>(self, build: impl FnOnce() -> Option<C>) -> Result<C, Problems> {
        match build() {
            Some(config) if self.problems.is_empty() => Ok(config),
            _ => Err(Problems(self.problems)),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.given {
            Some(given) => write!(f, "{}={given}: {}; allowed: {}", self.name, self.wrong, self.allowed),
            None => write!(f, "{} {}; allowed: {}", self.name, self.wrong, self.allowed),
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the environment cannot be used ({} problem(s)):", self.0.len())?;
        self.0.iter().try_for_each(|problem| writeln!(f, "  {problem}"))
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;
    use std::time::Duration;

    #[test]
    fn all_problems_are_reported_at_once_and_secrets_are_masked() {
        let mut env = Reader::from_pairs([
            ("LISTEN", "nowhere"),
            ("TTL", "15"),
            ("KEY", "short-secret"),
            ("FLAG", "yes"),
        ]);
        let listen = env.required::<SocketAddr>("LISTEN");
        let ttl = env.or("TTL", Duration::from_secs(1));
        let key = env.required::<Secret<u64>>("KEY");
        let flag = env.or("FLAG", true);
        let gone = env.required::<String>("GONE");
        let problems = env.finish(|| Some((listen?, ttl?, key?, flag?, gone?))).unwrap_err();
        let names: Vec<_> = problems.0.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["LISTEN", "TTL", "KEY", "FLAG", "GONE"]);
        let text = problems.to_string();
        assert!(text.contains("LISTEN=nowhere") && text.contains("GONE is missing"), "{text}");
        assert!(!text.contains("short-secret"), "{text}");
    }

    #[test]
    fn an_empty_value_counts_as_absent() {
        let mut env = Reader::from_pairs([("A", "")]);
        assert_eq!(env.optional::<String>("A"), Some(None));
        assert_eq!(env.or("A", 7_u16), Some(7));
    }

    #[test]
    fn a_problem_noted_by_the_caller_fails_the_whole() {
        let mut env = Reader::from_pairs([("A", "1")]);
        let a = env.required::<u16>("A");
        env.problem("B", None, "is needed when A is given", "text");
        assert_eq!(env.finish(|| a).unwrap_err().0[0].name, "B");
    }
}
