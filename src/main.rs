//! Parses flags, calls the command line, turns its answer into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    dogwatch::cli::run()
}
