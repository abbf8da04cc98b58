//! `cargo xtask restart SERVICE`: what `dev.json` offers under `restart`.
//!
//! It ends the process that runs now and waits for the one that `dev` starts in its place, so the environment is the same and
//! no second copy can appear. A process that is already dead is only waited for.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::home::Home;
use super::options::DataOption;
use super::record::Record;
use super::signals;
use crate::failure::{Failure, Result};
use crate::services::Service;

const LIMIT: Duration = Duration::from_secs(60);

/// Restarts one process of the running stack; returns when the new one is ready.
///
/// # Errors
/// When no stack runs in the folder, or the new process is not ready within a minute.
pub async fn restart(service: Service, data: &DataOption) -> Result<()> {
    let home = Home::at(data)?;
    if !home.is_running() {
        return Err(Failure::new(format!(
            "no stack runs in {}: start it with `cargo xtask dev`",
            home.folder().display()
        )));
    }
    let old = Record::read(home.folder())?
        .pid(service)
        .ok_or_else(|| Failure::new(format!("{service} is not in dev.json")))?;
    signals::stop_all(&[old]).await;
    let end = Instant::now() + LIMIT;
    while Instant::now() < end {
        match Record::read(home.folder()).ok().and_then(|record| record.pid(service)) {
            Some(new) if new != old => return Ok(()),
            _ => sleep(Duration::from_millis(20)).await,
        }
    }
    Err(Failure::new(format!("{service} did not become ready within {} s", LIMIT.as_secs())))
}
