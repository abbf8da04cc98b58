//! The size of a document with its fragments written out, without writing them out.
//!
//! Each definition holds something of its own and spreads fragments; the graph of spreads must have no cycle. So each
//! fragment's full size is known once those it spreads are, and is computed once: the work is linear in definitions and
//! spreads, however large the written-out document would be. Sums saturate; a limit is far below where they do.

use rustc_hash::FxHashMap;

use super::scan::{Level, OperationKind};
use super::{Limits, Refusal};

/// What a definition holds itself, and what it spreads.
#[derive(Debug)]
pub(super) struct Definition<'a> {
    kind: Kind<'a>,
    own: Size,
    spreads: Vec<Spread<'a>>,
}

#[derive(Debug)]
enum Kind<'a> {
    Operation(OperationKind),
    Fragment(&'a str),
}

#[derive(Debug)]
struct Spread<'a> {
    fragment: &'a str,
    level: Level,
}

#[derive(Debug, Clone, Copy, Default)]
struct Size {
    selections: u64,
    aliases: u64,
    directives: u64,
    root_fields: u64,
    credentials: u64,
    /// Fields that an introspection would answer, as far as this is one.
    introspection: u64,
    depth: usize,
    nesting: usize,
}

impl Size {
    /// Writes `fragment` out at a place on `level`.
    fn add(&mut self, fragment: &Self, level: Level) {
        self.selections = self.selections.saturating_add(fragment.selections);
        self.aliases = self.aliases.saturating_add(fragment.aliases);
        self.directives = self.directives.saturating_add(fragment.directives);
        let introspection = fragment.introspection.saturating_mul(level.repeated);
        self.introspection = self.introspection.saturating_add(introspection);
        self.depth = self.depth.max((level.depth - 1).saturating_add(fragment.depth));
        self.nesting = self.nesting.max(level.nesting.saturating_add(fragment.nesting));
        if level.depth == 1 {
            self.root_fields = self.root_fields.saturating_add(fragment.root_fields);
            self.credentials = self.credentials.saturating_add(fragment.credentials);
        }
    }
}

impl<'a> Definition<'a> {
    pub(super) fn operation(kind: OperationKind) -> Self {
        Self { kind: Kind::Operation(kind), own: Size::default(), spreads: Vec::new() }
    }

    pub(super) fn fragment(name: &'a str) -> Self {
        Self { kind: Kind::Fragment(name), own: Size::default(), spreads: Vec::new() }
    }

    pub(super) fn reach(&mut self, level: Level) {
        self.own.depth = self.own.depth.max(level.depth);
        self.own.nesting = self.own.nesting.max(level.nesting);
    }

    pub(super) const fn field(&mut self, level: Level, credential: bool) {
        self.own.selections += 1;
        self.own.introspection = self.own.introspection.saturating_add(level.repeated);
        if level.depth == 1 {
            self.own.root_fields += 1;
            self.own.credentials += credential as u64;
        }
    }

    pub(super) const fn alias(&mut self) {
        self.own.aliases += 1;
    }

    pub(super) const fn inline(&mut self) {
        self.own.selections += 1;
    }

    pub(super) const fn directive(&mut self) {
        self.own.directives += 1;
    }

    pub(super) fn spread(&mut self, fragment: &'a str, level: Level) {
        self.own.selections += 1;
        self.spreads.push(Spread { fragment, level });
    }
}

/// Holds every definition, written out, against the limits; answers with the size of the largest operation.
/// `introspection` says whether the schema is asked for anywhere.
///
/// Fragments that no operation uses are held against them as well: an engine validates those too.
pub(super) fn check(
    definitions: &[Definition<'_>],
    introspection: bool,
    limits: &Limits,
) -> Result<u64, Refusal> {
    let sizes = written_out(definitions)?;
    let mut largest = 0;
    let mut credentials = 0_u64;
    for (definition, size) in definitions.iter().zip(&sizes) {
        hold(size, limits)?;
        if introspection {
            at_most("introspected fields", size.introspection, limits.introspection)?;
        }
        if let Kind::Operation(kind) = definition.kind {
            largest = largest.max(size.selections);
            at_most("root fields", size.root_fields, limits.root_fields)?;
            if kind == OperationKind::Mutation {
                credentials = credentials.saturating_add(size.credentials);
            }
        }
    }
    if credentials > 1 {
        return Err(Refusal::ManyCredentials);
    }
    Ok(largest)
}

fn hold(size: &Size, limits: &Limits) -> Result<(), Refusal> {
    check_level(size.depth, size.nesting, limits)?;
    at_most("selections", size.selections, limits.selections)?;
    at_most("aliases", size.aliases, limits.aliases)?;
    at_most("directives", size.directives, limits.directives)
}

/// Fragments may add to the nesting as much as fields may, and no more.
pub(super) const fn check_level(depth: usize, nesting: usize, limits: &Limits) -> Result<(), Refusal> {
    if depth > limits.depth || nesting > limits.depth.saturating_mul(2) {
        return Err(Refusal::TooDeep { limit: limits.depth });
    }
    Ok(())
}

const fn at_most(what: &'static str, found: u64, limit: u64) -> Result<(), Refusal> {
    if found > limit { Err(Refusal::TooComplex { what, limit }) } else { Ok(()) }
}

/// The size of each definition with its fragments written out, in the order of `definitions`.
///
/// Fragments are taken in an order in which each comes after those it spreads (Kahn); what is left over when no such
/// fragment remains lies on a cycle or leads into one. A spread of an unknown fragment adds nothing: the engine
/// refuses it.
fn written_out(definitions: &[Definition<'_>]) -> Result<Vec<Size>, Refusal> {
    let by_name: FxHashMap<&str, usize> = definitions
        .iter()
        .enumerate()
        .filter_map(|(at, d)| if let Kind::Fragment(name) = d.kind { Some((name, at)) } else { None })
        .collect();
    let mut waiting = vec![0_usize; definitions.len()];
    let mut users: Vec<Vec<(usize, Level)>> = vec![Vec::new(); definitions.len()];
    for (user, definition) in definitions.iter().enumerate() {
        for spread in &definition.spreads {
            if let Some(fragment) = by_name.get(spread.fragment) {
                waiting[user] += 1;
                users[*fragment].push((user, spread.level));
            }
        }
    }
    let mut sizes: Vec<Size> = definitions.iter().map(|d| d.own).collect();
    let mut ready: Vec<usize> = (0..definitions.len()).filter(|at| waiting[*at] == 0).collect();
    while let Some(done) = ready.pop() {
        let size = sizes[done];
        for (user, level) in std::mem::take(&mut users[done]) {
            sizes[user].add(&size, level);
            waiting[user] -= 1;
            if waiting[user] == 0 {
                ready.push(user);
            }
        }
    }
    match on_a_cycle(definitions, &waiting) {
        Some(name) => Err(Refusal::FragmentCycle(name.to_owned())),
        None => Ok(sizes),
    }
}

/// A fragment that was never finished; an operation that was not only uses one.
fn on_a_cycle<'a>(definitions: &[Definition<'a>], waiting: &[usize]) -> Option<&'a str> {
    definitions.iter().zip(waiting).find_map(|(definition, waiting)| match definition.kind {
        Kind::Fragment(name) if *waiting > 0 => Some(name),
        Kind::Fragment(_) | Kind::Operation(_) => None,
    })
}
