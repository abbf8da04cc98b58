//! The router against a single server: random supergraphs, random data, random operations. The two must answer the same, byte for byte.

use std::fs;
use std::path::Path;

use fixture::Case;
use fixture::property::{Outcome, Tapes, check, shrink, try_tapes};

use super::{Watch, say};
use crate::failure::{Context, Failure, Result};
use crate::random::Random;

/// Operations over one supergraph: composing it costs more than answering them.
const OPERATIONS: usize = 20;
const BYTES: usize = 600;

/// Tries until the watch says that it is enough. The bytes that are about to be tried are in `current`, and what fails, made small, is
/// a case there afterwards.
pub(super) fn work(watch: &Watch, seed: u64, current: &Path) -> Result<()> {
    fs::create_dir_all(current).context(current.display())?;
    let mut random = Random::new(seed);
    let (mut held, mut discarded) = (0_u64, 0_u64);
    while watch.goes_on() {
        let (graph, data) = (random.bytes(BYTES), random.bytes(BYTES));
        for _ in 0..OPERATIONS {
            let tapes = Tapes { graph: graph.clone(), data: data.clone(), operation: random.bytes(BYTES) };
            let tape = current.join("tape");
            fs::write(&tape, [tapes.graph.as_slice(), &tapes.data, &tapes.operation].concat())
                .context(tape.display())?;
            match try_tapes(&tapes) {
                (_, Outcome::Holds) => held += 1,
                (case, Outcome::Discarded) => {
                    discarded += 1;
                    if case.operation.is_empty() {
                        break;
                    }
                }
                (_, Outcome::Fails(_)) => return keep(&shrink(tapes, watch.patience()), current),
            }
        }
    }
    say(&format!("answers, seed {seed}: {held} operations answered alike, {discarded} discarded, {watch}"))
}

/// Writes the case that the bytes stand for, and says what is wrong with it.
fn keep(tapes: &Tapes, folder: &Path) -> Result<()> {
    let (case, outcome) = try_tapes(tapes);
    case.write(folder).context(folder.display())?;
    verdict(outcome)
}

/// Tries the case of a folder, or the bytes that a process died of.
pub(super) fn replay(folder: &Path) -> Result<()> {
    let tape = folder.join("tape");
    if let Ok(bytes) = fs::read(&tape) {
        let mut parts = bytes.chunks(BYTES).map(<[u8]>::to_vec);
        let mut part = || parts.next().unwrap_or_default();
        return verdict(try_tapes(&Tapes { graph: part(), data: part(), operation: part() }).1);
    }
    let case = Case::read(folder).context(folder.display())?;
    let world = case.world().context(folder.display())?;
    verdict(check(&world, &case.operation, &case.variables))
}

fn verdict(outcome: Outcome) -> Result<()> {
    match outcome {
        Outcome::Holds => say("the router answers as a single server would"),
        Outcome::Discarded => say("the subgraphs do not compose, or the operation is not valid for them"),
        Outcome::Fails(why) => Err(Failure::new(why)),
    }
}
