//! `cargo xtask dev`: six processes as one, from an empty folder to a graph that answers; and its little sisters.

pub mod child;
pub mod console;
pub mod graph;
pub mod home;
pub mod keys;
pub mod mysql;
pub mod options;
pub mod probe;
pub mod reaper;
pub mod record;
pub mod restart;
pub mod seed;
pub mod signals;
pub mod supervise;
pub mod watch;
pub mod welcome;

use std::net::TcpListener;
use std::time::Duration;

use tokio::process::Child;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use console::{Console, say};
use home::{Home, HomeLock, Settings};
use options::DevOptions;
use probe::Probe;
use reaper::Reaper;
use record::Record;
use supervise::{Plan, Status, Supervised};

use crate::failure::{Context, Failure, Result};
use crate::services::Service;
use crate::workspace::Workspace;

/// A stack that needs longer than this to be ready never will be.
const START_LIMIT: Duration = Duration::from_secs(90);
/// A process that dies this often before it was ever ready has something to say that waiting does not mend.
const DEATHS_AT_START: u32 = 4;

/// Builds, starts, waits, tells, watches; returns when a signal has ended it and everything is stopped.
///
/// # Errors
/// When the build fails, a port is taken, or a process does not become ready.
pub async fn dev(options: &DevOptions) -> Result<()> {
    let workspace = Workspace::find()?;
    let settings = Settings {
        port_offset: options.port_offset,
        database: options.database.clone(),
        release: options.release,
        peer_offset: options.peer_offset,
    };
    let home = Home::at(&options.data)?;
    home.prepare()?;
    let lock = home.lock()?;
    forget_record(&home);
    check_ports(&settings)?;
    home.remember(&settings)?;
    mysql::prepare(&settings.database)?;
    if !options.no_build {
        workspace.build(settings.profile())?;
    }
    let site = Site { workspace, home, settings, _lock: lock };
    site.run(options).await
}

/// Where a stack stands: its sources, its data, its ports.
pub struct Site {
    workspace: Workspace,
    home: Home,
    settings: Settings,
    _lock: HomeLock,
}

impl Site {
    async fn run(&self, options: &DevOptions) -> Result<()> {
        graph::write(&self.workspace, &self.home, &self.settings)?;
        let (reaper, reaper_process) = Reaper::start(self.home.folder())?;
        let mut end = std::pin::pin!(told_to_stop(options.until_stdin_closes));
        let started = Instant::now();
        let stack = self.start(&reaper)?;
        let outcome = tokio::select! {
            outcome = self.attend(&stack, options, started) => outcome,
            outcome = &mut end => outcome,
        };
        self.stop(stack, reaper, reaper_process).await;
        outcome
    }

    fn start(&self, reaper: &Reaper) -> Result<Vec<Supervised>> {
        let probe = Probe::default();
        Service::ALL
            .into_iter()
            .map(|service| {
                let console = Console::open(&self.home, service)?;
                Ok(Supervised::start(self.plan(service)?, console, probe.clone(), reaper.clone()))
            })
            .collect()
    }

    fn plan(&self, service: Service) -> Result<Plan> {
        let arguments = match service {
            Service::Router => vec![
                "serve".to_owned(),
                "--supergraph".to_owned(),
                graph::path(&self.home).display().to_string(),
                "--listen".to_owned(),
                self.settings.address(service),
            ],
            _ => vec!["serve".to_owned()],
        };
        Ok(Plan {
            service,
            program: self.workspace.binary(service, self.settings.profile()),
            arguments,
            environment: self.home.environment(service, &self.settings)?,
            url: self.settings.url(service),
        })
    }

    /// From started to ready, and then for ever: keeps the record true and follows the sources.
    async fn attend(&self, stack: &[Supervised], options: &DevOptions, started: Instant) -> Result<()> {
        self.until_ready(stack).await?;
        if options.seed {
            seed::fill(&self.settings.url(Service::Router), &self.home.admin()?).await?;
        }
        self.write_record(stack)?;
        welcome::show(&self.home, &self.settings, started.elapsed())?;
        tokio::select! {
            outcome = self.keep_record(stack) => outcome,
            outcome = watch::follow(&self.workspace, &self.home, &self.settings, stack), if !options.no_watch => outcome,
        }
    }

    async fn until_ready(&self, stack: &[Supervised]) -> Result<()> {
        let all = futures_util::future::try_join_all(stack.iter().map(became_ready));
        match tokio::time::timeout(START_LIMIT, all).await {
            Ok(outcome) => outcome.map(|_| ()),
            Err(_) => Err(Failure::new(self.who_is_late(stack).await)),
        }
    }

    async fn who_is_late(&self, stack: &[Supervised]) -> String {
        let probe = Probe::default();
        let mut text = format!("not ready after {} s:", START_LIMIT.as_secs());
        for process in stack.iter().filter(|process| !process.status().borrow().ready) {
            let words = probe.words(process.service, &self.settings.url(process.service)).await;
            text.push_str(&format!("\n  {}: {words}", process.service));
        }
        text
    }

    /// Writes the record again whenever a new process has taken an old one's place.
    async fn keep_record(&self, stack: &[Supervised]) -> Result<()> {
        let mut all: Vec<_> = stack.iter().map(Supervised::status).collect();
        let mut known: Vec<Status> = all.iter_mut().map(|status| *status.borrow_and_update()).collect();
        loop {
            let changes = all.iter_mut().map(|status| Box::pin(status.changed()));
            let (change, ..) = futures_util::future::select_all(changes).await;
            change.context("a supervisor has ended")?;
            let now: Vec<Status> = all.iter_mut().map(|status| *status.borrow_and_update()).collect();
            for (process, (old, new)) in stack.iter().zip(known.iter().zip(&now)) {
                if new.ready && !old.ready {
                    say(&format!("{} is ready again", process.service));
                }
            }
            if now.iter().map(|status| status.ready_pid).ne(known.iter().map(|status| status.ready_pid)) {
                self.write_record(stack)?;
            }
            known = now;
        }
    }

    fn write_record(&self, stack: &[Supervised]) -> Result<()> {
        let pid = |service| {
            let process = stack.iter().find(|process| process.service == service);
            process.and_then(|process| process.status().borrow().ready_pid).unwrap_or_default()
        };
        self.home.write_json(record::FILE, &Record::new(&self.home, &self.settings, self.home.admin()?, pid))
    }

    async fn stop(&self, stack: Vec<Supervised>, reaper: Reaper, mut reaper_process: Child) {
        forget_record(&self.home);
        say("stopping");
        futures_util::future::join_all(stack.into_iter().map(Supervised::stop)).await;
        // Its pipe ends with this value; it finds nothing left to stop and goes.
        drop(reaper);
        let _ = reaper_process.wait().await;
    }
}

async fn became_ready(process: &Supervised) -> Result<()> {
    let mut status = process.status();
    let reached = status
        .wait_for(|status| status.ready || status.deaths >= DEATHS_AT_START)
        .await
        .context("a supervisor has ended")?;
    if reached.ready {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{} ended {} times without becoming ready; its lines above say why",
        process.service, reached.deaths
    )))
}

/// Ctrl-C, TERM, the terminal's end, and for tests the end of standard input.
async fn told_to_stop(until_stdin_closes: bool) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).context("signals")?;
    let mut terminate = signal(SignalKind::terminate()).context("signals")?;
    let mut hangup = signal(SignalKind::hangup()).context("signals")?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
        () = stdin_closed(), if until_stdin_closes => {}
    }
    Ok(())
}

/// A thread of its own, which nothing waits for: a read of standard input cannot be called off.
async fn stdin_closed() {
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = ended.send(());
    });
    let _ = end.await;
}

fn check_ports(settings: &Settings) -> Result<()> {
    let taken: Vec<String> = Service::ALL
        .into_iter()
        .filter(|service| TcpListener::bind(settings.address(*service)).is_err())
        .map(|service| format!("{} ({service})", settings.address(service)))
        .collect();
    if taken.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "already in use: {}\nstop what listens there, or shift every port with --port-offset N (and choose another --data DIR)",
        taken.join(", ")
    )))
}

/// A record says "ready": it must not be there while nothing is.
fn forget_record(home: &Home) {
    let _ = std::fs::remove_file(home.path(record::FILE));
}
