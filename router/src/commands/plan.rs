//! `plan`: the query plan of an operation over a supergraph.

use std::{io::Read, path::Path, process::ExitCode, sync::Arc};

use apollo_compiler::response::JsonMap;
use federation::Supergraph;
use planner::{Planner, QueryPlan};

use super::Output;
use crate::{
    cli::{PlanArgs, PlanFormat},
    explain::{ExplainError, Question, explain},
};

pub(super) fn run(arguments: &PlanArgs, output: &mut Output<'_>) -> ExitCode {
    match planned(arguments).map(|plan| shown(&plan, arguments.format)) {
        Ok(text) => {
            output.say(text);
            ExitCode::SUCCESS
        }
        Err(errors) => {
            let lines: Vec<String> = errors.iter().map(|error| format!("error: {error}")).collect();
            output.fail(lines.join("\n"))
        }
    }
}

fn planned(arguments: &PlanArgs) -> Result<QueryPlan, Vec<String>> {
    let sdl = read(&arguments.supergraph)?;
    let operation = read(&arguments.operation)?;
    let variables: JsonMap =
        serde_json::from_str(&arguments.variables).map_err(|error| vec![format!("--variables: {error}")])?;
    let supergraph = Supergraph::parse(&sdl)
        .map_err(|error| vec![format!("{}: {error}", arguments.supergraph.display())])?;
    let supergraph = Arc::new(supergraph);
    let planner = Planner::new(Arc::clone(&supergraph));
    let question = Question {
        source: &arguments.operation.display().to_string(),
        document: &operation,
        operation: arguments.name.as_deref(),
        variables: &variables,
    };
    explain(&supergraph, &planner, &question).map_err(words)
}

fn words(error: ExplainError) -> Vec<String> {
    let told = error.to_string();
    match error {
        ExplainError::Invalid(reports) => reports,
        ExplainError::Undecided(name) => {
            vec![format!(r#"{told}: give --variables '{{"{name}": true}}', or false"#)]
        }
        ExplainError::Request(_) | ExplainError::Unplannable(_) => vec![told],
    }
}

fn shown(plan: &QueryPlan, format: PlanFormat) -> String {
    match format {
        PlanFormat::Text => format!("{}\n", plan.to_string().trim_end()),
        PlanFormat::Json => format!("{:#}\n", plan.to_json()),
    }
}

fn read(path: &Path) -> Result<String, Vec<String>> {
    let text = if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    text.map_err(|error| vec![format!("{}: {error}", path.display())])
}
