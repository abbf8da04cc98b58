//! The thin binary of the user service.

use std::process::ExitCode;

fn main() -> ExitCode {
    subgraph::cli::main::<user::UserService>()
}
