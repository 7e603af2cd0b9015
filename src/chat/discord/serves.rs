//! Whom Discord's bot serves, and by which command. Unlike the token and the way in, this can change
//! while it is connected.

use std::sync::PoisonError;

use super::door::Discord;
use crate::chat::settings::DiscordSettings;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Serves {
    /// The command that holds all words, without its slash.
    pub(super) main: String,
    /// The only server that is served.
    pub(super) guild: Option<u64>,
}

impl Serves {
    pub(super) fn new(settings: &DiscordSettings) -> Self {
        let command = settings.command.to_string();
        Self {
            main: command.trim_start_matches('/').to_owned(),
            guild: settings.guild_id.map(|id| id.0),
        }
    }
}

impl Discord {
    pub(super) fn serves(&self) -> Serves {
        let serves = self.serves.read();
        serves.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes up what can change; the commands that Discord knows follow.
    pub fn follow(&self, settings: &DiscordSettings) {
        let wanted = Serves::new(settings);
        let mut serves = self.serves.write().unwrap_or_else(PoisonError::into_inner);
        if *serves != wanted {
            *serves = wanted;
            self.changed.notify_one();
        }
    }
}
