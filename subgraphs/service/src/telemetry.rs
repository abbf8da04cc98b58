//! What a process says while it runs: `tracing` events on standard error, for people or as JSON.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::env::Choice;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One line an event, for people.
    Pretty,
    /// One JSON object an event, for machines.
    Json,
}

impl Choice for Format {
    const WORDS: &'static [(&'static str, Self)] = &[("pretty", Self::Pretty), ("json", Self::Json)];
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// A `tracing` filter, such as `info` or `warn,user=debug`.
    pub filter: String,
    /// Pretty or JSON.
    pub format: Format,
}

/// The filter cannot be read, or a subscriber is already installed.
#[derive(Debug, thiserror::Error)]
#[error("logging cannot be set up: {0}")]
pub struct InitError(String);

/// Installs the subscriber of this process; once, first thing in `main`.
///
/// # Errors
/// When the filter does not parse, or when there is a subscriber already.
pub fn init(config: &Config) -> Result<(), InitError> {
    let filter = EnvFilter::try_new(&config.filter).map_err(|error| InitError(error.to_string()))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(FmtSpan::NONE)
        .with_writer(std::io::stderr);
    match config.format {
        Format::Pretty => builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        Format::Json => {
            builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
        }
    }
    .map_err(|error| InitError(error.to_string()))
}
