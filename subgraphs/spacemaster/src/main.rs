//! The thin binary of the SpaceMaster stand-in.

fn main() -> std::process::ExitCode {
    subgraph::cli::main::<spacemaster::SpaceMaster>()
}
