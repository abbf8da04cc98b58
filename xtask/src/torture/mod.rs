//! `cargo xtask torture`: a real stack sells tickets to people who do not wait and ask again, while a nemesis kills, stops, cuts off and fills
//! the disk. Then it heals; whatever is left is sold; and when everything has come to rest, nothing that anybody was told may be untrue.
//!
//! Read in this order: [`round`] (what happens when), [`nemesis`] with [`proxy`] and [`disk`] (what is done to the stack), [`person`] with
//! [`buyer`] and [`staff`] (who asks) and [`listener`] (who is told), [`told`] and [`verdict`] (how it is judged). The seed decides what is drawn,
//! not how threads and clocks meet: a failing run keeps its history, logs and databases.

mod buyer;
mod disk;
mod history;
mod listener;
mod nemesis;
mod person;
mod proxy;
mod round;
mod staff;
mod told;
mod verdict;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use reqwest::Url;

use crate::failure::{Context, Failure, Result};
use crate::random::{Random, random_seed};
use crate::services::Service;
use crate::stack::child::{Stack, Start, free_offset};
use crate::stack::options::Database;
use crate::stack::seed::Graph;
use crate::workspace::{Profile, Workspace};
use disk::Disk;
use history::History;
use listener::Listener;
use nemesis::Nemesis;
use proxy::Wire;
use round::{Score, Stage};

/// Short holds and offers and eager workers, so that a round comes to rest within seconds; and webhooks to this process.
const ENVIRONMENT: [(&str, &str); 4] = [
    ("EVENTHUB_HOLD_TTL", "5s"),
    ("EVENTHUB_OFFER_TTL", "3s"),
    ("EVENTHUB_WORKER_INTERVAL", "200ms"),
    ("EVENTHUB_WEBHOOK_REACH", "anywhere"),
];

/// The options of `cargo xtask torture`.
#[derive(Args, Clone, Debug)]
pub struct TortureOptions {
    /// How long, in rounds of about a minute; one round at least
    #[arg(long, default_value_t = 60, value_name = "N")]
    seconds: u64,
    /// The same in minutes
    #[arg(long, value_name = "N", conflicts_with = "seconds")]
    minutes: Option<u64>,
    /// Where the random numbers begin; a run says which it used
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// `sqlite`, or `mysql=URL-prefix`, as for `cargo xtask dev`
    #[arg(long, default_value = "sqlite", value_name = "KIND")]
    database: Database,
    /// Buyers at the same time
    #[arg(long, default_value_t = 10, value_name = "N")]
    buyers: usize,
    /// How long the faults last in each round, in seconds
    #[arg(long, default_value_t = 20, value_name = "N")]
    wild: u64,
    /// Run the optimised programs
    #[arg(long)]
    release: bool,
}

/// Plays rounds until the time is over or something is wrong.
///
/// # Errors
/// When something is; it says where the history is kept.
pub async fn torture(options: &TortureOptions) -> Result<()> {
    let workspace = Workspace::find()?;
    let profile = Profile::release(options.release);
    workspace.build(profile)?;
    let seed = options.seed.map_or_else(random_seed, Ok)?;
    let folder = workspace.target().join("torture").join(format!("{seed}-{}", std::process::id()));
    fs::create_dir_all(&folder).context(folder.display())?;
    let outcome = match stage(options, profile, folder.clone()).await {
        Ok(stage) => rounds(&stage, options, seed).await,
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(words) => {
            // Nobody needs it any more; what cannot be removed is in the target folder.
            let _ = fs::remove_dir_all(&folder);
            say(&words);
            Ok(())
        }
        Err(failure) => Err(Failure::new(format!(
            "seed {seed}: {failure}\nhistory, logs and databases are kept in {}",
            folder.display()
        ))),
    }
}

async fn rounds(stage: &Stage, options: &TortureOptions, seed: u64) -> Result<String> {
    let mut random = Random::new(seed);
    let started = Instant::now();
    let time = Duration::from_secs(options.minutes.map_or(options.seconds, |minutes| minutes * 60));
    let mut total = Score::default();
    let mut number = 0;
    while number == 0 || started.elapsed() < time {
        let outcome = stage.play(number, random.split()).await;
        stage.history.flush();
        let score = outcome?;
        say(&format!("round {number}: {score}, {} s", started.elapsed().as_secs()));
        total = total + score;
        number += 1;
    }
    let storage = match (&stage.nemesis.disk, &stage.nemesis.database) {
        (Some(_), _) => "a disk that was full at times",
        (_, Some(_)) => "a database server that was cut off at times",
        (None, None) => "nothing done to the storage",
    };
    Ok(format!(
        "{number} rounds on {} in {} s, seed {seed}, {storage}: {total}; nothing lost, nothing sold twice, all sold out",
        options.database,
        started.elapsed().as_secs()
    ))
}

/// A stack whose every wire is in our hands.
async fn stage(options: &TortureOptions, profile: Profile, folder: PathBuf) -> Result<Stage> {
    let port_offset = free_offset(&[])?;
    let shifted = free_offset(&[port_offset])?;
    let mut wires = BTreeMap::new();
    for service in Service::ALL {
        let listen = format!("127.0.0.1:{}", service.port() + shifted);
        let target = format!("127.0.0.1:{}", service.port() + port_offset);
        wires.insert(service, Wire::lay(&listen, target).await?);
    }
    let history = History::open(&folder.join("history.jsonl"))?;
    let (database, wire) = wired(&options.database).await?;
    let disk = if wire.is_none() { Disk::mount(&folder)? } else { None };
    if wire.is_none() && disk.is_none() {
        say("no file system can be mounted here: the disk is never full in this run");
    }
    let stack = Stack::start(&Start {
        folder: &folder,
        profile,
        database: &database,
        port_offset,
        peer_offset: shifted - port_offset,
        environment: &ENVIRONMENT,
    })?;
    let router = format!("http://127.0.0.1:{}", Service::Router.port() + shifted);
    let mut graph = Graph::new(&router);
    graph.log_in(&stack.record.admin).await?;
    let listener = Listener::open(history.clone()).await?;
    listener.register(&graph).await?;
    let nemesis = Nemesis { stack, wires, database: wire, disk, history: history.clone() };
    let wild = Duration::from_secs(options.wild);
    Ok(Stage { nemesis, listener, history, router, folder, buyers: options.buyers, wild })
}

/// The same database server behind a wire, with databases of this run only.
async fn wired(database: &Database) -> Result<(Database, Option<Wire>)> {
    let Database::Mysql(prefix) = database else { return Ok((database.clone(), None)) };
    let mut url = Url::parse(prefix).context(prefix)?;
    let target = format!("{}:{}", url.host_str().unwrap_or("127.0.0.1"), url.port().unwrap_or(3306));
    let wire = Wire::lay("127.0.0.1:0", target).await?;
    let moved = url.set_host(Some("127.0.0.1")).is_ok() && url.set_port(Some(wire.address().port())).is_ok();
    if !moved {
        return Err(Failure::new(format!("{prefix} has no address that could be wired")));
    }
    Ok((Database::Mysql(format!("{url}{}_", std::process::id())), Some(wire)))
}

#[expect(clippy::print_stdout, reason = "the words of the command")]
fn say(text: &str) {
    println!("{text}");
}
