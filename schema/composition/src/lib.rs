//! Subgraph SDLs to a supergraph SDL: merge, rules, satisfiability, diff. Pure.
