//! The ticket subgraph: ticket types, holds, stock.
