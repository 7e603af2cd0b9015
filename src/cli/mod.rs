//! The command line: what can be asked of the program, one file per sub-command, and the one place
//! that decides exit codes and what goes to standard error.

mod console;
mod diagnose;
mod check;
mod doctor;
mod recover;
mod report;
mod run;
mod serve;
mod demo;
mod completions;
mod start;
mod watching;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::bot::Outcome;
use crate::chat::console::Format;

/// A chat-ops bot and incident assistant for containers.
#[derive(Debug, Parser)]
#[command(name = "dogwatch", version, about, after_help = AFTER)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Sub,
    /// The configuration file [default: dogwatch.yaml here, in ~/.config/dogwatch or /etc/dogwatch]
    #[arg(long, global = true, value_name = "FILE", env = "DOGWATCH_CONFIG")]
    config: Option<PathBuf>,
    /// No colour and nothing that moves; `NO_COLOR` does the same
    #[arg(long, global = true)]
    plain: bool,
    /// What the program tells of itself on standard error: error, warn, info, debug, trace
    #[arg(long, global = true, value_name = "LEVEL", env = "DOGWATCH_LOG")]
    log: Option<String>,
}

const AFTER: &str = "Start here:
  dogwatch demo                        an incident on a built-in engine; needs nothing
  dogwatch console                     the chat in this terminal, on this machine's engine
  dogwatch console -- status           one command and out
  dogwatch diagnose api                what is wrong with a service, and the proof

Exit codes: 0 done, 1 it ran and failed, 2 usage or configuration, 3 host or engine unreachable, 4 not allowed";

#[derive(Debug, Subcommand)]
enum Sub {
    /// An incident from alert to report on a built-in engine: no Docker, no tokens, no configuration
    Demo(demo::DemoArgs),
    /// The chat in this terminal; a command after `--` is answered and that is all
    Console(console::ConsoleArgs),
    /// Connect the configured chats, watch, serve HTTP
    Serve(serve::ServeArgs),
    /// Find the service at fault, the cause and the proof; reads only
    Diagnose(diagnose::DiagnoseArgs),
    /// Carry out one runbook, or show what it would do
    Run(run::RunArgs),
    /// Check configuration, templates and runbooks with their tests, and say every problem at once
    Check,
    /// What is missing or misconfigured on this machine, and how to mend it
    Doctor,
    /// Stored reports
    Report(report::ReportArgs),
    /// Completion for a shell: `dogwatch completions bash > /etc/bash_completion.d/dogwatch`
    Completions(completions::CompletionArgs),
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum FormatArg {
    #[default]
    Text,
    Json,
    Markdown,
    Html,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Text => Self::Text,
            FormatArg::Json => Self::Json,
            FormatArg::Markdown => Self::Markdown,
            FormatArg::Html => Self::Html,
        }
    }
}

/// Why a sub-command could not do its work: already in words for the person.
#[derive(Debug)]
pub struct Failure {
    pub outcome: Outcome,
    pub text: String,
}

impl Failure {
    pub fn new(outcome: Outcome, text: impl std::fmt::Display) -> Self {
        Self {
            outcome,
            text: text.to_string(),
        }
    }
}

/// Runs the program; everything it has to say has been said when this returns.
pub fn run() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    let serves = matches!(args.command, Sub::Serve(_));
    if !serves {
        start::logging(args.log.as_deref().unwrap_or("warn"), false);
    }
    let runtime = match start::runtime(serves) {
        Ok(runtime) => runtime,
        Err(error) => {
            return end(Err(Failure::new(
                Outcome::Failed,
                format!("the runtime could not be started: {error}"),
            )));
        }
    };
    let done = runtime.block_on(dispatch(args));
    // a blocked prompt thread must not hold the program back
    runtime.shutdown_background();
    end(done)
}

async fn dispatch(args: Args) -> Result<Outcome, Failure> {
    let settings = start::Settings {
        config: args.config,
        plain: args.plain || start::no_color(),
        log: args.log,
    };
    match args.command {
        Sub::Demo(demo) => demo::run(demo, &settings).await,
        Sub::Console(console) => console::run(console, &settings).await,
        Sub::Serve(serve) => serve::run(serve, &settings).await,
        Sub::Diagnose(diagnose) => diagnose::run(diagnose, &settings).await,
        Sub::Run(run) => run::run(run, &settings).await,
        Sub::Check => check::run(&settings).await,
        Sub::Doctor => doctor::run(&settings).await,
        Sub::Report(report) => report::run(report, &settings).await,
        Sub::Completions(completions) => completions::run(&completions),
    }
}

/// Help and version are answers; everything else that clap says is a usage error.
fn usage(error: &clap::Error) -> ExitCode {
    let code = if error.use_stderr() {
        Outcome::Usage
    } else {
        Outcome::Done
    };
    match error.print() {
        Ok(()) => ExitCode::from(code.code()),
        Err(_) => ExitCode::from(Outcome::Failed.code()),
    }
}

fn end(done: Result<Outcome, Failure>) -> ExitCode {
    match done {
        Ok(outcome) => ExitCode::from(outcome.code()),
        Err(failure) => {
            start::complain(&failure.text);
            ExitCode::from(failure.outcome.code())
        }
    }
}
