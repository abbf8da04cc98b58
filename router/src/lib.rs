//! The HTTP face of the supergraph: pipeline, pass-through, admin, configuration.
