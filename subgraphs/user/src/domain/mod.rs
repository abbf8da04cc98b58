//! What an e-mail address, a name, a password, a lock-out and a rotation of keys are. No SQL, no GraphQL, no clock, nothing asynchronous.

pub mod email;
pub mod lockout;
pub mod password;
pub mod profile;
pub mod rotation;

/// An input that breaks a rule, and the argument it came in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct Invalid {
    /// The argument's name in the API.
    pub field: &'static str,
    /// What is wrong with it; safe to show, never the value itself.
    pub problem: &'static str,
}

impl Invalid {
    /// `field` is refused because it `problem`.
    #[must_use]
    pub const fn new(field: &'static str, problem: &'static str) -> Self {
        Self { field, problem }
    }
}
