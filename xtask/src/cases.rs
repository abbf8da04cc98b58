//! Folders of composition cases: each `*.graphql` file but `supergraph.graphql` is a subgraph.

use std::fs;
use std::path::{Path, PathBuf};

use composition::SubgraphInput;

use crate::failure::{Context, Result};

/// The cases of the crate `composition`.
pub const CASES: &str = "schema/composition/tests/cases";

/// The folders of the cases in `folder`, by name.
///
/// # Errors
/// When it cannot be read.
pub fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).context(folder.display())?;
    let mut cases = entries
        .map(|entry| entry.context(folder.display()).map(|entry| entry.path()))
        .collect::<Result<Vec<_>>>()?;
    cases.retain(|case| case.is_dir());
    cases.sort();
    Ok(cases)
}

/// The subgraphs of a case, by name.
///
/// # Errors
/// When they cannot be read.
pub fn subgraphs(case: &Path) -> Result<Vec<SubgraphInput>> {
    let mut inputs = Vec::new();
    for entry in fs::read_dir(case).context(case.display())? {
        let path = entry.context(case.display())?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        if path.extension().is_some_and(|extension| extension == "graphql") && name != "supergraph" {
            let sdl = fs::read_to_string(&path).context(path.display())?;
            inputs.push(SubgraphInput { url: format!("http://{name}/graphql"), name, sdl, source: None });
        }
    }
    inputs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(inputs)
}
