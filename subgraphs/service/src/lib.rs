//! What every process shares, the router too: environment, telemetry, tokens, guard, health, serve and drain.
