//! The thin binary of the booking service.

fn main() -> std::process::ExitCode {
    subgraph::cli::main::<booking::BookingService>()
}
