//! One process of the stack: started, watched, started again when it dies, stopped when asked.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

use super::console::Console;
use super::keys;
use super::probe::Probe;
use super::reaper::Reaper;
use super::signals;
use crate::failure::{Context, Failure, Result};
use crate::services::Service;

/// What to run, and with what.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which of the six.
    pub service: Service,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What it finds in its environment, beside our own.
    pub environment: BTreeMap<String, String>,
    /// Where it will answer.
    pub url: String,
}

/// What the supervisor of a process knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The process that answered last as ready.
    pub ready_pid: Option<u32>,
    /// Whether that process still is there.
    pub ready: bool,
    /// Deaths since it was last ready.
    pub deaths: u32,
}

/// A process under supervision. Dropping it leaves the process to [`Reaper`]; use [`Supervised::stop`].
#[derive(Debug)]
pub struct Supervised {
    /// Which of the six.
    pub service: Service,
    orders: mpsc::Sender<Order>,
    status: watch::Receiver<Status>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Restart,
    Stop,
}

/// Everything that the supervisor of one process uses.
struct Keeper {
    plan: Plan,
    console: Console,
    probe: Probe,
    reaper: Reaper,
    status: watch::Sender<Status>,
}

impl Supervised {
    /// Starts the process and its supervisor.
    #[must_use]
    pub fn start(plan: Plan, console: Console, probe: Probe, reaper: Reaper) -> Self {
        let (orders, inbox) = mpsc::channel(4);
        let (sender, status) = watch::channel(Status::default());
        let service = plan.service;
        let keeper = Keeper { plan, console, probe, reaper, status: sender };
        Self { service, orders, status, task: tokio::spawn(keeper.run(inbox)) }
    }

    /// What is known of the process, now and later.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Replaces the process by a new one.
    pub async fn restart(&self) {
        let _ = self.orders.send(Order::Restart).await;
    }

    /// Ends the process; returns when it is gone.
    pub async fn stop(self) {
        let _ = self.orders.send(Order::Stop).await;
        let _ = self.task.await;
    }
}

/// Why the process is no longer there.
enum Ended {
    ByItself(ExitStatus),
    Ordered(Order),
}

impl Keeper {
    async fn run(self, mut orders: mpsc::Receiver<Order>) {
        let mut backoff = Backoff::default();
        loop {
            let started = Instant::now();
            match self.live_once(&mut orders).await {
                Ok(Ended::Ordered(Order::Stop)) => return,
                Ok(Ended::Ordered(Order::Restart)) => continue,
                Ok(Ended::ByItself(status)) => {
                    self.console.line(&format!("ended ({status}); starting it again"))
                }
                Err(failure) => self.console.line(&failure.to_string()),
            }
            self.status.send_modify(|status| {
                status.ready = false;
                status.deaths += 1;
            });
            tokio::select! {
                () = sleep(backoff.next(started.elapsed())) => {}
                order = orders.recv() => if matches!(order, None | Some(Order::Stop)) { return },
            }
        }
    }

    async fn live_once(&self, orders: &mut mpsc::Receiver<Order>) -> Result<Ended> {
        let instance = keys::random_text(12)?;
        let mut child = self.spawn(&instance)?;
        let pid = child.id().ok_or_else(|| Failure::new("ended before it could be watched"))?;
        self.reaper.watch(pid);
        let ended = self.attend(&mut child, pid, &instance, orders).await;
        self.status.send_modify(|status| status.ready = false);
        if matches!(ended, Ok(Ended::Ordered(_))) {
            stop(&mut child, pid).await;
        }
        self.reaper.forget(pid);
        ended
    }

    async fn attend(
        &self,
        child: &mut Child,
        pid: u32,
        instance: &str,
        orders: &mut mpsc::Receiver<Order>,
    ) -> Result<Ended> {
        let ready = self.probe.until_ready(self.plan.service, &self.plan.url, instance);
        tokio::pin!(ready);
        let mut is_ready = false;
        loop {
            tokio::select! {
                exit = child.wait() => return exit.map(Ended::ByItself).context("its end was missed"),
                order = orders.recv() => return Ok(Ended::Ordered(order.unwrap_or(Order::Stop))),
                () = &mut ready, if !is_ready => {
                    is_ready = true;
                    self.status.send_replace(Status { ready_pid: Some(pid), ready: true, deaths: 0 });
                }
            }
        }
    }

    fn spawn(&self, instance: &str) -> Result<Child> {
        let mut child = Command::new(&self.plan.program)
            .args(&self.plan.arguments)
            .envs(&self.plan.environment)
            .env("EVENTHUB_INSTANCE", instance)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context(format_args!("{} cannot be started", self.plan.program.display()))?;
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(self.console.clone().follow(stdout));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(self.console.clone().follow(stderr));
        }
        Ok(child)
    }
}

/// TERM to the group, [`signals::GRACE`], KILL. The child is waited for, or it would stay as a zombie and look alive.
async fn stop(child: &mut Child, pid: u32) {
    signals::terminate(pid);
    if tokio::time::timeout(signals::GRACE, child.wait()).await.is_err() {
        signals::kill(pid);
        let _ = child.wait().await;
    }
}

/// How long to wait before the next try: at once after a long life, ever longer for a process that dies young.
#[derive(Debug)]
struct Backoff(Duration);

impl Backoff {
    const FIRST: Duration = Duration::from_millis(100);
    const LAST: Duration = Duration::from_secs(5);
    const LONG_LIFE: Duration = Duration::from_secs(2);

    fn next(&mut self, life: Duration) -> Duration {
        if life >= Self::LONG_LIFE {
            self.0 = Self::FIRST;
        }
        let pause = self.0;
        self.0 = (pause * 2).min(Self::LAST);
        pause
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self(Self::FIRST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_dies_young_waits_longer_each_time() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..8).map(|_| backoff.next(Duration::ZERO).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(backoff.next(Duration::from_secs(60)).as_millis(), 100);
    }
}
