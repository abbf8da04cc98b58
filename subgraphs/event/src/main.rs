//! The thin binary of the event service.

fn main() -> std::process::ExitCode {
    subgraph::cli::main::<event::EventService>()
}
