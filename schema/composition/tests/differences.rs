//! What holds of the difference of any two graphs, over all cases that compose.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::fs;
use std::path::Path;

use composition::SubgraphInput;
use composition::diff::{Graph, diff};

/// Every case that composes, with its name.
fn graphs() -> Vec<(String, Graph)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let folders = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let composed = folders.filter(|folder| folder.join("supergraph.graphql").exists());
    composed
        .map(|folder| {
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            (name, Graph::compose(&subgraphs(&folder)).unwrap())
        })
        .collect()
}

fn subgraphs(folder: &Path) -> Vec<SubgraphInput> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let sources = files.filter(|path| path.extension().is_some_and(|extension| extension == "graphql"));
    sources
        .filter(|path| !path.ends_with("supergraph.graphql"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let sdl = fs::read_to_string(&path).unwrap();
            SubgraphInput { url: format!("http://{name}"), name, sdl, source: None }
        })
        .collect()
}

#[test]
fn no_graph_differs_from_itself_or_from_the_supergraph_that_it_composes_to() {
    for (name, graph) in graphs() {
        assert_eq!(diff(&graph, &graph), [], "{name}");
        let read = Graph::read(graph.supergraph_sdl(), "supergraph.graphql").unwrap();
        assert_eq!(diff(&read, &graph), [], "{name}");
    }
}

/// Each graph is compared with the next: whatever two graphs these are, all is compared without a panic, and every change of something that
/// stands in a file has a place.
#[test]
fn every_change_between_any_two_graphs_has_a_place() {
    let graphs = graphs();
    for pair in graphs.windows(2) {
        let [(old, before), (new, after)] = pair else { continue };
        for change in diff(before, after) {
            assert!(!change.before.is_empty() || !change.after.is_empty(), "{old} to {new}: {change:?}");
        }
    }
}
