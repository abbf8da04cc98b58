//! The last line of defence against orphans: a small process of its own that outlives `dev` by seconds.
//!
//! `dev` tells it on a pipe which process groups live. When the pipe ends, however `dev` came to its end (`kill -9` too), the
//! reaper stops what is left. The kernel's parent-death signal would need unsafe code, and it fires when a *thread* ends.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use super::{record, signals};
use crate::failure::{Context, Failure, Result};
use crate::workspace::own_program;

/// The side of `dev`. Dropping it lets the reaper do its work.
#[derive(Clone, Debug)]
pub struct Reaper {
    words: mpsc::UnboundedSender<String>,
}

impl Reaper {
    /// Starts the process; the child ends by itself when the returned value and its clones are gone.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(data: &Path) -> Result<(Self, Child)> {
        let mut child = Command::new(own_program()?)
            .arg("reaper")
            .arg("--data")
            .arg(data)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("the reaper cannot be started")?;
        let mut pipe = child.stdin.take().ok_or_else(|| Failure::new("the reaper has no standard input"))?;
        let (words, mut heard) = mpsc::unbounded_channel::<String>();
        tokio::spawn(async move {
            while let Some(word) = heard.recv().await {
                if pipe.write_all(word.as_bytes()).await.is_err() || pipe.flush().await.is_err() {
                    return;
                }
            }
        });
        Ok((Self { words }, child))
    }

    /// This process group must not outlive us.
    pub fn watch(&self, group: u32) {
        let _ = self.words.send(format!("+{group}\n"));
    }

    /// This process group has ended.
    pub fn forget(&self, group: u32) {
        let _ = self.words.send(format!("-{group}\n"));
    }
}

/// The process itself: listens until its standard input ends, then stops what is left and takes the record away.
pub async fn run(data: &Path) {
    let mut groups = BTreeSet::new();
    for line in std::io::stdin().lines().map_while(std::result::Result::ok) {
        apply(&mut groups, &line);
    }
    if !groups.is_empty() {
        let groups: Vec<u32> = groups.into_iter().collect();
        signals::stop_all(&groups).await;
        let _ = std::fs::remove_file(data.join(record::FILE));
    }
}

fn apply(groups: &mut BTreeSet<u32>, line: &str) {
    match line.split_at_checked(1) {
        Some(("+", group)) => groups.extend(group.parse::<u32>().ok()),
        Some(("-", group)) => {
            if let Ok(group) = group.parse() {
                groups.remove(&group);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_is_forgotten() {
        let mut groups = BTreeSet::new();
        for line in ["+10", "+11", "-10", "", "?12", "+x"] {
            apply(&mut groups, line);
        }
        assert_eq!(groups, BTreeSet::from([11]));
    }
}
