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

/// Commands, and where they are: in one server, or everywhere.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Commands {
    pub(super) guild: Option<u64>,
    pub(super) all: Value,
}

fn route(application_id: ApplicationId, guild: Option<u64>) -> Route<'static> {
    match guild {
        Some(guild) => Route::GuildCommands {
            application_id,
            guild_id: GuildId::new(guild),
        },
        None => Route::Commands { application_id },
    }
}

impl Discord {
    /// As they should be now: runbooks come and go with their files.
    pub(super) fn wanted(&self) -> Commands {
        let (bot, serves) = (self.listener.bot(), self.serves());
        Commands {
            guild: serves.guild,
            all: commands(&serves.main, &bot.conduct.library.shelf()),
        }
    }

    /// Whether Discord has exactly these.
    pub(super) async fn has(&self, wanted: &Commands) -> Result<bool, ApiError> {
        let route = route(self.stage().application()?, wanted.guild);
        let there = self.outbox.call(&Ask::get(route), SOON).await?;
        Ok(by_name(&there) == by_name(&wanted.all))
    }

    pub(super) async fn register(&self, wanted: &Commands) -> Result<Registered, ApiError> {
        if self.has(wanted).await? {
            return Ok(Registered::AsTheyWere);
        }
        let route = route(self.stage().application()?, wanted.guild);
        let ask = Ask::put(route, wanted.all.clone());
        self.outbox.call(&ask, SOON).await?;
        Ok(Registered::Written)
    }

    /// Takes them away where nobody is served any more: there they would only be refused.
    pub(super) async fn unregister(&self, guild: Option<u64>) -> Result<(), ApiError> {
        let route = route(self.stage().application()?, guild);
        let none = Ask::put(route, Value::Array(Vec::new()));
        self.outbox.call(&none, SOON).await.map(|_| ())
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
