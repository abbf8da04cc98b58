//! A stack that a command starts for itself: `dev` in a process of its own, which ends with the value.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::options::Database;
use super::record::Record;
use crate::failure::{Context, Failure, Result};
use crate::services::Service;
use crate::workspace::{Profile, own_program};

/// How it is started. The programs have been built.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    /// Its data folder.
    pub folder: &'a Path,
    /// Which programs.
    pub profile: Profile,
    /// Where the services keep their rows.
    pub database: &'a Database,
    /// Added to every port.
    pub port_offset: u16,
    /// Added to the ports at which services look for one another; see [`super::home::Settings`].
    pub peer_offset: u16,
    /// What the services find in their environment, beside their own.
    pub environment: &'a [(&'a str, &'a str)],
}

/// A running stack.
#[derive(Debug)]
pub struct Stack {
    /// What it said when it was ready.
    pub record: Record,
    folder: PathBuf,
    child: Child,
}

impl Stack {
    /// Starts one; returns when it is ready.
    ///
    /// # Errors
    /// When it does not become ready; its words went to standard error.
    pub fn start(start: &Start<'_>) -> Result<Self> {
        let mut command = Command::new(own_program()?);
        command.args(["dev", "--no-build", "--no-watch", "--until-stdin-closes"]);
        command.args(["--port-offset", &start.port_offset.to_string()]);
        command.args(["--peer-offset", &start.peer_offset.to_string()]);
        command.args(["--database", &start.database.word()]).arg("--data").arg(start.folder);
        if start.profile == Profile::Release {
            command.arg("--release");
        }
        command.env("EVENTHUB_LOG", "warn").envs(start.environment.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().context("the stack")?;
        let lines = BufReader::new(child.stdout.take().ok_or_else(|| Failure::new("no output"))?).lines();
        let mut lines = lines.map_while(std::result::Result::ok);
        let mut said = Vec::new();
        let is_ready = |line: String| {
            let ready = line.contains("EventHUB is ready");
            said.push(line);
            ready
        };
        if !lines.any(is_ready) {
            return Err(Failure::new(format!("the stack did not start:\n{}", said.join("\n"))));
        }
        // Whatever it says from now on must not fill the pipe; the logs have it.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { record: Record::read(start.folder)?, folder: start.folder.to_owned(), child })
    }

    /// The process id of a service now; `None` while it is being started again.
    #[must_use]
    pub fn pid(&self, service: Service) -> Option<u32> {
        Record::read(&self.folder).ok()?.pid(service)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// A shift at which the ports of all six services are free, and not among `taken`.
///
/// # Errors
/// When there is none.
pub fn free_offset(taken: &[u16]) -> Result<u16> {
    let is_free = |offset: &u16| {
        let mut services = Service::ALL.iter();
        !taken.contains(offset)
            && services.all(|service| TcpListener::bind(("127.0.0.1", service.port() + offset)).is_ok())
    };
    // Two who look at the same time should not find the same: processes with neighbouring ids begin some offsets apart, because one may take several.
    let mut all: Vec<u16> = (22_000..24_400).step_by(100).collect();
    let first = usize::try_from(std::process::id()).unwrap_or_default() * 5 % all.len();
    all.rotate_left(first);
    all.into_iter().find(is_free).ok_or_else(|| Failure::new("no free ports"))
}
