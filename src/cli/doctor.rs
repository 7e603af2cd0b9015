//! `dogwatch doctor`: the same checks as the word `doctor` in a chat.

use super::{Failure, FormatArg, start};
use crate::bot::Outcome;
use crate::command::Command;

pub(super) async fn run(settings: &start::Settings) -> Result<Outcome, Failure> {
    let app = start::app(settings)?;
    Ok(start::session(&app, settings, FormatArg::Text, false)
        .command(Command::Doctor)
        .await)
}
