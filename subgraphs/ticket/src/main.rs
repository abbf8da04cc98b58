//! The thin binary of the ticket service.

/// As the router's: a request makes many small allocations on one thread that are freed on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    subgraph::cli::main::<ticket::TicketService>()
}
