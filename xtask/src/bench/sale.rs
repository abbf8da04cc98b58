//! `cargo xtask bench sale`: how many bookings a second one hot ticket type sells through the whole stack (router, booking, ticket, both databases):
//! N buyers who each book and pay, again and again; then ten times as many, because a crowd must not make it slower. Beside it, the floor:
//! what the ticket database alone does (`cargo bench --bench holds`).

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Args;
use serde_json::{Value, json};

use super::http::{Connection, cut, percentile};
use crate::failure::{Context, Failure, Result};
use crate::stack::child::{self, Stack, Start};
use crate::stack::options::Database;
use crate::stack::seed::{self, Graph};
use crate::workspace::{Profile, Workspace, succeed};

/// The largest room of the stand-in for SpaceMaster: as many tickets as one type can have.
const VENUE: (i32, i32, i32) = (4, 401, 40_000);
/// Accounts that the buyers share: each costs a password hash to make, which is not what is measured.
const ACCOUNTS: usize = 4;

const CREATE_TYPE: &str = "mutation($input: CreateTicketInput!) { createTicketType(input: $input) { id } }";
const BOOK: &str =
    "mutation Book($input: CreateBookingInput!) { createBooking(input: $input) { id status } }";
const PAY: &str = "mutation Pay($id: ID!) { confirmPayment(id: $id) { id status } }";

#[derive(Args, Clone, Debug)]
pub(super) struct SaleOptions {
    /// Buyers at the same time; measured with ten times as many, too
    #[arg(long, default_value_t = 50, value_name = "N")]
    buyers: usize,
    /// How long to sell, in seconds, each time
    #[arg(long, default_value_t = 5, value_name = "N")]
    seconds: u64,
    /// `sqlite`, or `mysql=URL-prefix`, as for `cargo xtask dev`
    #[arg(long, default_value = "sqlite", value_name = "KIND")]
    database: Database,
    /// Leave out the floor, which is a program of its own to build
    #[arg(long)]
    without_floor: bool,
}

pub(super) async fn sale(options: &SaleOptions) -> Result<()> {
    let workspace = Workspace::find()?;
    workspace.build(Profile::Release)?;
    let data = tempfile::tempdir().context("a temporary folder")?;
    let stack = Stack::start(&Start {
        folder: data.path(),
        profile: Profile::Release,
        database: &options.database,
        port_offset: child::free_offset(&[])?,
        peer_offset: 0,
        environment: &[],
    })?;
    let shop = Shop::open(&stack).await?;
    let mut paid = 0;
    for buyers in [options.buyers, options.buyers * 10] {
        let sold = shop.sell(buyers, Duration::from_secs(options.seconds)).await?;
        sold.print(buyers);
        paid += sold.paid.len();
    }
    shop.check(paid).await?;
    drop(stack);
    if options.without_floor { Ok(()) } else { floor(&workspace, options) }
}

/// The ticket database alone. Where it is MySQL, the server is the one that the services' databases are on.
fn floor(workspace: &Workspace, options: &SaleOptions) -> Result<()> {
    let mut bench = workspace.cargo(&["bench", "--workspace", "--bench", "holds", "--"]);
    bench.arg(options.seconds.to_string());
    if let Database::Mysql(prefix) = &options.database {
        let server = prefix.rsplit_once('/').map_or(prefix.as_str(), |(server, _)| server);
        bench.env("EVENTHUB_TEST_MYSQL_URL", server);
    }
    succeed(&mut bench)
}

/// One hot ticket type, and people who can buy it.
struct Shop {
    router: std::net::SocketAddr,
    graph: Graph,
    event: String,
    ticket_type: String,
    tokens: Vec<String>,
}

/// What was sold, and how long each step of it took.
#[derive(Debug, Default)]
struct Sold {
    booked: Vec<Duration>,
    paid: Vec<Duration>,
    /// Answers that say "try again".
    shed: usize,
    time: Duration,
}

impl Shop {
    async fn open(stack: &Stack) -> Result<Self> {
        let url = &stack.record.router.url;
        let mut graph = Graph::new(url);
        let mut tokens = Vec::new();
        for number in 0..ACCOUNTS {
            let email = format!("buyer-{number}@bench.example");
            tokens.push(seed::register(&graph, "A Buyer", &email).await?);
        }
        graph.log_in(&stack.record.admin).await?;
        let (venue, room, capacity) = VENUE;
        let event = seed::create_event(&graph, ("The hot one", "", venue, room), 30).await?;
        let input = json!({ "eventId": event, "name": "REGULAR", "price": 150_000, "quota": capacity });
        let made = graph.ask(CREATE_TYPE, json!({ "input": input })).await?;
        let ticket_type = made["createTicketType"]["id"].as_str().unwrap_or_default().to_owned();
        let router = url.trim_start_matches("http://").parse().context(url)?;
        Ok(Self { router, graph, event, ticket_type, tokens })
    }

    async fn sell(&self, buyers: usize, time: Duration) -> Result<Sold> {
        let input = json!({ "eventId": self.event, "ticketTypeId": self.ticket_type, "quantity": 1 });
        let book = Bytes::from(json!({ "query": BOOK, "variables": { "input": input } }).to_string());
        let started = Instant::now();
        let shed = Rc::new(Cell::new(0));
        let mut tasks = Vec::new();
        for token in self.tokens.iter().cycle().take(buyers) {
            let mut buyer = Buyer {
                connection: Connection::open(self.router).await?.with_token(token),
                shed: Rc::clone(&shed),
            };
            let book = book.clone();
            tasks.push(tokio::task::spawn_local(async move {
                let (mut booked, mut paid) = (Vec::new(), Vec::new());
                while started.elapsed() < time {
                    let begun = Instant::now();
                    let Some(booking) = buyer.ask(&book, "createBooking", "PENDING").await? else { continue };
                    booked.push(begun.elapsed());
                    let pay = json!({ "query": PAY, "variables": { "id": booking } });
                    let pay = Bytes::from(pay.to_string());
                    let begun = Instant::now();
                    // Who was told to try again does; a booking that is held is not given up.
                    while buyer.ask(&pay, "confirmPayment", "PAID").await?.is_none() {}
                    paid.push(begun.elapsed());
                }
                Ok::<_, Failure>((booked, paid))
            }));
        }
        let mut sold = Sold::default();
        for task in tasks {
            let (booked, paid) = task.await.context("a buyer")??;
            sold.booked.extend(booked);
            sold.paid.extend(paid);
        }
        sold.time = started.elapsed();
        sold.shed = shed.get();
        sold.booked.sort_unstable();
        sold.paid.sort_unstable();
        Ok(sold)
    }

    /// Everything that was told PAID is sold, and nothing else.
    async fn check(&self, paid: usize) -> Result<()> {
        let query = "query($id: ID!) { ticketType(id: $id) { sold } }";
        let answer = self.graph.ask(query, json!({ "id": self.ticket_type })).await?;
        match answer["ticketType"]["sold"].as_u64() {
            Some(sold) if usize::try_from(sold).is_ok_and(|sold| sold == paid) => Ok(()),
            sold => Err(Failure::new(format!("{paid} were told PAID, and {sold:?} are sold"))),
        }
    }
}

/// One who asks, and counts how often it was told to try again.
struct Buyer {
    connection: Connection,
    shed: Rc<Cell<usize>>,
}

impl Buyer {
    /// The id that comes back with the wanted status; `None` when the answer is "try again".
    async fn ask(&mut self, body: &Bytes, field: &str, status: &str) -> Result<Option<String>> {
        let (http, answer) = self.connection.send("/graphql", body.clone()).await?;
        let read: Value = serde_json::from_slice(&answer).context(cut(&answer))?;
        let got = &read["data"][field];
        if got["status"] == status {
            return Ok(got["id"].as_str().map(str::to_owned));
        }
        let code = read["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
        if matches!(code, "UNAVAILABLE" | "OVERLOADED") || http == 429 || http == 503 {
            self.shed.set(self.shed.get() + 1);
            tokio::task::yield_now().await;
            return Ok(None);
        }
        Err(Failure::new(format!("{field}: {}", cut(&answer))))
    }
}

impl Sold {
    #[expect(clippy::print_stdout, reason = "the result of the command")]
    fn print(&self, buyers: usize) {
        let per_second =
            f64::from(u32::try_from(self.paid.len()).unwrap_or(u32::MAX)) / self.time.as_secs_f64();
        let ms = |took: &[Duration], percent| percentile(took, percent).as_secs_f64() * 1e3;
        println!(
            "{buyers} buyers: {per_second:.0} bookings/s, paid; booking p50 {:.0} ms, p99 {:.0} ms; paying p50 {:.0} ms, p99 {:.0} ms; {} told to try again",
            ms(&self.booked, 50),
            ms(&self.booked, 99),
            ms(&self.paid, 50),
            ms(&self.paid, 99),
            self.shed
        );
    }
}
