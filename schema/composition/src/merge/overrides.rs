//! `@override`: which subgraph loses a field to which, at once or step by step under a label.

use apollo_compiler::Name;
use federation::spec::FederationDirective as Fd;

use super::Merger;
use super::fields::Source;
use super::types::Kind;
use crate::{ErrorCode, HintCode};

/// What the overrides of one field come to.
#[derive(Default)]
pub(super) struct Overrides {
    /// Subgraphs that lose the field and do not need it.
    gone: Vec<usize>,
    /// Subgraphs that lose the field, but need it as a key or requirement.
    used: Vec<usize>,
    /// Labels of the subgraphs on either side.
    labels: Vec<(usize, String)>,
    known: Vec<String>,
}

impl Overrides {
    /// The subgraph's field is as if it were not there.
    pub(super) fn is_gone(&self, subgraph: usize) -> bool {
        self.gone.contains(&subgraph)
    }

    /// The subgraph still knows the field, but no longer resolves it.
    pub(super) fn is_used(&self, subgraph: usize) -> bool {
        self.used.contains(&subgraph)
    }

    /// The subgraph does not resolve the field any more, whatever the labels.
    pub(super) fn is_lost(&self, subgraph: usize) -> bool {
        self.is_gone(subgraph) || self.is_used(subgraph) && self.label(subgraph).is_none()
    }

    pub(super) fn label(&self, subgraph: usize) -> Option<&str> {
        self.labels.iter().find(|(index, _)| *index == subgraph).map(|(_, label)| label.as_str())
    }

    pub(super) fn needs_joins(&self) -> bool {
        !self.used.is_empty() || !self.labels.is_empty()
    }

    pub(super) fn knows(&self, subgraph: &str) -> bool {
        self.known.iter().any(|known| known == subgraph)
    }
}

impl<'a> Merger<'a> {
    /// Works out the overrides of `parent.name`, and refuses contradictory ones.
    pub(super) fn overrides(
        &mut self,
        parent: &Name,
        name: &Name,
        sources: &[Source<'a>],
        kind: Kind,
    ) -> Overrides {
        let mut overrides = Overrides::default();
        for (index, _) in sources {
            let subgraph = &self.subgraphs[*index];
            let Some(facts) = subgraph.field_facts(parent, name) else { continue };
            let Some(taken) = facts.overrides.clone() else { continue };
            overrides.known.push(taken.from.clone());
            let coordinate = format!("{parent}.{name}");
            let span = taken.directive.location();
            if kind == Kind::Interface {
                let (code, what) = if subgraph.is_interface_object(parent) {
                    (ErrorCode::OverrideCollisionWithAnotherDirective, "a field of an @interfaceObject")
                } else {
                    (ErrorCode::OverrideOnInterface, "an interface's field")
                };
                let message = format!("[{}] @override cannot be used on {coordinate}, {what}", subgraph.name);
                self.diagnostics.error(code, message, [span]);
                continue;
            }
            if taken.from == subgraph.name {
                self.diagnostics.error(
                    ErrorCode::OverrideFromSelfError,
                    format!("[{}] {coordinate} is overridden from the subgraph itself", subgraph.name),
                    [span],
                );
                continue;
            }
            let moves = sources.iter().any(|(index, _)| self.subgraphs[*index].name == taken.from);
            let label = taken.label.as_deref().filter(|label| moves && !is_valid_label(label));
            if let Some(label) = label {
                self.diagnostics.error(
                    ErrorCode::OverrideLabelInvalid,
                    format!(
                        "[{}] {coordinate}: \"{label}\" is no label; use a name, or percent(0) to percent(100)",
                        subgraph.name
                    ),
                    [span],
                );
            }
            if !self.collides(&coordinate, *index, sources, parent, name) {
                self.lose_field(&mut overrides, parent, name, *index, sources);
            }
        }
        overrides
    }

    fn lose_field(
        &mut self,
        overrides: &mut Overrides,
        parent: &Name,
        name: &Name,
        winner: usize,
        sources: &[Source<'a>],
    ) {
        let coordinate = format!("{parent}.{name}");
        let winning = &self.subgraphs[winner];
        let Some(taken) = winning.field_facts(parent, name).and_then(|facts| facts.overrides.clone()) else {
            return;
        };
        let span = taken.directive.location();
        let Some(loser) = self.subgraphs.iter().position(|subgraph| subgraph.name == taken.from) else {
            self.diagnostics.hint(
                HintCode::FromSubgraphDoesNotExist,
                format!(
                    "[{}] {coordinate} is overridden from \"{}\", which is no subgraph",
                    winning.name, taken.from
                ),
                [span],
            );
            return;
        };
        let Some(lost) = sources.iter().find(|(index, _)| *index == loser) else {
            let abstracted = self.abstracted_by_interface_object(parent, name);
            if abstracted.iter().any(|(index, _)| *index == loser) {
                self.diagnostics.error(
                    ErrorCode::OverrideCollisionWithAnotherDirective,
                    format!(
                        "[{}] {coordinate} cannot be taken from \"{}\", which has it for a whole interface by an \
                         @interfaceObject",
                        winning.name, taken.from
                    ),
                    [span],
                );
                return;
            }
            self.diagnostics.hint(
                HintCode::OverrideDirectiveCanBeRemoved,
                format!(
                    "[{}] {coordinate} is no longer in \"{}\": @override can go",
                    winning.name, taken.from
                ),
                [span],
            );
            return;
        };
        let Some(facts) = self.subgraphs[loser].field_facts(parent, name) else { return };
        if let Some(other) = &facts.overrides {
            self.diagnostics.error(
                ErrorCode::OverrideSourceHasOverride,
                format!(
                    "{coordinate} is overridden in \"{}\" and in \"{}\", from each other's side",
                    winning.name, taken.from
                ),
                [span, other.directive.location()],
            );
            return;
        }
        if facts.external {
            return;
        }
        if facts.used {
            overrides.used.push(loser);
        } else if taken.label.is_none() {
            overrides.gone.push(loser);
        }
        match &taken.label {
            Some(label) => {
                overrides.labels.push((winner, label.clone()));
                overrides.labels.push((loser, label.clone()));
                self.diagnostics.hint(
                    HintCode::OverrideMigrationInProgress,
                    format!("{coordinate} is moving from \"{}\" to \"{}\"", taken.from, winning.name),
                    [span],
                );
            }
            None => self.diagnostics.hint(
                HintCode::OverriddenFieldCanBeRemoved,
                format!(
                    "[{}] {coordinate} is resolved by \"{}\" now and can be removed",
                    taken.from, winning.name
                ),
                [lost.1.name.location()],
            ),
        }
    }

    /// A field that is taken over is resolved whole: it cannot be external on either side, nor provide or require
    /// where it is lost.
    fn collides(
        &mut self,
        coordinate: &str,
        winner: usize,
        sources: &[Source<'a>],
        parent: &Name,
        name: &Name,
    ) -> bool {
        let before = self.diagnostics.errors.len();
        let from = self.subgraphs[winner]
            .field_facts(parent, name)
            .and_then(|facts| facts.overrides.as_ref())
            .map(|taken| taken.from.clone());
        let winner_field = sources.iter().find(|(index, _)| *index == winner);
        let loser_field =
            sources.iter().find(|(index, _)| Some(&self.subgraphs[*index].name) == from.as_ref());
        if loser_field.is_none() {
            return false;
        }
        let rules = [(winner_field, &[Fd::External][..]), (loser_field, &[Fd::Provides, Fd::Requires][..])];
        for (source, directives) in rules {
            let Some((index, field)) = source else { continue };
            let subgraph = &self.subgraphs[*index];
            for directive in directives {
                let Some(local) = subgraph.links.name(*directive) else { continue };
                if let Some(applied) = field.directives.get(local) {
                    self.diagnostics.error(
                        ErrorCode::OverrideCollisionWithAnotherDirective,
                        format!(
                            "[{}] {coordinate} is @{local} and cannot take part in an @override",
                            subgraph.name
                        ),
                        [applied.location()],
                    );
                }
            }
        }
        self.diagnostics.errors.len() > before
    }
}

fn is_valid_label(label: &str) -> bool {
    if let Some(number) = label.strip_prefix("percent(").and_then(|rest| rest.strip_suffix(')')) {
        let decimals = number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let digits = number.chars().all(|c| c.is_ascii_digit() || c == '.');
        return digits && decimals <= 8 && number.parse::<f64>().is_ok_and(|percent| percent <= 100.0);
    }
    let mut characters = label.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && characters.all(|c| c.is_ascii_alphanumeric() || "_-:./".contains(c))
}
