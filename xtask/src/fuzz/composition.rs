//! Composition over schemas that nobody would write: the cases of the crate `composition`, a few of their tokens changed. Nothing may
//! make it panic, hang, or fill the memory.

use std::fs;
use std::path::Path;

use composition::{SubgraphInput, compose};

use super::mutate::mutated;
use super::{Watch, say};
use crate::cases::{self, CASES};
use crate::failure::{Context, Failure, Result};
use crate::random::Random;
use crate::workspace::Workspace;

/// Composes until the watch says that it is enough. What is about to be composed is in `current`.
pub(super) fn work(workspace: &Workspace, watch: &Watch, seed: u64, current: &Path) -> Result<()> {
    let corpus = corpus(&workspace.path(CASES))?;
    let all: Vec<String> = corpus.iter().flatten().map(|input| input.sdl.clone()).collect();
    let mut random = Random::new(seed);
    let (mut tried, mut valid) = (0_u64, 0_u64);
    while watch.goes_on() {
        let Some(case) = random.pick(&corpus) else { return Err(Failure::new(format!("{CASES} is empty"))) };
        let mut inputs = case.clone();
        let at = random.below(inputs.len());
        inputs[at].sdl = mutated(&inputs[at].sdl, &all, &mut random);
        write(current, &inputs)?;
        valid += u64::from(compose(&inputs).is_ok());
        tried += 1;
    }
    say(&format!("composition, seed {seed}: {tried} inputs, {valid} of them composed, {watch}"))
}

/// Composes the *.graphql files of a folder once.
pub(super) fn replay(folder: &Path) -> Result<()> {
    let inputs = cases::subgraphs(folder)?;
    match compose(&inputs) {
        Ok(composition) => say(&composition.supergraph_sdl),
        Err(errors) => say(&composition::report::human(&errors, &inputs)),
    }
}

fn corpus(folder: &Path) -> Result<Vec<Vec<SubgraphInput>>> {
    cases::folders(folder)?.iter().map(|case| cases::subgraphs(case)).collect()
}

fn write(folder: &Path, inputs: &[SubgraphInput]) -> Result<()> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).context(folder.display())?;
    for input in inputs {
        let path = folder.join(format!("{}.graphql", input.name));
        fs::write(&path, &input.sdl).context(path.display())?;
    }
    Ok(())
}
