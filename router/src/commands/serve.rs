//! `serve`: telemetry, build, listen, watch, drain.

use std::process::ExitCode;

use service::{server, telemetry};

use super::{Output, configured, runtime};
use crate::{
    app::{self, App},
    cli::Configured,
    config::{Config, ConfigError, Values},
    reload,
    source::{self, Loaded},
};

pub(super) fn run(flags: &Configured, output: &mut Output<'_>) -> ExitCode {
    let (config, values) = match configured(flags, output) {
        Ok(configured) => configured,
        Err(code) => return code,
    };
    if let Err(error) = telemetry::init(&config.log) {
        return output.fail(format!("error: {error}"));
    }
    let runtime = match runtime(output) {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    match runtime.block_on(serve(config, values)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output.fail(format!("error: {error}")),
    }
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

async fn serve(config: Config, values: Values) -> Result<(), AnyError> {
    let recorder = service::metrics::recorder();
    let loaded = load(&config)?;
    let app = App::build(&loaded.sdl, config, values)?;
    let watching = if app.config.watch { Some(reload::watch(&app, &loaded.files)?) } else { None };
    let listener = listen(&app.config.listen).await?;
    let stop = server::stop_on_signals()?;
    let options = server::Options { drain_timeout: app.config.drain_timeout, ..server::Options::default() };
    tracing::info!(supergraph = app.snapshot().id, subgraphs = app.snapshot().endpoints.len(), "serving");
    server::serve(listener, app::endpoint(&app, recorder), stop, options).await?;
    drop(watching);
    Ok(())
}

fn load(config: &Config) -> Result<Loaded, AnyError> {
    let source = config.source.as_ref().ok_or_else(|| ConfigError::Missing {
        key: "supergraph".to_owned(),
        help: "give --supergraph FILE, or --subgraphs FILE".to_owned(),
    })?;
    Ok(source::load(source)?)
}

/// Binds the first address that `listen` names and that can be had.
async fn listen(listen: &str) -> Result<tokio::net::TcpListener, AnyError> {
    let mut last = None;
    for address in tokio::net::lookup_host(listen).await.map_err(|error| format!("{listen}: {error}"))? {
        match server::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or_else(|| format!("{listen} names no address").into(), Into::into))
}
