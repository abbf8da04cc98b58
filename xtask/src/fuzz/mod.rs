//! `cargo xtask fuzz`: composition over schemas that nobody would write. Nothing may make it panic, hang, or fill the memory.
//!
//! A process of its own composes; what it is about to compose is on the disk before. So even a stack overflow leaves the
//! input that made it, and `--replay` runs that again.

pub mod mutate;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use clap::Args;
use composition::{SubgraphInput, compose};

use crate::cases::{self, CASES};
use crate::failure::{Context, Failure, Result};
use crate::workspace::{Workspace, own_program};
use mutate::{Random, mutated};

/// The longest that one input may take. Small schemas compose in milliseconds, also in a debug build.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most memory that composing small schemas may take, in KiB.
const MOST_MEMORY: u64 = 1 << 20;

/// The options of `cargo xtask fuzz`.
#[derive(Args, Clone, Debug)]
pub struct FuzzOptions {
    /// How long to try.
    #[arg(long, default_value_t = 60, value_name = "N")]
    pub seconds: u64,
    /// Where the random numbers begin; a run says which it used.
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// Compose the *.graphql files of this folder once, instead.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["seed", "seconds"])]
    pub replay: Option<PathBuf>,
    /// The process that composes, started by this command.
    #[arg(long, hide = true, value_name = "DIR")]
    pub worker: Option<PathBuf>,
}

/// Tries until the time is over or an input does harm.
///
/// # Errors
/// When an input did; it says where the input is kept.
pub fn fuzz(options: &FuzzOptions) -> Result<()> {
    let workspace = Workspace::find()?;
    if let Some(folder) = &options.replay {
        return say(&outcome_of(&cases::subgraphs(folder)?));
    }
    let seed = options.seed.map_or_else(random_seed, Ok)?;
    if let Some(current) = &options.worker {
        return work(&workspace, Duration::from_secs(options.seconds), seed, current);
    }
    let folder = workspace.target().join("fuzz");
    let current = folder.join("current");
    let mut worker = Command::new(own_program()?);
    worker.arg("fuzz").args(["--seconds", &options.seconds.to_string(), "--seed", &seed.to_string()]);
    let status = worker.arg("--worker").arg(&current).status().context("the process that composes")?;
    if status.success() {
        return Ok(());
    }
    let kept = folder.join(seed.to_string());
    let _ = fs::remove_dir_all(&kept);
    fs::rename(&current, &kept).context(current.display())?;
    Err(Failure::new(format!(
        "seed {seed}: {}\nthe subgraphs are in {kept}; again with: cargo xtask fuzz --replay {kept}",
        what_happened(status),
        kept = kept.display()
    )))
}

fn what_happened(status: ExitStatus) -> String {
    match status.code().and_then(|code| u8::try_from(code).ok()).and_then(Harm::of_code) {
        Some(Harm::Panic) => "composition panicked".to_owned(),
        Some(Harm::Hang) => format!("composition took longer than {} s", PATIENCE.as_secs()),
        Some(Harm::Memory) => format!("composition took more than {} MiB", MOST_MEMORY >> 10),
        None => format!("composition ended its process ({status})"),
    }
}

/// What an input can do, as the exit code of the process that composes.
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

fn work(workspace: &Workspace, time: Duration, seed: u64, current: &Path) -> Result<()> {
    let corpus = corpus(&workspace.path(CASES))?;
    let all: Vec<String> = corpus.iter().flatten().map(|input| input.sdl.clone()).collect();
    let (composed, watched) = channel();
    std::thread::spawn(move || watch(&watched));
    let mut random = Random::new(seed);
    let (started, mut tried, mut valid) = (Instant::now(), 0_u64, 0_u64);
    while started.elapsed() < time {
        let Some(case) = random.pick(&corpus) else { return Err(Failure::new(format!("{CASES} is empty"))) };
        let mut inputs = case.clone();
        let at = random.below(inputs.len());
        inputs[at].sdl = mutated(&inputs[at].sdl, &all, &mut random);
        write(current, &inputs)?;
        valid += u64::from(compose(&inputs).is_ok());
        tried += 1;
        if tried.is_multiple_of(64) && peak_memory() > MOST_MEMORY {
            Harm::Memory.end();
        }
        let _ = composed.send(());
    }
    say(&format!(
        "seed {seed}: {tried} inputs in {} s, {valid} of them composed, at most {} MiB",
        time.as_secs(),
        peak_memory() >> 10
    ))
}

/// Ends the process when nothing is composed for too long.
fn watch(composed: &Receiver<()>) {
    loop {
        match composed.recv_timeout(PATIENCE) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => Harm::Hang.end(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// The most memory that this process ever held, in KiB; 0 where the system does not tell.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

fn corpus(folder: &Path) -> Result<Vec<Vec<SubgraphInput>>> {
    cases::folders(folder)?.iter().map(|case| cases::subgraphs(case)).collect()
}

fn write(folder: &Path, inputs: &[SubgraphInput]) -> Result<()> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).context(folder.display())?;
    for input in inputs {
        let path = folder.join(format!("{}.graphql", input.name));
        fs::write(&path, &input.sdl).context(path.display())?;
    }
    Ok(())
}

fn outcome_of(inputs: &[SubgraphInput]) -> String {
    match compose(inputs) {
        Ok(composition) => composition.supergraph_sdl,
        Err(errors) => composition::report::human(&errors, inputs),
    }
}

fn random_seed() -> Result<u64> {
    getrandom::u64().context("random numbers")
}

fn say(text: &str) -> Result<()> {
    writeln!(anstream::stdout(), "{text}").context("standard output")
}
