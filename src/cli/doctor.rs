//! `dogwatch doctor`: the same checks as the word `doctor` in a chat.

use tokio_util::sync::CancellationToken;

use super::{Failure, FormatArg, start};
use crate::bot::Outcome;
use crate::command::Command;

pub(super) async fn run(settings: &start::Settings) -> Result<Outcome, Failure> {
    let app = start::app(settings)?;
    let mut session = start::session(&app, settings, FormatArg::Text, false);
    let outcome = session.command(Command::Doctor).await;
    let slack = app
        .slack(session.bot.clone(), CancellationToken::new())
        .map_err(|error| Failure::new(Outcome::Usage, error))?;
    let discord = app
        .discord(session.bot.clone(), CancellationToken::new())
        .map_err(|error| Failure::new(Outcome::Usage, error))?;
    let mut examined = Vec::new();
    if let Some(connected) = slack {
        examined.push(connected.slack.examine().await);
    }
    if let Some(connected) = discord {
        examined.push(connected.discord.examine().await);
    }
    let mut worst = outcome;
    for (well, said) in examined {
        if session.screen.message(&said).is_err() {
            tracing::debug!("nobody reads any more");
        }
        let chat = if well { Outcome::Done } else { Outcome::Failed };
        worst = worst.max(chat);
    }
    Ok(worst)
}
