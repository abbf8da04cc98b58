//! The user subgraph: accounts, log-in, tokens.
