//! From groups to requests: groups that go to one subgraph and can be sent together become one request.
//!
//! Two entity groups are joined when there is a round in which both can be sent without making any later one wait: the number of sequential
//! round trips stays, the number of requests falls.

use crate::fetch_graph::{FetchGraph, GroupId};
use federation::supergraph::SubgraphId;
use rustc_hash::FxHashMap;

/// Groups sent together.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) subgraph: SubgraphId,
    pub(crate) groups: Vec<GroupId>,
    /// Indexes of requests, ascending, all smaller than this one's own.
    pub(crate) after: Vec<usize>,
}

/// Joining is quadratic in the number of requests; beyond this many it is not worth its time.
const MOST_JOINED: usize = 128;

/// The requests of a graph, in an order in which they can be sent.
pub(crate) fn requests(graph: &FetchGraph) -> Vec<Request> {
    let mut requests: Vec<Option<Request>> = graph
        .groups
        .iter()
        .enumerate()
        .map(|(id, group)| {
            Some(Request { subgraph: group.subgraph, groups: vec![id], after: group.after.clone() })
        })
        .collect();
    join_within_rounds(graph, &mut requests);
    if requests.iter().flatten().count() <= MOST_JOINED {
        while let Some((into, from)) = joinable(graph, &requests) {
            join(&mut requests, into, from);
        }
    }
    in_order(requests)
}

/// Joins entity groups that are sent to one subgraph in the same round anyway.
fn join_within_rounds(graph: &FetchGraph, requests: &mut [Option<Request>]) {
    let mut first_of: FxHashMap<(SubgraphId, usize), usize> = FxHashMap::default();
    let mut place: Vec<usize> = (0..requests.len()).collect();
    for (id, (round, _)) in rounds(requests).into_iter().enumerate() {
        let Some(request) =
            requests[id].as_ref().filter(|request| graph.groups[request.groups[0]].is_shareable())
        else {
            continue;
        };
        let into = *first_of.entry((request.subgraph, round)).or_insert(id);
        place[id] = into;
        if into == id {
            continue;
        }
        if let (Some(gone), Some(kept)) = (requests[id].take(), requests[into].as_mut()) {
            kept.groups.extend(gone.groups);
            kept.after.extend(gone.after);
        }
    }
    for request in requests.iter_mut().flatten() {
        request.after.iter_mut().for_each(|before| *before = place[*before]);
        request.after.sort_unstable();
        request.after.dedup();
    }
}

/// The rounds in which each request can be sent: the first possible, and the last that keeps no later one waiting.
fn rounds(requests: &[Option<Request>]) -> Vec<(usize, usize)> {
    let mut first: Vec<usize> = vec![0; requests.len()];
    let order = topological(requests);
    for &id in &order {
        let Some(request) = &requests[id] else { continue };
        first[id] = request.after.iter().map(|&before| first[before] + 1).max().unwrap_or(0);
    }
    let end = first.iter().copied().max().unwrap_or(0);
    let mut last = vec![end; requests.len()];
    for &id in order.iter().rev() {
        let Some(request) = &requests[id] else { continue };
        for &before in &request.after {
            last[before] = last[before].min(last[id].saturating_sub(1));
        }
    }
    first.into_iter().zip(last).collect()
}

fn topological(requests: &[Option<Request>]) -> Vec<usize> {
    fn visit(requests: &[Option<Request>], id: usize, done: &mut [bool], order: &mut Vec<usize>) {
        if std::mem::replace(&mut done[id], true) {
            return;
        }
        let Some(request) = &requests[id] else { return };
        request.after.iter().for_each(|&before| visit(requests, before, done, order));
        order.push(id);
    }
    let mut order = Vec::with_capacity(requests.len());
    let mut done = vec![false; requests.len()];
    (0..requests.len()).for_each(|id| visit(requests, id, &mut done, &mut order));
    order
}

/// Two requests that can become one, nearest rounds first.
fn joinable(graph: &FetchGraph, requests: &[Option<Request>]) -> Option<(usize, usize)> {
    let rounds = rounds(requests);
    let before = ancestors(requests);
    let entities = |request: &Request| request.groups.iter().all(|&group| graph.groups[group].is_shareable());
    let mut best: Option<(usize, (usize, usize))> = None;
    for (a, first) in requests.iter().enumerate() {
        let Some(first) = first.as_ref().filter(|request| entities(request)) else { continue };
        for (b, second) in requests.iter().enumerate().skip(a + 1) {
            let Some(second) = second.as_ref().filter(|request| entities(request)) else { continue };
            let overlap = rounds[a].0.max(rounds[b].0) <= rounds[a].1.min(rounds[b].1);
            if first.subgraph != second.subgraph || !overlap || before[a][b] || before[b][a] {
                continue;
            }
            let distance = rounds[a].0.abs_diff(rounds[b].0);
            if best.is_none_or(|(nearest, _)| distance < nearest) {
                best = Some((distance, (a, b)));
            }
        }
    }
    best.map(|(_, pair)| pair)
}

/// `result[a][b]`: b must be answered before a is sent.
fn ancestors(requests: &[Option<Request>]) -> Vec<Vec<bool>> {
    let mut before = vec![vec![false; requests.len()]; requests.len()];
    for id in topological(requests) {
        let Some(request) = &requests[id] else { continue };
        for &direct in &request.after {
            let inherited = before[direct].clone();
            before[id][direct] = true;
            before[id].iter_mut().zip(inherited).for_each(|(own, theirs)| *own |= theirs);
        }
    }
    before
}

fn join(requests: &mut [Option<Request>], into: usize, from: usize) {
    let Some(gone) = requests[from].take() else { return };
    if let Some(kept) = &mut requests[into] {
        kept.groups.extend(gone.groups);
        kept.after.extend(gone.after);
    }
    for request in requests.iter_mut().flatten() {
        request.after.iter_mut().filter(|before| **before == from).for_each(|before| *before = into);
        request.after.sort_unstable();
        request.after.dedup();
    }
}

fn in_order(requests: Vec<Option<Request>>) -> Vec<Request> {
    let rounds = rounds(&requests);
    let mut order: Vec<usize> = (0..requests.len()).filter(|&id| requests[id].is_some()).collect();
    order.sort_by_key(|&id| (rounds[id].0, id));
    let mut place = vec![0; requests.len()];
    order.iter().enumerate().for_each(|(index, &id)| place[id] = index);
    let mut requests = requests;
    let mut sorted: Vec<Request> = order.iter().filter_map(|&id| requests[id].take()).collect();
    for request in &mut sorted {
        request.after.iter_mut().for_each(|before| *before = place[*before]);
        request.after.sort_unstable();
    }
    sorted
}
