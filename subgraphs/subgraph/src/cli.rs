//! What a subgraph's binary can be asked to do: `serve` (default), `migrate`, `sdl`, `health`, `facts`.
//!
//! A binary is two lines:
//! ```ignore
//! fn main() -> std::process::ExitCode { subgraph::cli::main::<user::UserService>() }
//! ```

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use service::config::Common;
use service::env::Reader;
use service::{http_client, server, telemetry};

use crate::clock::Clock;
use crate::database::{self, Database};
use crate::run::{self, StartError, Subgraph};

/// A subgraph of EventHUB; configured by its environment.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Migrate the database and serve (the default).
    Serve,
    /// Bring the database to the schema that this binary expects, and stop.
    Migrate,
    /// Print the federation SDL.
    Sdl,
    /// Ask the process at EVENTHUB_LISTEN whether it is alive; exit 0 or 1.
    Health,
    /// Print the rows that the invariants are checked on, as JSON.
    Facts,
}

/// Runs what the command line asks for.
#[must_use]
pub fn main<S: Subgraph>() -> ExitCode {
    let command = Cli::parse().command.unwrap_or(Command::Serve);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    match runtime.block_on(execute::<S>(command, Reader::from_process(), &mut io::stdout())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error.as_ref()),
    }
}

fn failed(error: &(dyn std::error::Error + 'static)) -> ExitCode {
    // Nothing better can be done when standard error is gone too.
    drop(writeln!(io::stderr(), "error: {error}"));
    ExitCode::FAILURE
}

/// Does what `command` says, with the variables in `env`, writing what was asked for to `out`.
///
/// # Errors
/// Whatever keeps it from being done; for `health`, that the process does not answer.
pub async fn execute<S: Subgraph>(
    command: Command,
    env: Reader,
    out: &mut impl Write,
) -> Result<(), StartError> {
    match command {
        Command::Serve => serve::<S>(env).await,
        Command::Migrate => migrate::<S>(env, out).await,
        Command::Sdl => Ok(out.write_all(S::sdl().as_bytes())?),
        Command::Health => health::<S>(env).await,
        Command::Facts => facts::<S>(env, out).await,
    }
}

async fn serve<S: Subgraph>(env: Reader) -> Result<(), StartError> {
    let (common, (config, database_config)) = Common::read_with(env, S::NAME, |env| {
        let (config, database) = (S::config(env), database::Config::read(env, S::NAME));
        Some((config?, database?))
    })?;
    telemetry::init(&common.log)?;
    let stop = server::stop_on_signals()?;
    let listen = common.listen;
    let database = run::connect(&database_config).await?;
    let prepared =
        run::prepare::<S>(common, config, database, &database_config, Clock::system(), stop).await?;
    prepared.serve(server::bind(listen).await?).await?;
    Ok(())
}

async fn migrate<S: Subgraph>(mut env: Reader, out: &mut impl Write) -> Result<(), StartError> {
    let config = database::Config::read(&mut env, S::NAME);
    let config = env.finish(|| config)?;
    let database = run::connect(&config).await?;
    let pending = database::pending::<S::Migrator>(&database).await?;
    database::migrate::<S::Migrator>(&database, &config).await?;
    for name in &pending {
        writeln!(out, "applied {name}")?;
    }
    writeln!(out, "{}: {} migration(s) applied, none missing", S::NAME, pending.len())?;
    Ok(database.close().await?)
}

async fn facts<S: Subgraph>(mut env: Reader, out: &mut impl Write) -> Result<(), StartError> {
    let config = database::Config::read(&mut env, S::NAME);
    let config = env.finish(|| config)?;
    let database = Database::connect(&config).await?;
    let facts = S::facts(&database).await?;
    serde_json::to_writer(&mut *out, &facts)?;
    writeln!(out)?;
    Ok(database.close().await?)
}

async fn health<S: Subgraph>(mut env: Reader) -> Result<(), StartError> {
    let listen = env.or("EVENTHUB_LISTEN", S::NAME.default_listen());
    let url = format!("http://{}/health", reachable(env.finish(|| listen)?));
    http_client::build()?.get(url).send().await?.error_for_status()?;
    Ok(())
}

/// An address that means "everywhere" to a listener means nothing to a caller.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
