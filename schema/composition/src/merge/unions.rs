//! Unions merge by union: a member of one subgraph's union is a member of the supergraph's.

use apollo_compiler::ast::Directive;
use apollo_compiler::collections::IndexSet;
use apollo_compiler::schema::{ComponentName, ExtendedType};

use super::{Merger, directive, text};

impl Merger<'_> {
    /// The members in all subgraphs together, and who says so.
    pub(super) fn union_members(
        &mut self,
        sources: &[(usize, &ExtendedType)],
    ) -> (IndexSet<ComponentName>, Vec<Directive>) {
        let mut members: IndexSet<ComponentName> = IndexSet::default();
        let mut joins = Vec::new();
        for (index, definition) in sources {
            let ExtendedType::Union(union) = definition else { continue };
            for member in &union.members {
                joins.push(directive(
                    "join__unionMember",
                    vec![("graph", Some(self.graph(*index))), ("member", text(member))],
                ));
                members.insert(member.name.clone().into());
            }
        }
        self.hint_missing_members(sources, &members);
        (members, joins)
    }

    fn hint_missing_members(
        &mut self,
        sources: &[(usize, &ExtendedType)],
        members: &IndexSet<ComponentName>,
    ) {
        for member in members {
            let lacking: Vec<usize> = sources
                .iter()
                .filter(|(_, definition)| {
                    definition.as_union().is_some_and(|union| !union.members.contains(&**member))
                })
                .map(|(index, _)| *index)
                .collect();
            if lacking.is_empty() {
                continue;
            }
            let Some((_, union)) = sources.first() else { continue };
            let message = format!(
                "{} has the member {member}, but not in {}",
                union.name(),
                self.names_of(lacking.iter().copied())
            );
            let spans: Vec<_> = lacking.iter().map(|index| self.type_span(*index, union.name())).collect();
            self.diagnostics.hint(crate::HintCode::InconsistentUnionMember, message, spans);
        }
    }
}
