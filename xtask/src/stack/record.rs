//! `dev.json`: what a running stack tells other programs about itself.

use std::path::Path;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::home::{Admin, Home, Settings};
use crate::failure::{Context, Result};
use crate::services::Service;
use crate::workspace::own_program;

/// The name of the file in the data folder.
pub const FILE: &str = "dev.json";

/// The whole file. It is there when, and only when, the stack is ready.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// The router.
    pub router: Process,
    /// The other five, by name.
    pub services: IndexMap<String, Restartable>,
    /// The log-in of the first administrator.
    pub admin: Admin,
}

/// A running process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Process {
    /// Its address, without a path.
    pub url: String,
    /// Its process id; changes when it is restarted.
    pub pid: u32,
}

/// A running process that others may restart.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Restartable {
    /// Its address, without a path.
    pub url: String,
    /// Its process id; changes when it is restarted.
    pub pid: u32,
    /// A shell command that restarts it with the environment it has, and returns when it is ready again.
    pub restart: String,
}

impl Record {
    /// The record of a stack whose processes are those of `pid`.
    #[must_use]
    pub fn new(home: &Home, settings: &Settings, admin: Admin, pid: impl Fn(Service) -> u32) -> Self {
        let services = Service::SUBGRAPHS
            .into_iter()
            .chain([Service::Spacemaster])
            .map(|service| {
                let restart = restart_command(home, service);
                (
                    service.name().to_owned(),
                    Restartable { url: settings.url(service), pid: pid(service), restart },
                )
            })
            .collect();
        let router = Process { url: settings.url(Service::Router), pid: pid(Service::Router) };
        Self { router, services, admin }
    }

    /// The record in this folder.
    ///
    /// # Errors
    /// When there is none: no stack is ready there.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path).context(path.display())?;
        serde_json::from_str(&text).context(path.display())
    }

    /// The address of a service, without a path.
    #[must_use]
    pub fn url(&self, service: Service) -> Option<&str> {
        match service {
            Service::Router => Some(&self.router.url),
            other => self.services.get(other.name()).map(|process| process.url.as_str()),
        }
    }

    /// The process id of a service.
    #[must_use]
    pub fn pid(&self, service: Service) -> Option<u32> {
        match service {
            Service::Router => Some(self.router.pid),
            other => self.services.get(other.name()).map(|process| process.pid),
        }
    }
}

/// The command goes through this program, not `kill PID`: a pid in the file may be an old one by the time somebody pastes it.
fn restart_command(home: &Home, service: Service) -> String {
    let program =
        own_program().map_or_else(|_| "cargo xtask".to_owned(), |path| quoted(&path.display().to_string()));
    format!("{program} restart {service} --data {}", quoted(&home.folder().display().to_string()))
}

fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "/._-+=:,@".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_the_shell() {
        assert_eq!(quoted("/a/b-c.d"), "/a/b-c.d");
        assert_eq!(quoted("/with space/it's"), r"'/with space/it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
