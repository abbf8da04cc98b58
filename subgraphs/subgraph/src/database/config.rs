//! `DATABASE_URL` and what belongs to it.

use service::env::{FromEnv, Reader, Secret};
use service::identity::ServiceName;

/// Where the database is and how many connections it gets.
#[derive(Debug, Clone)]
pub struct Config {
    /// `DATABASE_URL`: `sqlite://PATH?mode=rwc` or `mysql://user:password@host:port/name`.
    pub url: Secret<String>,
    /// `EVENTHUB_DATABASE_CONNECTIONS`: how many connections at most, SQLite's writer not counted.
    pub connections: u32,
    /// Whether a commit survives a power cut (SQLite's `synchronous = FULL`). Tests alone turn it off.
    pub durable: bool,
}

/// A URL of a database that the house knows.
struct Url(String);

impl FromEnv for Url {
    const SECRET: bool = true;

    fn allowed() -> String {
        "sqlite://PATH?mode=rwc or mysql://USER:PASSWORD@HOST:PORT/NAME".into()
    }

    fn from_env(text: &str) -> Result<Self, String> {
        let known = ["sqlite:", "mysql:", "mariadb:"].iter().any(|scheme| text.starts_with(scheme));
        if !known {
            return Err("is not the URL of a SQLite, MySQL or MariaDB database".into());
        }
        if text.starts_with("sqlite:") && text.contains(":memory:") {
            return Err("a database in memory cannot be shared by a writer and readers".into());
        }
        Ok(Self(text.replacen("mariadb:", "mysql:", 1)))
    }
}

impl Config {
    /// Reads the variables, noting every problem in `env`. The default is a file of the service in `.eventhub/`.
    pub fn read(env: &mut Reader, service: ServiceName) -> Option<Self> {
        let url = env.or("DATABASE_URL", Url(format!("sqlite://.eventhub/{service}.db?mode=rwc")));
        let connections = env.or("EVENTHUB_DATABASE_CONNECTIONS", 16);
        Some(Self { url: Secret::new(url?.0), connections: connections?, durable: true })
    }

    /// A durable database at `url`, with the default number of connections.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: Secret::new(url.into()), connections: 16, durable: true }
    }

    pub(super) fn is_sqlite(&self) -> bool {
        self.url.expose().starts_with("sqlite:")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_a_file_of_the_service() {
        let mut env = Reader::from_pairs([("A", "b")]);
        let config = Config::read(&mut env, ServiceName::Booking).unwrap();
        assert_eq!(config.url.expose(), "sqlite://.eventhub/booking.db?mode=rwc");
    }

    #[test]
    fn a_bad_url_is_refused_without_showing_its_password() {
        let mut env = Reader::from_pairs([("DATABASE_URL", "postgres://eve:hunter2@host/db")]);
        let config = Config::read(&mut env, ServiceName::Booking);
        let problems = env.finish(|| config).unwrap_err().to_string();
        assert!(problems.contains("DATABASE_URL") && !problems.contains("hunter2"), "{problems}");
    }
}
