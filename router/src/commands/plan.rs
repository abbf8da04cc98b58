//! `plan`: the query plan of an operation over a supergraph.

use std::{io::Read, path::Path, process::ExitCode, sync::Arc};

use apollo_compiler::response::JsonMap;
use federation::Supergraph;
use planner::{Planner, QueryPlan};

use super::Output;
use crate::{
    cli::{PlanArgs, PlanFormat},
    explain::explain,
};

pub(super) fn run(arguments: &PlanArgs, output: &mut Output<'_>) -> ExitCode {
    match planned(arguments).map(|plan| shown(&plan, arguments.format)) {
        Ok(text) => {
            output.say(text);
            ExitCode::SUCCESS
        }
        Err(error) => output.fail(format!("error: {error}")),
    }
}

fn planned(arguments: &PlanArgs) -> Result<QueryPlan, String> {
    let sdl = read(&arguments.supergraph)?;
    let operation = read(&arguments.operation)?;
    let variables: JsonMap =
        serde_json::from_str(&arguments.variables).map_err(|error| format!("--variables: {error}"))?;
    let supergraph = Arc::new(
        Supergraph::parse(&sdl).map_err(|error| format!("{}: {error}", arguments.supergraph.display()))?,
    );
    let planner = Planner::new(Arc::clone(&supergraph));
    let meant = (arguments.name.as_deref(), &variables);
    explain(&supergraph, &planner, &operation, meant).map_err(|error| error.to_string())
}

fn shown(plan: &QueryPlan, format: PlanFormat) -> String {
    match format {
        PlanFormat::Text => format!("{}\n", plan.to_string().trim_end()),
        PlanFormat::Json => format!("{:#}\n", plan.to_json()),
    }
}

fn read(path: &Path) -> Result<String, String> {
    let text = if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    text.map_err(|error| format!("{}: {error}", path.display()))
}
