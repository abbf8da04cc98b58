//! `cargo xtask fuzz`: composition over schemas that nobody would write ([`composition`]), and the router's answers over supergraphs and
//! operations that nobody wrote ([`answers`]).
//!
//! A process of its own does the work; what it is about to try is on the disk before. So even a stack overflow leaves the
//! input that made it, and `--replay` runs that again.

mod answers;
mod composition;
pub mod mutate;

use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::failure::{Context, Failure, Result};
use crate::random::random_seed;
use crate::workspace::{Workspace, own_program};

/// The longest that one input may take. Small schemas compose in milliseconds, also in a debug build.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a finding is made smaller.
const SHRINKING: Duration = Duration::from_secs(180);
/// The most memory that small schemas may take, in KiB.
const MOST_MEMORY: u64 = 1 << 20;

/// The options of `cargo xtask fuzz`.
#[derive(Args, Clone, Debug)]
pub struct FuzzOptions {
    /// How long to try, all targets together
    #[arg(long, default_value_t = 60, value_name = "N")]
    pub seconds: u64,
    /// The same in minutes
    #[arg(long, value_name = "N", conflicts_with = "seconds")]
    pub minutes: Option<u64>,
    /// Where the random numbers begin; a run says which it used
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// One target alone
    #[arg(long, value_enum, value_name = "TARGET")]
    pub only: Option<Target>,
    /// Try what is in this folder once, instead
    #[arg(long, value_name = "DIR", conflicts_with_all = ["seed", "seconds", "minutes", "only"])]
    pub replay: Option<PathBuf>,
    /// The process that does the work, started by this command
    #[arg(long, hide = true, value_name = "DIR", requires = "only")]
    pub worker: Option<PathBuf>,
}

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// Composition survives whatever it is given
    Composition,
    /// The router answers as a single server would
    Answers,
}

/// Tries until the time is over or something is wrong.
///
/// # Errors
/// When something is; it says where the input is kept.
pub fn fuzz(options: &FuzzOptions) -> Result<()> {
    let workspace = Workspace::find()?;
    if let Some(folder) = &options.replay {
        let is_answer = folder.join("operation.graphql").exists() || folder.join("tape").exists();
        return if is_answer { answers::replay(folder) } else { composition::replay(folder) };
    }
    let seed = options.seed.map_or_else(random_seed, Ok)?;
    let time = Duration::from_secs(options.minutes.map_or(options.seconds, |minutes| minutes * 60));
    if let (Some(current), Some(target)) = (&options.worker, options.only) {
        return work(&workspace, target, &Watch::start(time), seed, current);
    }
    let targets = options.only.map_or_else(|| Target::value_variants().to_vec(), |target| vec![target]);
    let share = time / u32::try_from(targets.len()).unwrap_or(1);
    targets.into_iter().try_for_each(|target| in_a_process(&workspace, target, share, seed))
}

fn work(workspace: &Workspace, target: Target, watch: &Watch, seed: u64, current: &Path) -> Result<()> {
    match target {
        Target::Composition => composition::work(workspace, watch, seed, current),
        Target::Answers => answers::work(watch, seed, current),
    }
}

fn in_a_process(workspace: &Workspace, target: Target, time: Duration, seed: u64) -> Result<()> {
    let name = target.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    let folder = workspace.target().join("fuzz");
    let current = folder.join("current");
    let mut worker = Command::new(own_program()?);
    worker.args(["fuzz", "--only", &name, "--seed", &seed.to_string()]);
    worker.args(["--seconds", &time.as_secs().to_string()]);
    let status = worker.arg("--worker").arg(&current).status().context("the process that does the work")?;
    if status.success() {
        return Ok(());
    }
    let kept = folder.join(format!("{name}-{seed}"));
    let _ = fs::remove_dir_all(&kept);
    fs::rename(&current, &kept).context(current.display())?;
    Err(Failure::new(format!(
        "{name}, seed {seed}: {}\nwhat did it is in {kept}; again with: cargo xtask fuzz --replay {kept}",
        what_happened(status),
        kept = kept.display()
    )))
}

fn what_happened(status: ExitStatus) -> String {
    match status.code().and_then(|code| u8::try_from(code).ok()) {
        Some(1) => "see above".to_owned(),
        Some(code) => match Harm::of_code(code) {
            Some(Harm::Panic) => "a panic".to_owned(),
            Some(Harm::Hang) => format!("one input took longer than {} s", PATIENCE.as_secs()),
            Some(Harm::Memory) => format!("it took more than {} MiB", MOST_MEMORY >> 10),
            None => format!("the process ended ({status})"),
        },
        None => format!("the process ended ({status})"),
    }
}

/// What an input can do, as the exit code of the process that does the work.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Panic = 101,
    Hang = 3,
    Memory = 4,
}

impl Harm {
    const ALL: [Self; 3] = [Self::Panic, Self::Hang, Self::Memory];

    fn of_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|harm| *harm as u8 == code)
    }

    fn end(self) -> ! {
        std::process::exit(self as i32)
    }
}

/// Says when the time is over, and ends the process when one input takes too long or too much.
struct Watch {
    started: Instant,
    time: Duration,
    tried: Arc<AtomicU64>,
}

impl Watch {
    fn start(time: Duration) -> Self {
        let tried = Arc::new(AtomicU64::new(0));
        let watched = Arc::clone(&tried);
        std::thread::spawn(move || {
            let mut seen = watched.load(Ordering::Relaxed);
            loop {
                std::thread::park_timeout(PATIENCE);
                let now = watched.load(Ordering::Relaxed);
                if now == seen {
                    Harm::Hang.end();
                }
                seen = now;
            }
        });
        Self { started: Instant::now(), time, tried }
    }

    /// Asked before each input: whether there is time for it.
    fn goes_on(&self) -> bool {
        self.tick();
        self.started.elapsed() < self.time
    }

    /// The same for making a finding small, which has time of its own.
    fn patience(&self) -> impl Fn() -> bool {
        let started = Instant::now();
        move || {
            self.tick();
            started.elapsed() < SHRINKING
        }
    }

    fn tick(&self) {
        let tried = self.tried.fetch_add(1, Ordering::Relaxed);
        if tried.is_multiple_of(64) && peak_memory() > MOST_MEMORY {
            Harm::Memory.end();
        }
    }
}

impl fmt::Display for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s, at most {} MiB", self.time.as_secs(), peak_memory() >> 10)
    }
}

/// The most memory that this process ever held, in KiB; 0 where the system does not tell.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

fn say(text: &str) -> Result<()> {
    writeln!(anstream::stdout(), "{text}").context("standard output")
}
