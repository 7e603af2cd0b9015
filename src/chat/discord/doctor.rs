//! What `doctor` says of Discord: the token, the entrance, intents, permissions where alerts go, the
//! commands. Each line says how to mend what is not well.

use serde_json::Value;
use serenity::http::Route;
use serenity::model::id::{GuildId, UserId};

use super::api::{ApiError, Ask};
use super::door::Discord;
use super::outbox::SOON;
use super::permissions::{Member, missing, needed};
use super::rooms::{channel, number, text};
use crate::chat::checkup::{Check, check, outcome, told};
use crate::say;
use crate::setting::BaseUrl;
use crate::text::{Clean, Message, Name, Redactor};

/// Flags of an application that has the intents only some bots get.
const PRIVILEGED: u64 = (0b1111 << 12) | (0b11 << 18);

impl Discord {
    /// Whether all is well, and what to say.
    pub async fn examine(&self) -> (bool, Message) {
        let mut checks = Vec::new();
        match self.introduced().await {
            Ok(application) => {
                let name = text(&application, "/name").unwrap_or_default();
                checks.push(check("token", true, say!("it is {}'s", Name::new(&name))));
                checks.push(self.entrance(&application).await);
                checks.push(intents(&application));
                checks.push(self.commands().await);
                for channel in self.listener.channels() {
                    checks.push(self.alerts_channel(&application, &channel).await);
                }
                checks.push(invitation(&application));
            }
            Err(error) => checks.push(check("token", false, token(&error))),
        }
        outcome("Discord", &checks)
    }

    /// Exactly one way in.
    async fn entrance(&self, application: &Value) -> Check {
        if let Some(key) = self.settings.public_key {
            let ours: String = key.0.iter().map(|byte| format!("{byte:02x}")).collect();
            let theirs = text(application, "/verify_key").unwrap_or_default();
            return if theirs.is_empty() || theirs.eq_ignore_ascii_case(&ours) {
                check("entrance", true, say!("HTTP at /discord/interactions"))
            } else {
                let why = say!("`public_key` is not this application's; copy it anew");
                check("entrance", false, why)
            };
        }
        if text(application, "/interactions_endpoint_url").is_some() {
            let why = say!(
                "the application has an interactions endpoint URL, so nothing comes through the gateway; remove it, or set `public_key`"
            );
            return check("entrance", false, why);
        }
        match self.outbox.call(&Ask::get(Route::GatewayBot), SOON).await {
            Ok(gateway) => {
                let left = gateway.pointer("/session_start_limit/remaining");
                let left = left.and_then(Value::as_u64).unwrap_or_default();
                check(
                    "gateway",
                    left > 0,
                    say!("{} sessions are left today", left),
                )
            }
            Err(error) => check("gateway", false, told(&error)),
        }
    }

    async fn commands(&self) -> Check {
        match self.has(&self.wanted()).await {
            Ok(true) => check("commands", true, say!("registered as they should be")),
            Ok(false) => {
                let why = say!("not registered as they should be; `dogwatch serve` does that");
                check("commands", false, why)
            }
            Err(error) => {
                let why = say!(
                    "{}; invite the app with `applications.commands`",
                    told(&error)
                );
                check("commands", false, why)
            }
        }
    }

    async fn alerts_channel(&self, application: &Value, id: &str) -> Check {
        let user = text(application, "/bot/id").or_else(|| text(application, "/id"));
        let name = Name::new(id);
        match self.lacks(id, &user.unwrap_or_default()).await {
            Ok(lacks) if lacks.is_empty() => {
                let says = say!("{}: all that is needed there", name);
                check("alerts channel", true, says)
            }
            Ok(lacks) => {
                let lacks = Clean::join(&lacks, ", ");
                let says = say!("{}: missing there: {}", name, lacks);
                check("alerts channel", false, says)
            }
            Err(error) => {
                let why = say!("{}: {}; is the bot in that server?", name, told(&error));
                check("alerts channel", false, why)
            }
        }
    }

    /// Permissions that the bot has not got in a channel.
    async fn lacks(&self, id: &str, user: &str) -> Result<Vec<Clean>, ApiError> {
        let look = |route| async move { self.outbox.call(&Ask::get(route), SOON).await };
        let at = look(Route::Channel {
            channel_id: channel(id)?,
        })
        .await?;
        let Some(guild) = text(&at, "/guild_id") else {
            return Ok(Vec::new());
        };
        let guild_id = GuildId::new(number(&guild)?);
        let roles = look(Route::GuildRoles { guild_id }).await?;
        let user_id = UserId::new(number(user)?);
        let me = look(Route::GuildMember { guild_id, user_id }).await?;
        let mine = me.get("roles").and_then(Value::as_array);
        let member = Member {
            guild: &guild,
            user,
            roles: mine
                .into_iter()
                .flatten()
                .filter_map(|role| role.as_str().map(str::to_owned))
                .collect(),
        };
        let has = member.in_channel(member.in_guild(&roles), &at);
        let lacks = missing(has).map(|(_, what, why)| say!("{} ({})", *what, *why));
        Ok(lacks.collect())
    }
}

fn token(error: &ApiError) -> Clean {
    match error {
        ApiError::Refused { status: 401, .. } => {
            say!("not accepted; make a new one on the page of the bot")
        }
        error => told(error),
    }
}

/// Commands, presses and forms come without any of them.
fn intents(application: &Value) -> Check {
    let flags = application
        .get("flags")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    let says = if flags & PRIVILEGED == 0 {
        say!("none is needed, none is on")
    } else {
        say!("none is needed; those that are on can be switched off")
    };
    check("intents", true, says)
}

/// The link with the least that is needed.
fn invitation(application: &Value) -> Check {
    let id = text(application, "/id").unwrap_or_default();
    let base = BaseUrl::from_static("https://discord.com");
    let base = base.join("oauth2/authorize");
    let link = format!(
        "{base}?client_id={id}&scope=bot+applications.commands&permissions={}",
        needed()
    );
    let says = Redactor::shapes_only().clean(&link);
    check("invitation", true, says)
}
