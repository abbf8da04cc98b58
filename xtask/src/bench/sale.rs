//! `cargo xtask bench sale`: how many bookings a second one hot ticket type sells through the whole stack (router, booking, ticket, both databases):
//! N buyers who each book and pay, again and again (the closed loop); ten times as many, because a crowd must not make it slower; then buyers
//! who come at a steady rate, however long those before them take (the open loop): somewhat less than were served before, and twice as many,
//! because too many must be sent away and not make all wait. Beside it, the floor: what the ticket database alone does
//! (`cargo bench --bench holds`).

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Args;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::http::{Connection, cut, percentile};
use crate::failure::{Context, Failure, Result};
use crate::stack::child::{self, Stack, Start};
use crate::stack::options::Database;
use crate::stack::seed::{self, Graph};
use crate::workspace::{Profile, Workspace, succeed};

/// The largest room of the stand-in for SpaceMaster: as many tickets as one type can have.
const VENUE: (i32, i32, i32) = (4, 401, 40_000);
/// How many come in the open loop, in percent of those whom the closed loop served.
const RATES: [u32; 2] = [80, 200];
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
    let time = Duration::from_secs(options.seconds);
    let few = shop.sell(options.buyers, time).await?;
    few.print(&format!("{} buyers", options.buyers));
    let many = shop.sell(options.buyers * 10, time).await?;
    many.print(&format!("{} buyers", options.buyers * 10));
    let mut paid = few.paid.len() + many.paid.len();
    for percent in RATES {
        let rate = (few.per_second() * f64::from(percent) / 100.0).max(1.0);
        let sold = shop.serve(rate, time).await?;
        sold.print(&format!("{rate:.0} new buyers a second"));
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
    ticket_type: String,
    tokens: Vec<String>,
    /// What every buyer asks first.
    book: Bytes,
}

/// What was sold, and how long each step of it took.
#[derive(Debug)]
struct Sold {
    booked: Vec<Duration>,
    paid: Vec<Duration>,
    /// Answers that say "try again".
    shed: Rc<Cell<usize>>,
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
        let input = json!({ "eventId": event, "ticketTypeId": ticket_type, "quantity": 1 });
        let book = Bytes::from(json!({ "query": BOOK, "variables": { "input": input } }).to_string());
        Ok(Self { router, graph, ticket_type, tokens, book })
    }

    /// So many buyers, each of whom comes again when they have paid.
    async fn sell(&self, buyers: usize, time: Duration) -> Result<Sold> {
        let (started, shed) = (Instant::now(), Rc::default());
        let mut tasks = Vec::new();
        for number in 0..buyers {
            let mut buyer = self.buyer(number, &shed).await?;
            tasks.push(tokio::task::spawn_local(async move {
                let mut visits = Vec::new();
                while started.elapsed() < time {
                    visits.extend(buyer.visit(Instant::now()).await?);
                }
                Ok::<_, Failure>(visits)
            }));
        }
        Sold::when_all_left(tasks, shed, started).await
    }

    /// So many new buyers a second. Who is told to try again goes away; how long it took counts from when one should have come.
    async fn serve(&self, rate: f64, time: Duration) -> Result<Sold> {
        let (started, shed) = (Instant::now(), Rc::default());
        let idle = Rc::new(RefCell::new(Vec::new()));
        let mut arrivals = tokio::time::interval(Duration::from_secs_f64(rate.recip()));
        let mut tasks = Vec::new();
        while started.elapsed() < time {
            let arrived = arrivals.tick().await.into_std();
            // A connection that is free: opening one for each would measure the kernel.
            let free = idle.borrow_mut().pop();
            let mut buyer = match free.filter(|buyer: &Buyer| buyer.connection.is_open()) {
                Some(buyer) => buyer,
                None => self.buyer(tasks.len(), &shed).await?,
            };
            let idle = Rc::clone(&idle);
            tasks.push(tokio::task::spawn_local(async move {
                let visit = buyer.visit(arrived).await?;
                idle.borrow_mut().push(buyer);
                Ok::<_, Failure>(visit)
            }));
        }
        Sold::when_all_left(tasks, shed, started).await
    }

    async fn buyer(&self, number: usize, shed: &Rc<Cell<usize>>) -> Result<Buyer> {
        let connection = Connection::open(self.router).await?;
        let connection = match self.tokens.get(number % ACCOUNTS) {
            Some(token) => connection.with_token(token),
            None => connection,
        };
        Ok(Buyer { connection, book: self.book.clone(), shed: Rc::clone(shed) })
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

/// How long it took until a buyer had booked, and from then until they had paid.
struct Visit {
    booked: Duration,
    paid: Duration,
}

/// One who books and pays, and counts how often it was told to try again.
struct Buyer {
    connection: Connection,
    book: Bytes,
    shed: Rc<Cell<usize>>,
}

impl Buyer {
    /// Books and pays; `None` when the booking was put off.
    async fn visit(&mut self, arrived: Instant) -> Result<Option<Visit>> {
        let book = self.book.clone();
        let Some(booking) = self.ask(&book, "createBooking", "PENDING").await? else { return Ok(None) };
        let booked = arrived.elapsed();
        let pay = Bytes::from(json!({ "query": PAY, "variables": { "id": booking } }).to_string());
        let begun = Instant::now();
        // Who was told to try again does; a booking that is held is not given up.
        while self.ask(&pay, "confirmPayment", "PAID").await?.is_none() {}
        Ok(Some(Visit { booked, paid: begun.elapsed() }))
    }

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
    async fn when_all_left<V: IntoIterator<Item = Visit>>(
        tasks: Vec<JoinHandle<Result<V>>>,
        shed: Rc<Cell<usize>>,
        started: Instant,
    ) -> Result<Self> {
        let mut visits = Vec::new();
        for task in tasks {
            visits.extend(task.await.context("a buyer")??);
        }
        let time = started.elapsed();
        let (mut booked, mut paid): (Vec<_>, Vec<_>) =
            visits.into_iter().map(|visit| (visit.booked, visit.paid)).unzip();
        booked.sort_unstable();
        paid.sort_unstable();
        Ok(Self { booked, paid, shed, time })
    }

    fn per_second(&self) -> f64 {
        f64::from(u32::try_from(self.paid.len()).unwrap_or(u32::MAX)) / self.time.as_secs_f64()
    }

    #[expect(clippy::print_stdout, reason = "the result of the command")]
    fn print(&self, who: &str) {
        let ms = |took: &[Duration], percent| percentile(took, percent).as_secs_f64() * 1e3;
        println!(
            "{who}: {:.0} bookings/s, paid; booking p50 {:.0} ms, p99 {:.0} ms; paying p50 {:.0} ms, p99 {:.0} ms; {} told to try again",
            self.per_second(),
            ms(&self.booked, 50),
            ms(&self.booked, 99),
            ms(&self.paid, 50),
            ms(&self.paid, 99),
            self.shed.get()
        );
    }
}
