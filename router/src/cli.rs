//! The command line: words and flags, nothing of what they do.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Composes, plans and serves a federated graph.
#[derive(Debug, Parser)]
#[command(name = "eventhub-router", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; `serve` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Flags of `serve`, when it is not named.
    #[command(flatten)]
    pub serve: Configured,
}

/// What the router can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve a supergraph.
    Serve(Configured),
    /// Compose subgraphs into a supergraph.
    Compose(ComposeArgs),
    /// Print the query plan of an operation.
    Plan(PlanArgs),
    /// Look at the configuration.
    Config(ConfigArgs),
    /// Ask a running router whether it is alive; for container probes.
    Health(HealthArgs),
}

/// Flags that reach settings.
#[derive(Debug, Clone, Default, Args)]
pub struct Configured {
    /// Supergraph SDL to serve; watched.
    #[arg(long, value_name = "FILE")]
    pub supergraph: Option<String>,
    /// List of subgraphs to compose and serve (supergraph.yaml, or JSON).
    #[arg(long, value_name = "FILE")]
    pub subgraphs: Option<String>,
    /// Where to listen.
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// Configuration file (YAML).
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Any setting: `--set limits.deadline=5s`. May be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,
}

impl Configured {
    /// The flags that were given, by the key of their setting.
    pub fn settings(&self) -> Vec<(String, String)> {
        let named =
            [("supergraph", &self.supergraph), ("compose", &self.subgraphs), ("listen", &self.listen)];
        let named = named.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)));
        named.chain(self.set.iter().cloned()).collect()
    }
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

/// Flags of `compose`.
#[derive(Debug, Args)]
pub struct ComposeArgs {
    /// List of subgraphs: supergraph.yaml, or JSON `[{"name","url","sdl"}]`.
    #[arg(long, value_name = "FILE")]
    pub subgraphs: PathBuf,
    /// Where the supergraph SDL is written; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
    /// How errors are shown.
    #[arg(long, value_enum, default_value_t = ErrorFormat::Human)]
    pub format: ErrorFormat,
    /// Show clients only what has this `@tag`, or another that is included. May be repeated.
    #[arg(long = "include-tag", value_name = "TAG")]
    pub include_tags: Vec<String>,
    /// Hide from clients what has this `@tag`. May be repeated.
    #[arg(long = "exclude-tag", value_name = "TAG")]
    pub exclude_tags: Vec<String>,
}

/// For whom errors are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ErrorFormat {
    /// For people, with the lines that they are about.
    Human,
    /// For tools.
    Json,
    /// For GitHub: workflow commands.
    Github,
    /// For code scanners: SARIF 2.1.0.
    Sarif,
}

/// Flags of `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Supergraph SDL.
    #[arg(long, value_name = "FILE")]
    pub supergraph: PathBuf,
    /// Document with the operation; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub operation: PathBuf,
    /// Which operation of the document.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Values of variables, as a JSON object: those that `@skip` and `@include` read change the plan.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    pub variables: String,
    /// How the plan is shown.
    #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
    pub format: PlanFormat,
}

/// For whom a plan is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people.
    Text,
    /// For tools.
    Json,
}

/// What of the configuration.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub action: ConfigAction,
}

/// What can be done with a configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigAction {
    /// Say everything that is wrong with it.
    Check(Configured),
    /// Say each setting's value and who gave it.
    Explain(Configured),
    /// Print the JSON Schema of the file.
    Schema,
}

/// Flags of `health`.
#[derive(Debug, Args)]
pub struct HealthArgs {
    /// Where the router listens; its configuration says, when this does not.
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_need_not_be_named() {
        let cli =
            Cli::try_parse_from(["eventhub-router", "--supergraph", "a.graphql", "--listen", "h:1"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(
            cli.serve.settings(),
            [("supergraph".to_owned(), "a.graphql".to_owned()), ("listen".to_owned(), "h:1".to_owned())]
        );
    }
}
