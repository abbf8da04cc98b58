//! The thin binary of the ticket service.

fn main() -> std::process::ExitCode {
    subgraph::cli::main::<ticket::TicketService>()
}
