//! Which chats there are and how to reach them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::setting::{BaseUrl, Secret};

/// Chats beside the console. A chat that is not here is not connected.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChatSettings {
    /// Slack: needs `bot_token`, and `app_token` or `signing_secret`.
    pub slack: Option<SlackSettings>,
    /// Discord: needs `token`.
    pub discord: Option<DiscordSettings>,
}

impl ChatSettings {
    /// The keys of `wanted` that take another connection, and so a restart: by which account a chat
    /// is spoken to, and how it is listened to. Everything else is taken up while it is connected.
    pub fn need_restart(&self, wanted: &Self) -> Vec<&'static str> {
        let mut keys = Vec::new();
        match (&self.slack, &wanted.slack) {
            (Some(now), Some(wanted)) => keys.extend(now.need_restart(wanted)),
            (None, None) => {}
            _ => keys.push("chat.slack"),
        }
        match (&self.discord, &wanted.discord) {
            (Some(now), Some(wanted)) => keys.extend(now.need_restart(wanted)),
            (None, None) => {}
            _ => keys.push("chat.discord"),
        }
        keys
    }
}

fn changed<const N: usize>(keys: [(bool, &'static str); N]) -> impl Iterator<Item = &'static str> {
    let changed = keys.into_iter().filter(|(changed, _)| *changed);
    changed.map(|(_, key)| key)
}

impl SlackSettings {
    fn need_restart(&self, wanted: &Self) -> impl Iterator<Item = &'static str> {
        changed([
            (self.api_url != wanted.api_url, "chat.slack.api_url"),
            (self.bot_token != wanted.bot_token, "chat.slack.bot_token"),
            (self.app_token != wanted.app_token, "chat.slack.app_token"),
            (
                self.signing_secret != wanted.signing_secret,
                "chat.slack.signing_secret",
            ),
        ])
    }
}

impl DiscordSettings {
    fn need_restart(&self, wanted: &Self) -> impl Iterator<Item = &'static str> {
        changed([
            (self.api_url != wanted.api_url, "chat.discord.api_url"),
            (self.token != wanted.token, "chat.discord.token"),
            (
                self.public_key != wanted.public_key,
                "chat.discord.public_key",
            ),
        ])
    }
}

/// A Slack app.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SlackSettings {
    /// Where Slack's Web API is. Other values: a proxy, `GovSlack`, a test server.
    pub api_url: BaseUrl,
    /// The bot token (`xoxb-…`).
    pub bot_token: Option<Secret>,
    /// The app-level token (`xapp-…`). With it, Socket Mode: outbound connections only.
    pub app_token: Option<Secret>,
    /// The signing secret. With it, the HTTP endpoints under `/slack/`.
    pub signing_secret: Option<Secret>,
    /// The slash command that people type.
    pub command: SlashCommand,
    /// The channel (its id) that incidents are posted to.
    pub alerts_channel: Option<String>,
}

impl Default for SlackSettings {
    fn default() -> Self {
        Self {
            api_url: BaseUrl::from_static("https://slack.com/api/"),
            bot_token: None,
            app_token: None,
            signing_secret: None,
            command: SlashCommand::default(),
            alerts_channel: None,
        }
    }
}

/// A Discord application.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DiscordSettings {
    /// Where Discord is. Other values: a proxy, a test server.
    pub api_url: BaseUrl,
    /// The bot's token.
    pub token: Option<Secret>,
    /// The application's public key, 64 hexadecimal digits. With it, interactions come in over
    /// HTTP at `/discord/interactions` instead of the gateway.
    pub public_key: Option<PublicKey>,
    /// The server that commands are registered in. Without it they are global.
    pub guild_id: Option<Snowflake>,
    /// The command that people type. Every word is a sub-command of it.
    pub command: SlashCommand,
    /// The channel that incidents are posted to; a forum is fine.
    pub alerts_channel: Option<Snowflake>,
}

impl Default for DiscordSettings {
    fn default() -> Self {
        Self {
            api_url: BaseUrl::from_static("https://discord.com"),
            token: None,
            public_key: None,
            guild_id: None,
            command: SlashCommand::default(),
            alerts_channel: None,
        }
    }
}

/// A slash command with its slash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline)]
pub struct SlashCommand(String);

impl Default for SlashCommand {
    fn default() -> Self {
        Self("/ops".to_owned())
    }
}

impl TryFrom<String> for SlashCommand {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
        match text.strip_prefix('/') {
            Some(word) if (1..=31).contains(&word.len()) && word.chars().all(inside) => {
                Ok(Self(text))
            }
            _ => Err("expected a slash and up to 31 small letters, such as `/ops`"),
        }
    }
}

impl From<SlashCommand> for String {
    fn from(command: SlashCommand) -> Self {
        command.0
    }
}

impl fmt::Display for SlashCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// An id as Discord gives them: a number with up to 20 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String")]
pub struct Snowflake(pub u64);

impl TryFrom<String> for Snowflake {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.parse() {
            Ok(id) if id > 0 => Ok(Self(id)),
            _ => Err("expected a Discord id: digits only, from \"Copy ID\" in Discord"),
        }
    }
}

impl From<Snowflake> for String {
    fn from(id: Snowflake) -> Self {
        id.0.to_string()
    }
}

/// An Ed25519 public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String")]
pub struct PublicKey(pub [u8; 32]);

impl TryFrom<String> for PublicKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const EXPECTED: &str = "expected 64 hexadecimal digits, from the application's page";
        let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
        let digits = digits.filter(|digits| digits.len() == 64).ok_or(EXPECTED)?;
        let mut key = [0; 32];
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = u8::try_from(pair[0] * 16 + pair[1]).map_err(|_| EXPECTED)?;
        }
        Ok(Self(key))
    }
}
