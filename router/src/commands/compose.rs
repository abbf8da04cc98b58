//! `compose`: subgraphs to a supergraph SDL, or every reason why not.

use std::{path::PathBuf, process::ExitCode};

use composition::{
    Composition, CompositionErrors,
    report::{self, Finding},
};
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
    let Err(error) = compose(arguments, output) else { return ExitCode::SUCCESS };
    let told = match arguments.format {
        ErrorFormat::Human => return output.fail(error),
        ErrorFormat::Json => format!("{}\n", in_json(&error)),
        ErrorFormat::Github => report::github(&findings(&error)),
        ErrorFormat::Sarif => format!("{:#}\n", report::sarif(&findings(&error), "eventhub-router compose")),
    };
    output.say(told);
    ExitCode::FAILURE
}

fn compose(arguments: &ComposeArgs, output: &mut Output<'_>) -> Result<(), ComposeError> {
    let (subgraphs, _) = source::list(&arguments.subgraphs)?;
    let composed = composition::compose(&subgraphs).and_then(|whole| contract(whole, arguments));
    let composed = composed.map_err(|errors| SourceError::Composition { errors, subgraphs })?;
    let sdl = composed.supergraph_sdl;
    if arguments.output.as_os_str() == "-" {
        output.say(sdl);
        return Ok(());
    }
    let path = &arguments.output;
    std::fs::write(path, sdl).map_err(|cause| ComposeError::Unwritable { path: path.clone(), cause })
}

/// The part of the graph that the tags ask for: all of it, when they ask for nothing.
fn contract(whole: Composition, arguments: &ComposeArgs) -> Result<Composition, CompositionErrors> {
    let ComposeArgs { include_tags, exclude_tags, .. } = arguments;
    if include_tags.is_empty() && exclude_tags.is_empty() {
        return Ok(whole);
    }
    composition::contract(&whole, include_tags, exclude_tags)
}

/// `{"errors":[{"code","message","locations"}]}`.
fn in_json(error: &ComposeError) -> Value {
    if let ComposeError::Source(SourceError::Composition { errors, .. }) = error {
        return report::json(errors);
    }
    let entry =
        |finding: Finding| json!({ "code": finding.code, "message": finding.message, "locations": [] });
    json!({ "errors": findings(error).into_iter().map(entry).collect::<Vec<_>>() })
}

/// Only what is wrong with the subgraphs themselves has a documented code and a place.
fn findings(error: &ComposeError) -> Vec<Finding> {
    match error {
        ComposeError::Source(SourceError::Composition { errors, subgraphs }) => {
            report::of_errors(errors, subgraphs)
        }
        ComposeError::Source(SourceError::Urls(errors)) => plain("INVALID_URL", errors),
        ComposeError::Source(SourceError::List(errors)) => plain("INVALID_SUBGRAPH_LIST", errors),
        ComposeError::Source(SourceError::Unreadable { .. }) => plain("INVALID_SUBGRAPH_LIST", &[error]),
        ComposeError::Unwritable { path, cause } => {
            plain("UNWRITABLE_OUTPUT", &[format!("{}: {cause}", path.display())])
        }
    }
}

fn plain(code: &str, errors: &[impl ToString]) -> Vec<Finding> {
    errors.iter().map(|error| Finding::error(code, error.to_string())).collect()
}
