//! INVALID_FIELD_SHARING: a field that several subgraphs resolve is `@shareable` in all of them.

use apollo_compiler::Name;
use federation::spec::FederationDirective as Fd;

use super::Merger;
use super::fields::{Source, spans};
use super::overrides::Overrides;
use crate::ErrorCode;
use crate::subgraph::Subgraph;

impl<'a> Merger<'a> {
    /// A subscription has one source of events.
    pub(super) fn check_subscription(&mut self, parent: &Name, name: &Name, sources: &[Source<'a>]) {
        if parent != "Subscription" {
            return;
        }
        for (index, field) in sources {
            let Subgraph { name: subgraph, links, .. } = &self.subgraphs[*index];
            let local = links.name(Fd::Shareable);
            if let Some(shareable) = local.and_then(|local| field.directives.get(local)) {
                self.diagnostics.error(
                    ErrorCode::InvalidFieldSharing,
                    format!("[{subgraph}] Subscription.{name} cannot be @shareable"),
                    [shareable.location()],
                );
            }
        }
    }

    /// Checks who resolves the object field `parent.name`.
    pub(super) fn check_sharing(
        &mut self,
        parent: &Name,
        name: &Name,
        sources: &[Source<'a>],
        overrides: &Overrides,
    ) {
        let mut resolving: Vec<(usize, Name)> = sources
            .iter()
            .filter(|(index, _)| !overrides.is_lost(*index) && !overrides.is_used(*index))
            .filter(|(index, _)| overrides.label(*index).is_none() || self.takes_over(*index, parent, name))
            .filter(|(index, _)| {
                let facts = self.subgraphs[*index].field_facts(parent, name);
                facts.is_some_and(|facts| !facts.external || facts.provided)
            })
            .map(|(index, _)| (*index, parent.clone()))
            .collect();
        resolving.extend(self.abstracted_by_interface_object(parent, name));
        let selfish: Vec<usize> = resolving
            .iter()
            .filter(|(index, holder)| {
                !self.subgraphs[*index].field_facts(holder, name).is_some_and(|facts| facts.shareable)
            })
            .map(|(index, _)| *index)
            .collect();
        if selfish.is_empty() || resolving.len() < 2 {
            return;
        }
        let all = self.names_of(resolving.iter().map(|(index, _)| *index));
        let lacking = self.names_of(selfish.iter().copied());
        let mut places = spans(sources);
        places.extend(resolving.iter().filter(|(_, holder)| holder != parent).map(|(index, holder)| {
            self.subgraphs[*index].field(holder, name).and_then(|field| field.name.location())
        }));
        self.diagnostics.error(
            ErrorCode::InvalidFieldSharing,
            format!("{parent}.{name} is resolved by {all}, but not @shareable in {lacking}"),
            places,
        );
    }

    fn takes_over(&self, subgraph: usize, parent: &Name, name: &Name) -> bool {
        self.subgraphs[subgraph].field_facts(parent, name).is_some_and(|facts| facts.overrides.is_some())
    }
}
