//! Plans executed against scripted subgraphs.

mod completion;
mod contexts;
mod entities;
mod liars;
mod running;
mod shared;
mod subgraph_errors;
mod support;
