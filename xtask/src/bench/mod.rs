//! `cargo xtask bench sale` ([`sale`]) and `cargo xtask bench router`: how many requests a second the router answers, how long they take and what they cost, with and without joining equal
//! operations and equal subgraph requests, side by side with the floor ([`floor`]) and with other routers (`--peer`).
//!
//! Every contender runs alone on the first core; the load and the subgraphs, which answer from memory ([`http`]), share the second. All
//! of them do the same work ([`shop`], or any case folder), in rounds that take turns, so that what the machine does meanwhile hits all alike.
//! Every answer is compared with the one that a single server gives.

mod floor;
mod http;
mod process;
mod sale;
mod shop;
mod unseen;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::{Args, Subcommand};
use executor::{SubgraphClient, SubgraphError, SubgraphRequest, SubgraphResponse};
use fixture::{Case, World};
use serde_json::{Value, json};
use tokio::task::LocalSet;

use crate::failure::{Context, Failure, Result};
use crate::services::Service;
use crate::workspace::{Profile, Workspace, own_program, succeed};
use floor::{Call, Script};
use http::{Connection, Load, Work, cut, listener, load, serve};
use process::{Measured, Usage};
use sale::SaleOptions;
use unseen::Unseen;

/// How long a contender may take to start.
const START: Duration = Duration::from_secs(30);
/// Load before each measurement, so that what is made once is made.
const WARM_UP: Duration = Duration::from_secs(1);

/// The contender that makes the calls by hand.
const FLOOR: &str = "floor";
/// Each operation is executed, with equal requests to subgraphs sent once.
const FETCHES_ONLY: [&str; 1] = ["request_join=false"];
/// Everything is done for every request.
const NO_JOINING: [&str; 2] = ["request_join=false", "subgraph_join=false"];

/// The options of `cargo xtask bench`.
#[derive(Args, Clone, Debug)]
pub struct BenchOptions {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Clone, Debug)]
enum What {
    /// The router, with the floor under it, and other routers
    Router(RouterOptions),
    /// The sale: bookings a second of one hot ticket type, with the floor under it
    Sale(SaleOptions),
    /// The floor, as a process of its own
    #[command(hide = true)]
    Floor { script: PathBuf },
}

#[derive(Args, Clone, Debug)]
struct RouterOptions {
    /// Another router: its name, and the command that starts it. `{supergraph}` is the SDL file, `{port}` where it shall listen
    #[arg(long, value_name = "NAME=COMMAND")]
    peer: Vec<String>,
    /// Other work: a folder with *.graphql, data.json, operation.graphql and variables.json
    #[arg(long, value_name = "DIR")]
    case: Option<PathBuf>,
    /// Connections that ask at the same time
    #[arg(long, default_value_t = 50, value_name = "N")]
    connections: usize,
    /// Length of a round, in seconds
    #[arg(long, default_value_t = 5, value_name = "N")]
    seconds: u64,
    /// Rounds of each contender; the one in the middle counts
    #[arg(long, default_value_t = 5, value_name = "N")]
    rounds: usize,
}

/// Measures.
///
/// # Errors
/// When a contender cannot be started or answers wrongly.
pub fn bench(options: &BenchOptions) -> Result<()> {
    match &options.what {
        What::Router(_) | What::Sale(_) if cfg!(debug_assertions) => optimised(),
        What::Router(options) => {
            process::pin(1);
            on_one_thread(router(options))
        }
        What::Sale(options) => on_one_thread(sale::sale(options)),
        What::Floor { script } => on_one_thread(floor::play(script)),
    }
}

/// A load made by an unoptimised program would measure itself: builds this one anew, and lets that do it.
fn optimised() -> Result<()> {
    let workspace = Workspace::find()?;
    let router = Service::Router.binary();
    succeed(&mut workspace.cargo(&[
        "build",
        "--workspace",
        "--release",
        "--bin",
        "xtask",
        "--bin",
        &router,
    ]))?;
    let mut again = Command::new(workspace.target().join("release").join("xtask"));
    succeed(again.args(std::env::args_os().skip(1)))
}

fn on_one_thread(work: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("a runtime")?;
    runtime.block_on(LocalSet::new().run_until(work))
}

/// Whoever is measured.
struct Contender {
    name: String,
    process: Measured,
    address: SocketAddr,
    work: Work,
    /// Until its first answer.
    start: Duration,
    rounds: Vec<Round>,
    /// What it had used when the load was over.
    used: Usage,
    /// What an operation costs because it is unseen; `None` for the floor, which knows one only.
    unseen: Option<Duration>,
}

/// What one round showed.
struct Round {
    load: Load,
    cpu: Duration,
}

async fn router(options: &RouterOptions) -> Result<()> {
    let workspace = Workspace::find()?;
    let folder = workspace.target().join("bench");
    fs::create_dir_all(&folder).context(folder.display())?;
    let (subgraphs, address) = listener().await?;
    let case = match &options.case {
        Some(folder) => moved(Case::read(folder).context(folder.display())?, address),
        None => shop::shop(&address.to_string()),
    };
    let prepared = Prepared::new(&case, address)?;
    let unseen = Unseen::of(&case.operation, &case.variables);
    let supergraph = folder.join("supergraph.graphql");
    fs::write(&supergraph, &prepared.world.supergraph_sdl).context(supergraph.display())?;
    let asked = Rc::new(RefCell::new(0_usize));
    tokio::task::spawn_local(from_memory(subgraphs, case, Rc::clone(&asked))?);

    let mut contenders = vec![
        prepared.contender("eventhub-router", ours(&workspace, &supergraph, &[])?).await?,
        prepared.contender("joining fetches only", ours(&workspace, &supergraph, &FETCHES_ONLY)?).await?,
        prepared.contender("without joining", ours(&workspace, &supergraph, &NO_JOINING)?).await?,
        prepared.contender(FLOOR, prepared.floor(&folder)?).await?,
    ];
    for peer in &options.peer {
        let (name, command) =
            peer.split_once('=').ok_or_else(|| Failure::new("--peer: expected NAME=COMMAND"))?;
        contenders.push(prepared.contender(name, other(command, &supergraph)?).await?);
    }
    let mut calls = Vec::new();
    for contender in &mut contenders {
        let before = *asked.borrow();
        Connection::open(contender.address).await?.post("/graphql", contender.work.body.clone()).await?;
        calls.push(*asked.borrow() - before);
    }
    for _ in 0..options.rounds {
        for contender in &mut contenders {
            contender.round(options).await?;
        }
    }
    for contender in &mut contenders {
        contender.used = contender.process.usage();
    }
    if let Some(unseen) = unseen {
        for contender in contenders.iter_mut().filter(|contender| contender.name != FLOOR) {
            contender.unseen = Some(unseen.cost(contender).await?);
        }
    }
    print(&contenders, &calls, prepared.expected.len());
    Ok(())
}

/// The same subgraphs, under the address of the benchmark.
fn moved(mut case: Case, address: SocketAddr) -> Case {
    for subgraph in &mut case.subgraphs {
        subgraph.url = format!("http://{address}/{}", subgraph.name);
    }
    case
}

/// The work, done once.
struct Prepared {
    world: World,
    subgraphs: SocketAddr,
    request: Bytes,
    /// The data of the only right answer.
    expected: String,
    rounds: Vec<Vec<Call>>,
}

impl Prepared {
    fn new(case: &Case, subgraphs: SocketAddr) -> Result<Self> {
        let world = case.world().context("the work")?;
        let operation = world.operation(&case.operation, &case.variables).context("the work")?;
        let single = world.monolith(&operation).context("the work")?;
        let recorder = Recorder { world: &world, calls: Mutex::new(Vec::new()) };
        let answer = world.answer_through(&recorder, &operation).context("the work")?;
        let variables: Value = serde_json::from_str(&case.variables).context("the variables")?;
        let calls = recorder.calls.into_inner().unwrap_or_default();
        let mut rounds: Vec<Vec<Call>> = vec![Vec::new(); answer.plan.depth()];
        for (fetch, call) in calls {
            if let Some(round) = rounds.get_mut(round_of(&answer.plan, fetch)) {
                round.push(call);
            }
        }
        let request = json!({ "query": case.operation, "variables": variables });
        Ok(Self {
            expected: serde_json::to_string(&single.data).context("the answer")?,
            request: Bytes::from(request.to_string()),
            world,
            subgraphs,
            rounds,
        })
    }

    /// Starts a contender, and waits until it answers rightly.
    async fn contender(&self, name: &str, (command, address): (Command, SocketAddr)) -> Result<Contender> {
        let started = Instant::now();
        let mut process = Measured::start(command)?;
        loop {
            if process.has_ended() || started.elapsed() > START {
                return Err(Failure::new(format!("{name} does not answer at {address}")));
            }
            if let Ok(mut connection) = Connection::open(address).await {
                let answer = connection.post("/graphql", self.request.clone()).await.context(name)?;
                self.check(name, &answer)?;
                let work = Work { body: self.request.clone(), expected: answer };
                return Ok(Contender {
                    name: name.to_owned(),
                    process,
                    address,
                    work,
                    start: started.elapsed(),
                    rounds: Vec::new(),
                    used: Usage::default(),
                    unseen: None,
                });
            }
            tokio::task::yield_now().await;
        }
    }

    fn check(&self, name: &str, answer: &Bytes) -> Result<()> {
        let answered: Value =
            serde_json::from_slice(answer).context(format_args!("{name}: {}", cut(answer)))?;
        let expected: Value = serde_json::from_str(&self.expected).context("the answer")?;
        if answered["data"] == expected {
            return Ok(());
        }
        Err(Failure::new(format!("{name} answers wrongly: {}", cut(answer))))
    }

    fn floor(&self, folder: &Path) -> Result<(Command, SocketAddr)> {
        let listen = free_address()?;
        let script = Script {
            listen,
            subgraphs: self.subgraphs,
            rounds: self.rounds.clone(),
            answer: format!("{{\"data\":{}}}", self.expected),
        };
        let path = folder.join("floor.json");
        fs::write(&path, serde_json::to_string(&script).context("the script")?).context(path.display())?;
        let mut command = Command::new(own_program()?);
        command.args(["bench", "floor"]).arg(path);
        Ok((command, listen))
    }
}

/// How many fetches must have been answered before this one is sent.
fn round_of(plan: &planner::QueryPlan, fetch: planner::FetchId) -> usize {
    plan.fetches[fetch].after.iter().map(|earlier| round_of(plan, *earlier) + 1).max().unwrap_or_default()
}

/// Notes what subgraphs are asked.
struct Recorder<'w> {
    world: &'w World,
    calls: Mutex<Vec<(planner::FetchId, Call)>>,
}

impl SubgraphClient for Recorder<'_> {
    async fn fetch(&self, request: SubgraphRequest<'_>) -> Result<SubgraphResponse, SubgraphError> {
        let call = Call {
            path: format!("/{}", request.subgraph_name),
            body: String::from_utf8_lossy(&request.body).into_owned(),
        };
        if let Ok(mut calls) = self.calls.lock() {
            calls.push((request.fetch, call));
        }
        self.world.fetch(request).await
    }
}

/// The subgraphs: what they were asked once they answer from memory.
fn from_memory(
    listener: tokio::net::TcpListener,
    case: Case,
    asked: Rc<RefCell<usize>>,
) -> Result<impl Future<Output = ()>> {
    let world = Rc::new(case.world().context("the work")?);
    let memory: Rc<RefCell<HashMap<(String, Bytes), Bytes>>> = Rc::default();
    Ok(serve(listener, move |path, body| {
        *asked.borrow_mut() += 1;
        let key = (path, body);
        let known = memory.borrow().get(&key).cloned();
        let answer = known.unwrap_or_else(|| {
            let answer = world.ask(key.0.trim_start_matches('/'), &key.1);
            memory.borrow_mut().insert(key, answer.clone());
            answer
        });
        std::future::ready(answer)
    }))
}

fn free_address() -> Result<SocketAddr> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("a free port")?;
    listener.local_addr().context("a free port")
}

fn ours(workspace: &Workspace, supergraph: &Path, settings: &[&str]) -> Result<(Command, SocketAddr)> {
    let address = free_address()?;
    let mut command = Command::new(workspace.binary(Service::Router, Profile::Release));
    command.args(["serve", "--supergraph"]).arg(supergraph).args(["--listen", &address.to_string()]);
    command.args(["--set", "log.filter=error", "--set", "pass_through.mode=off"]);
    command.args(settings.iter().flat_map(|setting| ["--set", setting]));
    Ok((command, address))
}

fn other(command: &str, supergraph: &Path) -> Result<(Command, SocketAddr)> {
    let address = free_address()?;
    let line = command.replace("{supergraph}", &supergraph.display().to_string());
    let line = line.replace("{port}", &address.port().to_string());
    let mut command = Command::new("sh");
    // `exec`, so that the process that is measured is the router and not a shell.
    command.args(["-c", &format!("exec {line}")]);
    Ok((command, address))
}

impl Contender {
    async fn round(&mut self, options: &RouterOptions) -> Result<()> {
        load(self.address, &self.work, options.connections, WARM_UP).await.context(&self.name)?;
        let before = self.process.usage();
        let time = Duration::from_secs(options.seconds);
        let load = load(self.address, &self.work, options.connections, time).await.context(&self.name)?;
        let cpu = self.process.usage().cpu.saturating_sub(before.cpu);
        self.rounds.push(Round { load, cpu });
        Ok(())
    }

    /// The middle of what the rounds showed.
    fn median(&self, of: impl Fn(&Round) -> f64) -> f64 {
        let mut values: Vec<f64> = self.rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    }
}

impl Round {
    /// CPU-seconds of 1,000 requests, which are milliseconds of one.
    fn cpu(&self) -> f64 {
        let requests = u32::try_from(self.load.took.len()).unwrap_or(u32::MAX);
        self.cpu.as_secs_f64() * 1e3 / f64::from(requests.max(1))
    }
}

#[expect(clippy::print_stdout, reason = "the result of the command")]
fn print(contenders: &[Contender], calls: &[usize], bytes: usize) {
    println!(
        "answers of {bytes} bytes; the middle of {} rounds",
        contenders.first().map_or(0, |first| first.rounds.len())
    );
    println!(
        "{:<22} {:>10} {:>7} {:>7} {:>15} {:>8} {:>5} {:>8} {:>16}",
        "",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "CPU s per 1,000",
        "peak MiB",
        "calls",
        "start ms",
        "CPU ms if unseen"
    );
    for (contender, calls) in contenders.iter().zip(calls) {
        let unseen = contender.unseen.map(|cost| format!("{:.2}", cost.as_secs_f64() * 1e3));
        println!(
            "{:<22} {:>10.0} {:>7.2} {:>7.2} {:>15.3} {:>8.1} {:>5} {:>8.0} {:>16}",
            contender.name,
            contender.median(|round| round.load.per_second()),
            contender.median(|round| round.load.percentile(50).as_secs_f64() * 1e3),
            contender.median(|round| round.load.percentile(99).as_secs_f64() * 1e3),
            contender.median(Round::cpu),
            f64::from(u32::try_from(contender.used.peak_memory).unwrap_or(u32::MAX)) / 1024.0,
            calls,
            contender.start.as_secs_f64() * 1e3,
            unseen.unwrap_or_default()
        );
    }
}
