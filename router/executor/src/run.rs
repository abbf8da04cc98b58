//! The fetches of a plan, each sent as soon as those that it depends on are merged.

use std::collections::VecDeque;
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use planner::FetchId;

use crate::answer::{FailedFetch, Merge};
use crate::client::{SubgraphClient, SubgraphError, SubgraphRequest, SubgraphResponse};
use crate::complete;
use crate::contexts;
use crate::errors::ErrorLog;
use crate::merge::fail_object;
use crate::prepare::{PreparedFetch, PreparedPlan};
use crate::representations::Members;
use crate::request::{Request, write_request};
use crate::response::{ExecutionRequest, FetchReport, Response};
use crate::tree::Tree;

/// Runs the plan. `event` is the answer to the fetch of a subscription's root field, which is not sent here.
pub(crate) async fn run<C: SubgraphClient>(
    plan: &PreparedPlan,
    request: &ExecutionRequest<'_>,
    client: &C,
    mut event: Option<Result<SubgraphResponse, SubgraphError>>,
) -> Response {
    let mut run = Run::new(plan, request);
    let mut in_flight = FuturesUnordered::new();
    loop {
        while let Some(id) = run.ready.pop_front() {
            let Some(next) = run.prepare(id) else {
                run.finish(id);
                continue;
            };
            match event.take() {
                Some(event) => run.absorb(Sent { duration: next.started.elapsed(), answered: event, next }),
                None => in_flight.push(send(client, plan, next)),
            }
            in_flight.extend(run.further.drain(..).map(|next| send(client, plan, next)));
        }
        match in_flight.next().await {
            Some(sent) => run.absorb(sent),
            None => return run.complete(),
        }
    }
}

/// The request of the first fetch, which waits for nothing.
pub(crate) fn first<'a>(
    plan: &'a PreparedPlan,
    request: &ExecutionRequest<'_>,
) -> Option<SubgraphRequest<'a>> {
    let mut run = Run::new(plan, request);
    let id = run.ready.pop_front()?;
    let body = run.prepare(id)?.body;
    Some(request_of(plan, id, body))
}

/// A request about to be sent.
struct Next {
    id: FetchId,
    /// What was made of the fetch for this request alone.
    made: Option<Box<PreparedFetch>>,
    body: bytes::Bytes,
    targets: Vec<Members>,
    representations: usize,
    started: Instant,
}

/// A request that was sent, and what came of it.
struct Sent {
    next: Next,
    duration: std::time::Duration,
    answered: Result<SubgraphResponse, SubgraphError>,
}

async fn send<C: SubgraphClient>(client: &C, plan: &PreparedPlan, next: Next) -> Sent {
    let answered = client.fetch(request_of(plan, next.id, next.body.clone())).await;
    Sent { duration: next.started.elapsed(), answered, next }
}

fn request_of(plan: &PreparedPlan, id: FetchId, body: bytes::Bytes) -> SubgraphRequest<'_> {
    let fetch = &plan.plan().fetches[id];
    SubgraphRequest {
        subgraph: fetch.subgraph,
        subgraph_name: &fetch.subgraph_name,
        fetch: id,
        kind: fetch.kind,
        body,
    }
}

struct Run<'a> {
    plan: &'a PreparedPlan,
    request: &'a ExecutionRequest<'a>,
    tree: Tree,
    errors: ErrorLog,
    failed: Vec<FailedFetch>,
    reports: Vec<FetchReport>,
    /// By fetch: how many others it still waits for.
    waits_for: Vec<usize>,
    ready: VecDeque<FetchId>,
    /// More requests of the fetch that was prepared last.
    further: Vec<Next>,
    /// Fetches of which several requests are under way, and how many.
    split: Vec<(FetchId, usize)>,
}

impl<'a> Run<'a> {
    fn new(plan: &'a PreparedPlan, request: &'a ExecutionRequest<'a>) -> Self {
        let waits_for: Vec<_> = plan.fetches.iter().map(|fetch| fetch.waits_for).collect();
        Self {
            plan,
            request,
            tree: Tree::new(plan.root_width(), request.limits.values),
            errors: ErrorLog::new(request.limits),
            failed: Vec::new(),
            reports: Vec::with_capacity(plan.fetches.len()),
            ready: waits_for.iter().enumerate().filter(|(_, count)| **count == 0).map(|(id, _)| id).collect(),
            waits_for,
            further: Vec::new(),
            split: Vec::new(),
        }
    }

    /// The request of a fetch that may go; `None` when there is nothing to ask.
    fn prepare(&mut self, id: FetchId) -> Option<Next> {
        let fetch = &self.plan.fetches[id];
        if fetch.is_contextual {
            return self.prepare_by_context(id);
        }
        let request = write_request(&self.tree, self.plan, fetch, self.request);
        self.next(id, None, request)
    }

    /// The first request of a fetch whose entities may be asked for with different arguments; the others go with it.
    fn prepare_by_context(&mut self, id: FetchId) -> Option<Next> {
        let requests = contexts::write_requests(&self.tree, self.plan, id, self.request);
        let nexts: Vec<_> =
            requests.into_iter().filter_map(|(made, request)| self.next(id, made, request)).collect();
        if nexts.len() > 1 {
            self.split.push((id, nexts.len()));
        }
        let mut nexts = nexts.into_iter();
        let first = nexts.next();
        self.further.extend(nexts);
        first
    }

    fn next(&mut self, id: FetchId, made: Option<Box<PreparedFetch>>, request: Request) -> Option<Next> {
        let fetch = made.as_deref().unwrap_or(&self.plan.fetches[id]);
        let representations = request.representations(fetch);
        for (target, members) in fetch.targets.iter().zip(&request.targets) {
            for (object, failure) in &members.failed {
                fail_object(&mut self.tree, *object, &target.read, *failure);
            }
        }
        Some(Next {
            id,
            made,
            body: request.body?,
            targets: request.targets,
            representations,
            started: Instant::now(),
        })
    }

    fn absorb(&mut self, sent: Sent) {
        let Sent { next, duration, answered } = sent;
        let response_bytes = answered.as_ref().map_or(0, |response| response.body.len());
        let failure = self.merge().absorb(next.id, next.made, next.targets, answered);
        self.reports.push(FetchReport {
            fetch: next.id,
            subgraph: self.plan.plan().fetches[next.id].subgraph,
            duration,
            request_bytes: next.body.len(),
            response_bytes,
            representations: next.representations,
            failure,
        });
        self.finish(next.id);
    }

    fn finish(&mut self, id: FetchId) {
        if let Some((_, open)) = self.split.iter_mut().find(|(split, _)| *split == id) {
            *open -= 1;
            if *open > 0 {
                return;
            }
        }
        for dependent in &self.plan.fetches[id].dependents {
            let waits_for = &mut self.waits_for[*dependent];
            *waits_for -= 1;
            if *waits_for == 0 {
                self.ready.push_back(*dependent);
            }
        }
    }

    fn complete(mut self) -> Response {
        self.merge().spread_failures();
        self.reports.sort_unstable_by_key(|report| report.fetch);
        complete::complete(self.plan, self.request, &self.tree, self.errors, self.reports)
    }

    fn merge(&mut self) -> Merge<'_> {
        Merge { plan: self.plan, tree: &mut self.tree, errors: &mut self.errors, failed: &mut self.failed }
    }
}
