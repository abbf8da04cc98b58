//! How many holds a second one hot ticket type gives, side by side with the floor: the bare database doing only the two statements that a
//! hold is, in a transaction of their own. SQLite commits durably; MySQL or MariaDB is measured too when `EVENTHUB_TEST_MYSQL_URL` names one.
//!
//! `cargo bench --bench holds` (`-- 5` for five seconds each). `cargo xtask bench sale` measures the whole way through the stack.
#![expect(clippy::print_stdout, reason = "the result of the command")]

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use entities::ids::{EventId, HoldId, TicketTypeId, UserId};
use entities::money::{Currency, Quantity};
use entities::ticket::status::{Category, HoldStatus, SaleState};
use entities::ticket::{events, holds, ticket_types};
use migration::ticket::Migrator;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter};
use subgraph::database::{self, Database};
use subgraph::testing;
use ticket::holds::{HoldRequest, take};
use ticket::store::Store;

/// Buyers at the same time.
const BUYERS: [usize; 3] = [1, 50, 500];

type AnyError = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), AnyError> {
    let seconds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(3);
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(measure(Duration::from_secs(seconds)))
}

async fn measure(time: Duration) -> Result<(), AnyError> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("ticket.db").display());
    let config = database::Config::at(url);
    let sqlite = Database::connect(&config).await?;
    database::migrate::<Migrator>(&sqlite, &config).await?;
    println!("{:<10} {:>7} {:>18} {:>9} {:>9}", "", "buyers", "", "per s", "p99 ms");
    compare("SQLite", &sqlite, time).await?;
    let server = testing::database::<Migrator>().await;
    if !server.is_sqlite() {
        compare("MySQL", &server, time).await?;
    }
    Ok(())
}

async fn compare(name: &str, database: &Database, time: Duration) -> Result<(), AnyError> {
    for buyers in BUYERS {
        let sale = Sale::open(database).await?;
        let floor = crowd(buyers, time, || sale.two_statements()).await?;
        let holds = crowd(buyers, time, || sale.hold()).await?;
        for (what, Speed { per_second, p99 }) in [("two statements", floor), ("a hold", holds)] {
            let p99 = p99.as_secs_f64() * 1e3;
            println!("{name:<10} {buyers:>7} {what:>18} {per_second:>9.0} {p99:>9.2}");
        }
    }
    Ok(())
}

struct Speed {
    per_second: f64,
    p99: Duration,
}

/// So many do one thing after the other, all at the same time.
async fn crowd<F, Fut>(buyers: usize, time: Duration, act: F) -> Result<Speed, AnyError>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<(), AnyError>>,
{
    let started = Instant::now();
    let one = || async {
        let mut took = Vec::new();
        while started.elapsed() < time {
            let begun = Instant::now();
            act().await?;
            took.push(begun.elapsed());
        }
        Ok::<_, AnyError>(took)
    };
    let mut took = futures_util::future::try_join_all((0..buyers).map(|_| one())).await?.concat();
    let elapsed = started.elapsed().as_secs_f64();
    took.sort_unstable();
    let p99 = took.get(took.len() * 99 / 100).copied().unwrap_or_default();
    Ok(Speed { per_second: f64::from(u32::try_from(took.len())?) / elapsed, p99 })
}

/// A ticket type that never sells out here.
struct Sale<'d> {
    database: &'d Database,
    store: Store,
    event_id: EventId,
    ticket_type_id: TicketTypeId,
}

impl<'d> Sale<'d> {
    async fn open(database: &'d Database) -> Result<Self, AnyError> {
        let now = Utc::now();
        let (event_id, ticket_type_id) = (EventId::new(), TicketTypeId::new());
        let event = events::Model {
            id: event_id,
            capacity: i32::MAX,
            allocated: i64::from(i32::MAX),
            cancelled: false,
            starts_at: (now + TimeDelta::days(1)).into(),
            ends_at: (now + TimeDelta::days(2)).into(),
            updated_at: now,
        };
        events::Entity::insert(event.into_active_model()).exec_without_returning(database.write()).await?;
        let offer = ticket_types::Model {
            id: ticket_type_id,
            event_id,
            name: Category::Regular,
            price: 150_000,
            currency: Currency::default(),
            quota: i32::MAX,
            sold: 0,
            held: 0,
            waiting: 0,
            offered: 0,
            state: SaleState::Open,
            sales_open_at: None,
            sales_close_at: None,
            min_per_order: None,
            max_per_order: None,
            max_per_buyer: None,
            created_at: now,
            updated_at: now,
        };
        ticket_types::Entity::insert(offer.into_active_model())
            .exec_without_returning(database.write())
            .await?;
        Ok(Self { database, store: Store::new(database.clone()), event_id, ticket_type_id })
    }

    async fn hold(&self) -> Result<(), AnyError> {
        let request = HoldRequest {
            id: HoldId::new(),
            event_id: self.event_id,
            ticket_type_id: self.ticket_type_id,
            quantity: Quantity::new(1)?,
            user_id: UserId::new(),
            voucher: None,
            ttl: TimeDelta::minutes(15),
        };
        take(&self.store, request).await?;
        Ok(())
    }

    async fn two_statements(&self) -> Result<(), AnyError> {
        let now = Utc::now();
        let row = holds::Model {
            id: HoldId::new(),
            event_id: Some(self.event_id),
            ticket_type_id: Some(self.ticket_type_id),
            user_id: Some(UserId::new()),
            quantity: 1,
            unit_price: 150_000,
            voucher_id: None,
            currency: Currency::default(),
            status: HoldStatus::Held,
            expires_at: now + TimeDelta::minutes(15),
            created_at: now,
            updated_at: now,
        };
        let transaction = self.database.begin().await?;
        holds::Entity::insert(row.into_active_model()).exec_without_returning(&transaction).await?;
        let held = ticket_types::Entity::update_many()
            .col_expr(ticket_types::Column::Held, Expr::col(ticket_types::Column::Held).add(1))
            .filter(ticket_types::Column::Id.eq(self.ticket_type_id))
            .filter(Expr::cust("sold + held + 1 <= quota"))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        if held.rows_affected == 1 { Ok(()) } else { Err(DbErr::Custom("sold out".to_owned()).into()) }
    }
}
