//! The lines of six processes on one terminal: prefixed, coloured, and kept in a file each.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Arc, Mutex, PoisonError};

use owo_colors::{AnsiColors, OwoColorize};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use super::home::Home;
use crate::failure::{Context, Result};
use crate::services::Service;

/// Where the lines of one process go. Clones share the file.
#[derive(Clone, Debug)]
pub struct Console {
    service: Service,
    file: Arc<Mutex<File>>,
}

impl Console {
    /// The console of a service; its log file starts empty.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn open(home: &Home, service: Service) -> Result<Self> {
        let path = home.path(&format!("logs/{service}.log"));
        let file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .context(path.display())?;
        Ok(Self { service, file: Arc::new(Mutex::new(file)) })
    }

    /// Shows every line of `stream` until it ends.
    pub async fn follow(self, stream: impl AsyncRead + Unpin) {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line).await, Ok(1..)) {
            self.line(String::from_utf8_lossy(&line).trim_end());
            line.clear();
        }
    }

    /// Shows one line.
    pub fn line(&self, text: &str) {
        let prefix = format!("{:<11} │", self.service);
        // A closed terminal must not take the stack down: its own shutdown has to run to the end.
        let _ = writeln!(anstream::stdout(), "{} {text}", prefix.color(colour(self.service)));
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(file, "{}", anstream::adapter::strip_str(text));
    }
}

/// A line of the tool itself.
pub fn say(text: &str) {
    let _ = writeln!(anstream::stdout(), "{} {text}", "dev         │".bold());
}

const fn colour(service: Service) -> AnsiColors {
    match service {
        Service::Spacemaster => AnsiColors::BrightBlack,
        Service::User => AnsiColors::Green,
        Service::Event => AnsiColors::Blue,
        Service::Ticket => AnsiColors::Magenta,
        Service::Booking => AnsiColors::Yellow,
        Service::Router => AnsiColors::Cyan,
    }
}
