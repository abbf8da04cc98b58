//! Tests of serving and draining.
