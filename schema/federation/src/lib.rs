//! What a supergraph is: spec directives, field sets, the supergraph model, the query graph. Pure.
