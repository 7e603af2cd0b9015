//! `dogwatch run RUNBOOK`: one runbook, planned and carried out, or only planned.

use std::io::{IsTerminal, Write, stdin};

use clap::Args;
use tokio::signal::ctrl_c;
use tokio::task::spawn_blocking;

use super::{Failure, FormatArg, recover, start};
use crate::bot::Outcome;
use crate::command::parse::assignment;
use crate::command::{Command, RunCommand};

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
    let outcome = session
        .command(Command::Run(RunCommand {
            runbook: args.runbook,
            given,
            plan_only: args.plan,
            yes: args.yes,
            queue: args.queue,
        }))
        .await;
    if asks && outcome == Outcome::Done && !args.plan && !args.yes {
        return Ok(answer(&mut session).await);
    }
    Ok(outcome)
}

/// The run may have asked for a word of approval: one line is read where it did.
async fn answer(session: &mut crate::chat::console::Session) -> Outcome {
    let bot = session.bot();
    let waiting = match bot.store.get().await {
        Ok(store) => store.unfinished_runs().await.unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    let asked = waiting.iter().any(|run| {
        session
            .asked
            .as_ref()
            .is_some_and(|asked| asked.as_str() == run.id)
            && run.state == crate::store::RunState::AwaitingApproval
    });
    if !asked {
        return Outcome::Done;
    }
    if write!(std::io::stderr().lock(), "ops> ").is_err() {
        return Outcome::Denied;
    }
    // a thread may wait for the keyboard; what runs the program must hear Ctrl-C
    let typed = spawn_blocking(|| {
        let mut line = String::new();
        stdin().read_line(&mut line).map(|_| line)
    });
    let line = tokio::select! {
        typed = typed => typed.ok().and_then(Result::ok),
        _ = ctrl_c() => None,
    };
    match line.as_deref().map(str::trim) {
        None | Some("") => Outcome::Denied,
        Some(line) => session.line(line).await,
    }
}
