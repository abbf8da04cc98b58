//! `eventhub-router`: configuration, telemetry, build, serve, drain.

fn main() {}
