//! `dogwatch doctor`: the same checks as the word `doctor` in a chat.

use tokio_util::sync::CancellationToken;

use super::{Failure, FormatArg, start};
use crate::bot::Outcome;
use crate::chat::console::Session;
use crate::command::Command;
use crate::text::Message;

pub(super) async fn run(settings: &start::Settings) -> Result<Outcome, Failure> {
    let app = start::app(settings)?;
    let mut session = start::session(&app, settings, FormatArg::Text, false);
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
    // what is not well comes first: the first line has to be true of the whole
    let (well, ill): (Vec<_>, Vec<_>) = examined.into_iter().partition(|(well, _)| *well);
    show(&ill, &mut session);
    let outcome = session.command(Command::Doctor).await;
    show(&well, &mut session);
    let chats = if ill.is_empty() {
        Outcome::Done
    } else {
        Outcome::Failed
    };
    Ok(outcome.max(chats))
}

fn show(said: &[(bool, Message)], session: &mut Session) {
    for (_, said) in said {
        if session.screen.message(said).is_err() {
            tracing::debug!("nobody reads any more");
        }
    }
}
