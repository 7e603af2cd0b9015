//! What `doctor` says of Slack: tokens of the right kind, scopes, sockets, clocks, the channels
//! that incidents are told in. Each line says how to mend what is not well.

use hyper::header::{DATE, HeaderMap};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::Value;

use super::door::Slack;
use super::groups::GROUP;
use crate::chat::checkup::{Check, check, outcome, told};
use crate::say;
use crate::setting::Secret;
use crate::text::{Clean, Message, Name};

/// What the app's manifest asks for, and why.
const SCOPES: &[(&str, &str)] = &[
    ("app_mentions:read", "hear mentions"),
    ("channels:history", "hear replies in a run's thread"),
    ("channels:read", "see whether it is in a channel"),
    ("chat:write", "answer"),
    ("commands", "the slash command"),
    ("files:write", "long answers as files"),
    ("im:history", "hear direct messages"),
    ("im:write", "answer where it is in no channel"),
];

/// Slack turns away what is signed five minutes off, and so do we.
const SKEW: i64 = 120;

impl Slack {
    /// Whether all is well, and what to say.
    pub async fn examine(&self) -> (bool, Message) {
        let mut checks = vec![kind("bot token", &self.outbox.token, "xoxb-")];
        match self
            .outbox
            .api
            .form("auth.test", &self.outbox.token, &[])
            .await
        {
            Ok(answer) => {
                let word = |key: &str| answer.body.get(key).and_then(Value::as_str);
                let (team, user) = (
                    Name::new(word("team").unwrap_or("?")),
                    Name::new(word("user").unwrap_or("?")),
                );
                checks.push(check("Web API", true, say!("{} on {}", user, team)));
                checks.push(scopes(
                    &answer.headers,
                    !self.bot().policy.named(GROUP).is_empty(),
                ));
                checks.extend(skew(&answer.headers, self.bot().clock.now()));
            }
            Err(error) => checks.push(check("Web API", false, told(&error))),
        }
        checks.push(self.entrance().await);
        for channel in self.listener.channels() {
            checks.push(self.channel(&channel).await);
        }
        outcome("Slack", &checks)
    }

    async fn entrance(&self) -> Check {
        let Some(token) = &self.app_token else {
            return check("entrance", true, say!("HTTP endpoints under /slack/"));
        };
        let kind = kind("app token", token, "xapp-");
        if !kind.well {
            return kind;
        }
        match self
            .outbox
            .api
            .form("apps.connections.open", token, &[])
            .await
        {
            Ok(_) => check("Socket Mode", true, say!("Slack gives out sockets")),
            Err(error) => check("Socket Mode", false, told(&error)),
        }
    }

    async fn channel(&self, channel: &str) -> Check {
        let fields = [("channel", channel)];
        let name = Name::new(channel);
        match self.outbox.form("conversations.info", &fields).await {
            Ok(answer) => {
                let member = answer.body.pointer("/channel/is_member");
                let well = member.and_then(Value::as_bool) != Some(false);
                let says = if well {
                    say!("{} is there, and so is the app", name)
                } else {
                    say!("the app is not in {}; `/invite` it there", name)
                };
                check("channel", well, says)
            }
            Err(error) => check("channel", false, say!("{}: {}", name, told(&error))),
        }
    }
}

fn kind(what: &'static str, token: &Secret, prefix: &'static str) -> Check {
    let well = token.expose().starts_with(prefix);
    let says = if well {
        say!("is one (`{}`)", prefix)
    } else {
        say!(
            "does not begin with `{}`; another kind of token was set",
            prefix
        )
    };
    check(what, well, says)
}

fn scopes(headers: &HeaderMap, groups: bool) -> Check {
    let Some(granted) = headers
        .get("x-oauth-scopes")
        .and_then(|value| value.to_str().ok())
    else {
        return check("scopes", true, say!("Slack does not say which"));
    };
    let has = |scope: &str| granted.split(',').any(|granted| granted.trim() == scope);
    let mut missing: Vec<Clean> = SCOPES
        .iter()
        .filter(|(scope, _)| !has(scope))
        .map(|(scope, why)| say!("`{}` ({})", *scope, *why))
        .collect();
    if groups && !has("usergroups:read") {
        missing.push(say!("`usergroups:read` (members of user groups)"));
    }
    if missing.is_empty() {
        return check("scopes", true, say!("all there"));
    }
    let missing = Clean::join(&missing, ", ");
    check(
        "scopes",
        false,
        say!("missing: {}; add them and install the app again", missing),
    )
}

fn skew(headers: &HeaderMap, now: Timestamp) -> Option<Check> {
    let theirs = headers.get(DATE)?.to_str().ok()?;
    let theirs = rfc2822::parse(theirs).ok()?.timestamp();
    let apart = now.duration_since(theirs).as_secs().abs();
    let says = say!("{} s from Slack's", apart);
    Some(if apart <= SKEW {
        check("clock", true, says)
    } else {
        check("clock", false, say!("{}; set this machine's clock", says))
    })
}
