//! `compose`: subgraphs to a supergraph SDL, or every reason why not.

use std::process::ExitCode;

use composition::{Composition, report};

use super::Output;
use crate::{
    cli::{ComposeArgs, ErrorFormat},
    source::{self, SourceError},
};

pub(super) fn run(arguments: &ComposeArgs, output: &mut Output<'_>) -> ExitCode {
    match composed(arguments) {
        Ok(composition) => write(arguments, &composition, output),
        Err(error) => match arguments.format {
            ErrorFormat::Human => output.fail(error),
            ErrorFormat::Json => {
                output.say(format!("{}\n", json(&error)));
                ExitCode::FAILURE
            }
        },
    }
}

fn composed(arguments: &ComposeArgs) -> Result<Composition, SourceError> {
    let (subgraphs, _) = source::list(&arguments.subgraphs)?;
    source::compose(subgraphs)
}

fn write(arguments: &ComposeArgs, composition: &Composition, output: &mut Output<'_>) -> ExitCode {
    if arguments.output.as_os_str() == "-" {
        output.say(&composition.supergraph_sdl);
        return ExitCode::SUCCESS;
    }
    match std::fs::write(&arguments.output, &composition.supergraph_sdl) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output.fail(format!("error: {}: {error}", arguments.output.display())),
    }
}

/// `{"errors":[{"code","message","locations"}]}`. What is wrong with the list itself has no documented code.
fn json(error: &SourceError) -> serde_json::Value {
    let plain = |messages: Vec<String>| {
        let entries = messages.into_iter().map(|message| {
            serde_json::json!({ "code": "INVALID_SUBGRAPH_LIST", "message": message, "locations": [] })
        });
        serde_json::json!({ "errors": entries.collect::<Vec<_>>() })
    };
    match error {
        SourceError::Composition { errors, .. } => report::json(errors),
        SourceError::List(errors) => plain(errors.iter().map(ToString::to_string).collect()),
        SourceError::Unreadable { .. } => plain(vec![error.to_string()]),
    }
}
