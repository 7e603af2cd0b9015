//! `dogwatch completions SHELL`.

use std::io::{ErrorKind, Write};

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::Failure;
use crate::bot::Outcome;

#[derive(Debug, Args)]
pub(super) struct CompletionArgs {
    /// bash, zsh, fish, elvish or powershell
    shell: Shell,
}

pub(super) fn run(args: &CompletionArgs) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    generate(
        args.shell,
        &mut super::Args::command(),
        "dogwatch",
        &mut script,
    );
    match std::io::stdout().write_all(&script) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(Outcome::Failed, error))
        }
        _ => Ok(Outcome::Done),
    }
}
