//! `compose`: subgraphs to a supergraph SDL, or every reason why not.

use std::{path::PathBuf, process::ExitCode};

use composition::report;
use serde_json::{Value, json};

use super::Output;
use crate::{
    cli::{ComposeArgs, ErrorFormat},
    source::{self, SourceError},
};

/// Why there is no supergraph at the end.
#[derive(Debug, thiserror::Error)]
enum ComposeError {
    #[error("{0}")]
    Source(#[from] SourceError),
    #[error("error: {}: {cause}", path.display())]
    Unwritable { path: PathBuf, cause: std::io::Error },
}

pub(super) fn run(arguments: &ComposeArgs, output: &mut Output<'_>) -> ExitCode {
    match compose(arguments, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => match arguments.format {
            ErrorFormat::Human => output.fail(error),
            ErrorFormat::Json => {
                output.say(format!("{}\n", in_json(&error)));
                ExitCode::FAILURE
            }
        },
    }
}

fn compose(arguments: &ComposeArgs, output: &mut Output<'_>) -> Result<(), ComposeError> {
    let (subgraphs, _) = source::list(&arguments.subgraphs)?;
    let sdl = source::compose(subgraphs)?.supergraph_sdl;
    if arguments.output.as_os_str() == "-" {
        output.say(sdl);
        return Ok(());
    }
    let path = &arguments.output;
    std::fs::write(path, sdl).map_err(|cause| ComposeError::Unwritable { path: path.clone(), cause })
}

/// `{"errors":[{"code","message","locations"}]}`. Only what is wrong with the subgraphs themselves has a documented code.
fn in_json(error: &ComposeError) -> Value {
    match error {
        ComposeError::Source(SourceError::Composition { errors, .. }) => report::json(errors),
        ComposeError::Source(SourceError::Urls(errors)) => plain("INVALID_URL", errors),
        ComposeError::Source(SourceError::List(errors)) => plain("INVALID_SUBGRAPH_LIST", errors),
        ComposeError::Source(SourceError::Unreadable { .. }) => plain("INVALID_SUBGRAPH_LIST", &[error]),
        ComposeError::Unwritable { path, cause } => {
            plain("UNWRITABLE_OUTPUT", &[format!("{}: {cause}", path.display())])
        }
    }
}

fn plain(code: &str, errors: &[impl ToString]) -> Value {
    let entry = |error| json!({ "code": code, "message": error, "locations": [] });
    json!({ "errors": errors.iter().map(ToString::to_string).map(entry).collect::<Vec<_>>() })
}
