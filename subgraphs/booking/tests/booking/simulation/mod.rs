//! The saga in a world of chance: one seed is one sale, with buyers, replicas, crashes, clocks that jump and peers that lose,
//! repeat, delay and reorder; afterwards every invariant holds that can be seen from here.
//!
//! What is real: the use-cases, the saga, the workers and the booking database. What is played: the ticket service ([`stock`]),
//! the payment provider ([`bank`]), the network between them ([`network`]), the people ([`people`]) and the order in which
//! things happen ([`scheduler`]). No sockets, no sleeping, no time but the world's.
//!
//! **Why a seed repeats itself.** One thread polls one future at a time, until it waits for the network; the next one is drawn.
//! A statement needs SQLite's own thread, so a future that waits for the database alone is polled again before anybody else's
//! turn comes: a stretch between two calls to a peer is one atomic step. Replicas therefore never wait for each other's
//! transactions here (`pair.rs` and the fault tests in `xtask` see to those), and rows are worked on one at a time
//! (`Store::at_once`).
//!
//! A replica dies where one of its futures waits for a peer: before the call took effect, or after. Where inside a stretch it
//! would die depends on how fast SQLite's thread is, and nearly every stretch has one commit, so that this leaves the same rows.
//!
//! `EVENTHUB_SIMULATION_SEEDS=10000` runs that many seeds, `EVENTHUB_SIMULATION_SEED=17` one again. What breaks is printed with its
//! seed and its history.

mod bank;
mod chance;
mod check;
mod network;
mod people;
mod scheduler;
mod stock;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sea_orm::ConnectionTrait;
use service::env::Reader;
use subgraph::database::{self, Config, Database};

use network::Flaw;

/// How many seeds are run when nobody says how many: what a developer waits for.
const SEEDS: u64 = 400;
/// How many seeds a broken peer may survive.
const SURVIVED: u64 = 400;

/// A sale in which an invariant did not hold.
pub(crate) struct Failure {
    seed: u64,
    why: String,
    history: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, why, history } = self;
        writeln!(f, "seed {seed}: {why}")?;
        history.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        write!(
            f,
            "seed {seed}: {why}\nagain: EVENTHUB_SIMULATION_SEED={seed} cargo test --workspace --test booking simulation"
        )
    }
}

#[test]
fn whatever_happens_during_a_sale_its_invariants_hold() {
    let mut env = Reader::from_process();
    let number = |env: &mut Reader, name| env.optional::<u64>(name).flatten();
    let seeds = match number(&mut env, "EVENTHUB_SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number(&mut env, "EVENTHUB_SIMULATION_SEEDS").unwrap_or(SEEDS),
    };
    if let Some(failure) = run(seeds, Flaw::None) {
        panic!("{failure}");
    }
}

#[test]
fn a_seed_repeats_itself() {
    on_a_database(async |database| {
        for seed in 0..20 {
            let first = scheduler::run(database, seed, Flaw::None).await;
            let again = scheduler::run(database, seed, Flaw::None).await;
            assert!(first == again, "seed {seed}:\n{}\n\nagain:\n{}", first.text(), again.text());
        }
    });
}

/// A simulation that never gets to the hard cases would be content with everything.
#[test]
fn every_end_of_a_booking_and_every_fence_is_met() {
    let mut unmet = vec![
        " ends PAID",
        " ends EXPIRED",
        " ends BUYER",
        " ends ADMIN",
        " ends EVENT_CANCELLED",
        " ends HOLD_REJECTED",
        " ends LATE_PAYMENT",
        // What was released is neither taken nor confirmed any more; what was used is not taken back.
        "Hold(Err(Refused { code: InvalidTransition",
        "Released(Err(Refused { code: InvalidTransition",
        "Hold(Err(Refused { code: HoldExpired",
        "Hold(Err(Refused { code: EventNotOpen",
        "Hold(Err(Refused { code: VoucherInvalid",
        "Hold(Err(Refused { code: VoucherUsedUp",
        "Refunded(Refused",
        "Charge(None)",
    ];
    on_a_database(async |database| {
        for seed in 0..SEEDS {
            let sale = scheduler::run(database, seed, Flaw::None).await;
            unmet.retain(|words| !sale.history.iter().any(|line| line.contains(words)));
            if unmet.is_empty() {
                return;
            }
        }
        panic!("never met in {SEEDS} sales: {unmet:?}");
    });
}

/// A peer that does not do what it says leaves what a saga would leave that forgot the step: the simulation must see it.
#[test]
fn every_forgotten_step_is_found() {
    for flaw in Flaw::ALL {
        let found = run(0..SURVIVED, flaw).unwrap_or_else(|| panic!("nobody notices {flaw:?}"));
        println!("{flaw:?}: {}", found.why);
    }
}

/// Runs `seeds` on as many threads as there are processors; answers with the first failure that is found.
fn run(seeds: std::ops::Range<u64>, flaw: Flaw) -> Option<Failure> {
    let (next, over) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        on_a_database(async |database| {
            while !over.load(Ordering::Relaxed) {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if !seeds.contains(&seed) {
                    return None;
                }
                let sale = scheduler::run(database, seed, flaw).await;
                if let Some(why) = sale.broken {
                    over.store(true, Ordering::Relaxed);
                    return Some(Failure { seed, why, history: sale.history });
                }
            }
            None
        })
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let found = threads.into_iter().filter_map(|thread| thread.join().expect("a thread ends"));
        found.min_by_key(|failure| failure.seed)
    })
}

/// Runs `work` on this thread alone, with a database that one sale after the other uses: SQLite whatever other tests use, for
/// on a server ten thousand sales take too long.
fn on_a_database<T>(work: impl AsyncFnOnce(&Database) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a temporary directory");
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("booking.db").display());
    let config = Config { durable: false, ..Config::at(url) };
    runtime.block_on(async {
        let database = Database::connect(&config).await.expect("SQLite opens");
        database::migrate::<migration::booking::Migrator>(&database, &config)
            .await
            .expect("the tables are made");
        // The history lets nobody clear the table, and the next sale wants it empty.
        let open = "DROP TRIGGER booking_history_no_delete";
        database.write().execute_unprepared(open).await.expect("the trigger goes");
        work(&database).await
    })
}
