//! `health`: asks a running router's `/health`, for container probes. Exit code 0 when it answers.

use std::{process::ExitCode, time::Duration};

use super::{Output, configured, runtime};
use crate::cli::{Configured, HealthArgs};

const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn run(arguments: &HealthArgs, output: &mut Output<'_>) -> ExitCode {
    let listen = match listen(arguments, output) {
        Ok(listen) => reachable(&listen),
        Err(code) => return code,
    };
    let runtime = match runtime(output) {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    match runtime.block_on(ask(&listen)) {
        Ok(body) => {
            output.say(body + "\n");
            ExitCode::SUCCESS
        }
        Err(error) => output.fail(format!("error: {listen}: {error}")),
    }
}

fn listen(arguments: &HealthArgs, output: &mut Output<'_>) -> Result<String, ExitCode> {
    let flags = Configured { listen: arguments.listen.clone(), ..Configured::default() };
    configured(&flags, output).map(|(config, _)| config.listen)
}

/// A router that listens everywhere is reached on loopback.
fn reachable(listen: &str) -> String {
    match listen.rsplit_once(':') {
        Some(("0.0.0.0", port)) => format!("127.0.0.1:{port}"),
        Some(("[::]", port)) => format!("[::1]:{port}"),
        _ => listen.to_owned(),
    }
}

async fn ask(listen: &str) -> Result<String, reqwest::Error> {
    let client = service::http_client::build_with(|builder| builder.timeout(PATIENCE))?;
    client.get(format!("http://{listen}/health")).send().await?.error_for_status()?.text().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_address_is_asked_on_loopback() {
        assert_eq!(reachable("0.0.0.0:8090"), "127.0.0.1:8090");
        assert_eq!(reachable("[::]:8090"), "[::1]:8090");
        assert_eq!(reachable("router:8090"), "router:8090");
    }
}
