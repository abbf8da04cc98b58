//! Descriptions: the one most subgraphs give, the first of those in case of a tie.

use apollo_compiler::Node;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::Merger;
use crate::HintCode;

impl Merger<'_> {
    /// Merges the descriptions that `coordinate` has in its subgraphs.
    pub(super) fn merge_description(
        &mut self,
        coordinate: &str,
        descriptions: &[Option<&Node<str>>],
    ) -> Option<Node<str>> {
        let mut counts: IndexMap<&str, (usize, &Node<str>), FxBuildHasher> = IndexMap::default();
        for description in descriptions.iter().copied().flatten().filter(|text| !text.trim().is_empty()) {
            counts.entry(description.trim()).or_insert((0, description)).0 += 1;
        }
        if counts.len() > 1 {
            let spans: Vec<_> = counts.values().map(|(_, node)| node.location()).collect();
            self.diagnostics.hint(
                HintCode::InconsistentDescription,
                format!("{coordinate} is described differently across subgraphs"),
                spans,
            );
        }
        let most = counts.values().map(|(count, _)| *count).max()?;
        let (_, (_, chosen)) = counts.iter().find(|(_, (count, _))| *count == most)?;
        Some(Node::new_str(chosen.trim()))
    }
}
