//! The commands that Discord knows of us: compared with those there should be, and written only
//! where they differ.

use serde_json::Value;
use serenity::http::Route;
use serenity::model::id::{ApplicationId, GuildId};

use super::api::{ApiError, Ask};
use super::commands::{commands, essence};
use super::door::Discord;
use super::outbox::SOON;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Registered {
    /// They were there already.
    AsTheyWere,
    Written,
}

impl Discord {
    fn route(&self, application_id: ApplicationId) -> Route<'static> {
        match self.settings.guild_id {
            Some(guild) => Route::GuildCommands {
                application_id,
                guild_id: GuildId::new(guild.0),
            },
            None => Route::Commands { application_id },
        }
    }

    /// As they should be now: runbooks come and go with their files.
    pub(super) fn wanted(&self) -> Value {
        let bot = self.listener.bot();
        commands(&self.main(), &bot.conduct.library.shelf())
    }

    /// Whether Discord has exactly these.
    pub(super) async fn has(&self, wanted: &Value) -> Result<bool, ApiError> {
        let route = self.route(self.stage().application()?);
        let there = self.outbox.call(&Ask::get(route), SOON).await?;
        Ok(by_name(&there) == by_name(wanted))
    }

    pub(super) async fn register(&self, wanted: &Value) -> Result<Registered, ApiError> {
        if self.has(wanted).await? {
            return Ok(Registered::AsTheyWere);
        }
        let route = self.route(self.stage().application()?);
        let ask = Ask::put(route, wanted.clone());
        self.outbox.call(&ask, SOON).await?;
        Ok(Registered::Written)
    }
}

/// Discord lists them in an order of its own.
fn by_name(all: &Value) -> Vec<Value> {
    let mut all: Vec<Value> = all.as_array().into_iter().flatten().map(essence).collect();
    all.sort_by_key(|command| {
        let name = command.get("name").and_then(Value::as_str);
        name.unwrap_or_default().to_owned()
    });
    all
}
