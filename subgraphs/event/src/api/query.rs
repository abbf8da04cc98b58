//! The queries, and the way in by which other subgraphs reach an event.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, Enum, ID, Object, Result};
use chrono::{DateTime, Utc};
use entities::event::status::EventStatus as Status;
use entities::ids::EventId;
use subgraph::access::require_admin;
use subgraph::audit::{AuditEntry, AuditFilter};
use subgraph::page::Page;

use super::event::Event;
use super::loaders::Events;
use super::personal::PersonalData;
use crate::context::Context as App;
use crate::domain::time;
use crate::error::EventError;
use crate::store::events::EventFilter;

/// The longest search, in characters.
const SEARCH_MAX: usize = 200;

/// The queries.
#[derive(Debug)]
pub struct Query;

/// Where the life of an event stands.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Status")]
enum EventStatus {
    /// It will begin.
    Scheduled,
    /// It has begun and not ended.
    Ongoing,
    /// It has ended.
    Completed,
    /// It was called off.
    Cancelled,
}

#[Object]
impl Query {
    /// Events in the order in which they begin: all of them, or those that every given argument lets through.
    #[expect(clippy::too_many_arguments, reason = "each is an optional argument of the field")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many, up to 500.")] limit: Option<i32>,
        #[graphql(desc = "After leaving out so many.")] offset: Option<i32>,
        #[graphql(desc = "In this venue.")] venue_id: Option<i32>,
        #[graphql(desc = "Of this status now.")] status: Option<EventStatus>,
        #[graphql(desc = "Not over before this time.")] from: Option<String>,
        #[graphql(desc = "Begun before this time.")] to: Option<String>,
        #[graphql(desc = "With these words in the title.")] search: Option<String>,
    ) -> Result<Vec<Event>, subgraph::Error> {
        let app = app(ctx)?;
        let page = Page::from_arguments(limit, offset)?;
        let filter = EventFilter {
            venue: venue_id,
            status: status.map(Status::from),
            from: moment(app, from.as_deref(), "from", venue_id)?,
            to: moment(app, to.as_deref(), "to", venue_id)?,
            search: words(search)?,
            page,
        };
        Ok(app.events(&filter).await?.into_iter().map(Event).collect())
    }

    /// One event.
    async fn event(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Event>> {
        load(ctx, &id).await
    }

    /// The events of a venue, in the order in which they begin.
    async fn events_by_venue(&self, ctx: &Context<'_>, venue_id: i32) -> Result<Vec<Event>, subgraph::Error> {
        let filter = EventFilter { venue: Some(venue_id), ..EventFilter::default() };
        Ok(app(ctx)?.events(&filter).await?.into_iter().map(Event).collect())
    }

    /// What was changed about events and rooms, and by whom: the newest first, a hundred without a limit. For administrators.
    async fn event_audit(
        &self,
        ctx: &Context<'_>,
        filter: Option<AuditFilter>,
        limit: Option<i32>,
        offset: Option<i32>,
    ) -> Result<Vec<AuditEntry>, subgraph::Error> {
        require_admin(ctx)?;
        let page = AuditEntry::page(limit, offset)?;
        let entries = app(ctx)?.store.audit(&filter.into(), page).await;
        Ok(entries.map_err(EventError::from)?)
    }

    /// A person that the user service names.
    #[graphql(entity)]
    async fn find_personal_data_by_id(&self, id: ID) -> Option<PersonalData> {
        subgraph::ids::sought(&id).map(|id| PersonalData { id })
    }

    /// An event that another subgraph names.
    #[graphql(entity)]
    async fn find_event_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Event>> {
        load(ctx, &id).await
    }
}

pub(super) fn app<'c>(ctx: &Context<'c>) -> Result<&'c App, subgraph::Error> {
    ctx.data::<App>().map_err(|error| subgraph::Error::internal(error.message))
}

async fn load(ctx: &Context<'_>, id: &ID) -> Result<Option<Event>> {
    match subgraph::ids::sought::<EventId>(id) {
        Some(id) => Ok(ctx.data::<DataLoader<Events>>()?.load_one(id).await?.map(Event)),
        None => Ok(None),
    }
}

/// A time without an offset is one of the venue that is asked for, or of the default zone.
fn moment(
    app: &App,
    text: Option<&str>,
    field: &'static str,
    venue: Option<i32>,
) -> Result<Option<DateTime<Utc>>, EventError> {
    let zone = venue.map_or(crate::zones::DEFAULT_ZONE, |venue| app.zones.of(venue));
    let time = text.map(|text| time::parse(text, zone)).transpose();
    Ok(time.map_err(|error| EventError::input(field, error.to_string()))?.map(|time| time.instant))
}

fn words(search: Option<String>) -> Result<Option<String>, EventError> {
    let words = search.map(|words| words.trim().to_owned()).filter(|words| !words.is_empty());
    match &words {
        Some(words) if words.chars().count() > SEARCH_MAX => {
            Err(EventError::input("search", format!("must not be longer than {SEARCH_MAX} characters")))
        }
        _ => Ok(words),
    }
}
