//! How fast Slack's commands and Discord's interactions are answered while runs go on, beside an app
//! that only answers, and what many commands do to memory. Called by `benches/slack.py` and
//! `benches/discord.py`; prints one row of their table per line.

mod discord;
mod load;
mod programs;
mod slack;

use std::path::PathBuf;
use std::process::ExitCode;

use load::Load;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const USAGE: &str = "usage: bench-chats slack|discord BINARY SECONDS COMMANDS [NODE_APP]";

/// What is measured, and the app beside it.
struct Measured {
    binary: PathBuf,
    load: Load,
    beside: Option<PathBuf>,
}

fn asked() -> Option<(String, Measured)> {
    let mut arguments = std::env::args().skip(1);
    let chat = arguments.next()?;
    let measured = Measured {
        binary: arguments.next()?.into(),
        load: Load {
            seconds: arguments.next()?.parse().ok()?,
            commands: arguments.next()?.parse().ok()?,
        },
        beside: arguments.next().map(PathBuf::from),
    };
    Some((chat, measured))
}

#[tokio::main]
async fn main() -> ExitCode {
    let rows = match asked() {
        Some((chat, measured)) if chat == "slack" => slack::rows(&measured).await,
        Some((chat, measured)) if chat == "discord" => discord::rows(&measured).await,
        _ => Err(USAGE.into()),
    };
    match rows {
        Ok(rows) => {
            say(&rows.join("\n"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "why there is no answer")]
fn complain(text: &str) {
    eprintln!("{text}");
}

#[expect(
    clippy::print_stdout,
    reason = "this is a program, and its output is its answer"
)]
fn say(text: &str) {
    println!("{text}");
}
