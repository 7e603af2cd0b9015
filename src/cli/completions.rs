//! `dogwatch completions SHELL`.

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::Failure;
use crate::bot::Outcome;

#[derive(Debug, Args)]
pub(super) struct CompletionArgs {
    /// bash, zsh, fish, elvish or powershell
    shell: Shell,
}

#[expect(clippy::unnecessary_wraps, reason = "every sub-command answers alike")]
pub(super) fn run(args: &CompletionArgs) -> Result<Outcome, Failure> {
    generate(
        args.shell,
        &mut super::Args::command(),
        "dogwatch",
        &mut std::io::stdout(),
    );
    Ok(Outcome::Done)
}
