//! `dogwatch run RUNBOOK`: one runbook, planned and carried out, or only planned.

use std::io::{IsTerminal, Write, stdin};

use clap::Args;
use tokio::signal::ctrl_c;
use tokio::task::spawn_blocking;

use super::{Failure, FormatArg, recover, start};
use crate::bot::Outcome;
use crate::chat::console::Session;
use crate::command::parse::assignment;
use crate::command::{Command, RunCommand};
use crate::store::RunState;

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// A value for a parameter, as `name=value`; several as `name=a,b`
    #[arg(short, long = "param", value_name = "NAME=VALUE")]
    param: Vec<String>,
    /// Show what would be done, and do nothing
    #[arg(long)]
    plan: bool,
    /// Confirmed beforehand, where one person is enough
    #[arg(long)]
    yes: bool,
    /// Wait while another run changes the stack
    #[arg(long)]
    queue: bool,
    /// How the outcome is written; json prints exactly one document
    #[arg(long, value_enum, default_value_t)]
    format: FormatArg,
    /// The runbook; `dogwatch console -- runbooks` lists them
    runbook: String,
}

pub(super) async fn run(args: RunArgs, settings: &start::Settings) -> Result<Outcome, Failure> {
    let given: Vec<_> = args.param.iter().map(|text| assignment(text)).collect();
    if let Some((_, text)) = given.iter().find(|(name, _)| name.is_none()) {
        let text = format!("`{text}` is no `name=value`; write `-p name=value`");
        return Err(Failure::new(Outcome::Usage, text));
    }
    let app = start::app(settings)?;
    if !args.plan {
        recover::once(&app.bot).await;
    }
    // a program that reads JSON cannot be asked back
    let asks = stdin().is_terminal() && args.format == FormatArg::Text;
    let mut session = start::session(&app, settings, args.format, asks);
    let leave = start::heed_signals(&mut session)?;
    let may_ask = asks && !args.plan && !args.yes;
    let command = Command::Run(RunCommand {
        runbook: args.runbook,
        given,
        plan_only: args.plan,
        yes: args.yes,
        queue: args.queue,
    });
    let work = async {
        let outcome = session.command(command).await;
        if may_ask && outcome == Outcome::Done {
            return answer(&mut session).await;
        }
        outcome
    };
    Ok(start::until_asked_to_leave(&leave, work).await)
}

/// So often a word that was mistyped may be typed again.
const TRIES: usize = 3;

/// The run may have asked for a word of approval: it is read where the run asked. Who presses
/// Ctrl-C takes back what they asked for.
async fn answer(session: &mut Session) -> Outcome {
    let mut outcome = Outcome::Done;
    for _ in 0..TRIES {
        let Some(run) = waiting(session).await else {
            return outcome;
        };
        if write!(std::io::stderr().lock(), "ops> ").is_err() {
            return Outcome::Denied;
        }
        // a thread may wait for the keyboard; what runs the program must hear Ctrl-C
        let typed = spawn_blocking(|| {
            let mut line = String::new();
            stdin().read_line(&mut line).map(|_| line)
        });
        let line = tokio::select! {
            typed = typed => typed.ok().and_then(Result::ok).unwrap_or_default(),
            _ = ctrl_c() => {
                session.line(&format!("cancel {run}")).await;
                return Outcome::Denied;
            }
        };
        match line.trim() {
            "" => return Outcome::Denied,
            line => outcome = session.line(line).await,
        }
    }
    outcome
}

/// The run that asked here, while nobody has answered.
async fn waiting(session: &Session) -> Option<String> {
    let asked = session.asked.as_ref()?;
    let bot = session.bot();
    let runs = bot.store.get().await.ok()?.unfinished_runs().await.ok()?;
    let mut runs = runs.into_iter();
    let run = runs.find(|run| asked.as_str() == run.id)?;
    (run.state == RunState::AwaitingApproval).then_some(run.id)
}
