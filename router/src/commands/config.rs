//! `config check`, `config explain`, `config schema`; and where the configuration's sources are read.

use std::process::ExitCode;

use service::env::Reader;

use super::{Output, configured};
use crate::{
    cli::{ConfigAction, Configured},
    config::{self, ConfigError, SETTINGS, Sources},
};

pub(super) fn run(action: &ConfigAction, output: &mut Output<'_>) -> ExitCode {
    let outcome = match action {
        ConfigAction::Check(flags) => {
            configured(flags, output).map(|_| "the configuration is sound\n".to_owned())
        }
        ConfigAction::Explain(flags) => configured(flags, output).map(|(_, values)| config::explain(&values)),
        ConfigAction::Schema => Ok(format!("{:#}\n", config::schema())),
    };
    match outcome {
        Ok(text) => {
            output.say(text);
            ExitCode::SUCCESS
        }
        Err(code) => code,
    }
}

/// Gathers the sources: the file that `--config` names, the environment variables that settings have, and the flags.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn sources(flags: &Configured) -> Result<Sources, ConfigError> {
    let mut environment = Reader::from_process();
    let variables = SETTINGS.iter().filter_map(|setting| setting.env);
    let set = variables.filter_map(|name| Some((name.to_owned(), environment.optional::<String>(name)??)));
    Ok(Sources { environment: set.collect(), flags: flags.settings(), file: file(flags)? })
}

fn file(flags: &Configured) -> Result<Option<(String, String)>, ConfigError> {
    let Some(path) = &flags.config else { return Ok(None) };
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some((name, text))),
        Err(error) => Err(ConfigError::Unreadable { file: name, reason: error.to_string() }),
    }
}
