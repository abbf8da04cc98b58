//! A process under measurement: where it runs, what it has used. Source: proc(5).

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::thread::{CpuSet, sched_setaffinity};

use crate::failure::{Context, Result};

/// A process that is stopped when it is no longer needed.
pub(super) struct Measured(Child);

/// What a process has used so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    pub(super) cpu: Duration,
    /// Most memory at once, in KiB.
    pub(super) peak_memory: u64,
}

/// Keeps this thread, and what it starts from now on, on one core. Where that cannot be, the measurement only gets noisier.
pub(super) fn pin(core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    let _ = sched_setaffinity(None, &cores);
}

impl Measured {
    /// Starts a command on the first core; whoever started it goes on on the second.
    pub(super) fn start(mut command: Command) -> Result<Self> {
        pin(0);
        let started = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn();
        pin(1);
        let name = command.get_program().to_string_lossy().into_owned();
        Ok(Self(started.context(format_args!("{name} cannot be started"))?))
    }

    /// Whether it has ended by itself.
    pub(super) fn has_ended(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_some())
    }

    /// What it has used; nothing where the system does not tell.
    pub(super) fn usage(&self) -> Usage {
        let read =
            |file: &str| fs::read_to_string(format!("/proc/{}/{file}", self.0.id())).unwrap_or_default();
        let stat = read("stat");
        // The name of the program, in parentheses, may hold anything; the fields are counted after it.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks =
            |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or_default();
        let peak = read("status").lines().find_map(|line| line.strip_prefix("VmHWM:").map(str::to_owned));
        Usage {
            // utime and stime are counted in hundredths of a second on Linux, whatever the hardware.
            cpu: Duration::from_millis((ticks(11) + ticks(12)) * 10),
            peak_memory: peak
                .and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok())
                .unwrap_or_default(),
        }
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
