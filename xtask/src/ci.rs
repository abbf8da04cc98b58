//! `cargo xtask ci`: everything that must hold before a change is merged, in the order of what it costs.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use owo_colors::OwoColorize;

use crate::compose::{OPERATIONS, main_branch};
use crate::failure::{Context, Failure, Result};
use crate::workspace::{Workspace, shown, succeed};

/// The variable by which tests find a MySQL or MariaDB server.
const MYSQL: &str = "EVENTHUB_TEST_MYSQL_URL";

/// The variable by which the simulation of the sale is told how many seeds to run.
const SEEDS: &str = "EVENTHUB_SIMULATION_SEEDS";

/// Where the random numbers of CI begin: a change is judged by itself, not by luck. What chance finds is found by `cargo xtask fuzz`.
const FUZZ_SEED: &str = "2026";

/// How long the sale is tortured on each database. `cargo xtask torture --minutes 60` does it for an hour.
const TORTURE_SECONDS: &str = "60";

/// The options of `cargo xtask ci`.
#[derive(Args, Clone, Debug)]
pub struct CiOptions {
    /// A MySQL or MariaDB server for the second run of the tests.
    #[arg(long, env = MYSQL, value_name = "URL", hide_env_values = true)]
    pub mysql: Option<String>,
    /// Leave the second run out. `.ci/run` never does.
    #[arg(long)]
    pub without_mysql: bool,
    /// Leave `cargo deny` out. `.ci/run` never does.
    #[arg(long)]
    pub without_deny: bool,
    /// Show what the schema check finds at the lines of a pull request.
    #[arg(long, env = "GITHUB_ACTIONS")]
    pub annotate: bool,
}

/// Runs every step; stops at the first that fails.
///
/// # Errors
/// When a step fails, or something that it needs is missing.
pub fn ci(options: &CiOptions) -> Result<()> {
    if options.mysql.is_none() && !options.without_mysql {
        return Err(Failure::new(format!(
            "{MYSQL} is not set: run `.ci/run`, which starts a MariaDB of its own, or pass --without-mysql"
        )));
    }
    if !options.without_deny && !has_deny() {
        return Err(Failure::new(
            "cargo-deny is not installed: `cargo install --locked cargo-deny`, or pass --without-deny",
        ));
    }
    let mut steps = Steps { workspace: Workspace::find()?, done: Vec::new() };
    let outcome = steps.run(options);
    steps.report()?;
    outcome
}

struct Steps {
    workspace: Workspace,
    done: Vec<(String, Duration)>,
}

impl Steps {
    fn run(&mut self, options: &CiOptions) -> Result<()> {
        self.cargo("format", &["fmt", "--all", "--check"])?;
        self.cargo("lints", &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])?;
        self.cargo("house rules", &["xtask", "tidy"])?;
        self.graph(options.annotate)?;
        if !options.without_deny {
            self.deny()?;
        }
        self.cargo(
            "composition under abuse, and the router against a single server",
            &["xtask", "fuzz", "--seconds", "120", "--seed", FUZZ_SEED],
        )?;
        self.simulation()?;
        self.tests("tests on SQLite", None)?;
        self.torture("a tortured sale on SQLite", "sqlite")?;
        let Some(url) = options.mysql.as_deref().filter(|_| !options.without_mysql) else { return Ok(()) };
        self.tests("tests on MySQL", Some(url))?;
        self.torture("a tortured sale on MySQL", &format!("mysql={}/torture_", url.trim_end_matches('/')))
    }

    fn cargo(&mut self, name: &str, arguments: &[&str]) -> Result<()> {
        let command = self.workspace.cargo(arguments);
        self.step(name, command)
    }

    /// The committed graph is what the code says, and a change of it breaks nobody: it is compared with the main branch's.
    fn graph(&mut self, annotate: bool) -> Result<()> {
        let base = main_branch(self.workspace.root());
        let mut arguments = vec!["xtask", "compose", "--check", "--plans", OPERATIONS];
        match &base {
            Some(base) => arguments.extend(["--base", base]),
            None => say("there is no base: what the schema change breaks is NOT checked in this run")?,
        }
        if annotate {
            arguments.extend(["--format", "github"]);
        }
        self.cargo("the committed graph", &arguments)
    }

    /// Many more sales than a developer waits for; those of the tests are among them.
    fn simulation(&mut self) -> Result<()> {
        let mut command = self.workspace.cargo(&["test", "--workspace", "--test", "booking", "simulation"]);
        command.env(SEEDS, "10000").env_remove(MYSQL);
        self.step("ten thousand sales in a world of chance", command)
    }

    /// A round at least, on programs that the tests have built.
    fn torture(&mut self, name: &str, database: &str) -> Result<()> {
        let run =
            ["xtask", "torture", "--seconds", TORTURE_SECONDS, "--seed", FUZZ_SEED, "--database", database];
        self.cargo(name, &run)
    }

    fn tests(&mut self, name: &str, mysql: Option<&str>) -> Result<()> {
        let mut command = self.workspace.cargo(&["test", "--workspace"]);
        match mysql {
            Some(url) => command.env(MYSQL, url),
            None => command.env_remove(MYSQL),
        };
        self.step(name, command)
    }

    /// The advisory database is a repository on the network; without it the rest is still checked, and that is said.
    fn deny(&mut self) -> Result<()> {
        let mut fetch = self.workspace.cargo(&["deny", "fetch", "db"]);
        let fetched = fetch.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if fetched.is_ok_and(|status| status.success()) {
            return self.cargo("dependencies", &["deny", "check"]);
        }
        say("the advisory database cannot be reached: advisories are NOT checked in this run")?;
        self.cargo("dependencies, without advisories", &["deny", "check", "bans", "licenses", "sources"])
    }

    fn step(&mut self, name: &str, mut command: Command) -> Result<()> {
        say(&format!("{} ({})", name.bold(), shown(&command)))?;
        let started = Instant::now();
        let outcome = succeed(&mut command);
        self.done.push((name.to_owned(), started.elapsed()));
        outcome
    }

    fn report(&self) -> Result<()> {
        say("")?;
        for (name, took) in &self.done {
            say(&format!("{:>7.1} s  {name}", took.as_secs_f64()))?;
        }
        Ok(())
    }
}

fn has_deny() -> bool {
    let mut command = Command::new("cargo");
    command.args(["deny", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn say(text: &str) -> Result<()> {
    writeln!(anstream::stdout(), "{} {text}", "ci".cyan()).context("standard output")
}
