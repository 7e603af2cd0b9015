//! Roles and who has them, as the configuration names them.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::Risk;
use crate::setting::Identifier;

/// Who may do what. Without members, everybody in a chat may look and nobody may change anything; the console may.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccessSettings {
    /// What each role may do.
    pub roles: BTreeMap<Identifier, RoleSettings>,
    /// Who has which roles: `slack:USER`, `slack-group:GROUP`, `discord:USER`,
    /// `discord-role:ROLE` or `console:USER`, each with an id; `*` instead of a user is everybody
    /// there.
    pub members: BTreeMap<Member, Vec<Identifier>>,
}

/// One role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RoleSettings {
    /// `STACK[@ENVIRONMENT][/RUNBOOK]:RISK`: a stack's name, in which `*` stands for any signs,
    /// perhaps its environment, perhaps one runbook, and `read`, `change` or `destructive`. Each
    /// risk has to be allowed by itself.
    pub allow: Vec<Allowance>,
}

/// A risk that is allowed on the stacks a pattern matches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String")]
pub struct Allowance {
    /// A stack's name in which `*` stands for any signs, perhaps with environment and runbook.
    pub stacks: String,
    pub risk: Risk,
}

impl TryFrom<String> for Allowance {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (stacks, risk) = text
            .rsplit_once(':')
            .ok_or("expected `STACK:RISK`, such as `*:read` or `shop:change`")?;
        let inside = |c: char| c.is_ascii_alphanumeric() || "_.-*@/".contains(c);
        if stacks.is_empty() || !stacks.chars().all(inside) {
            return Err("expected a stack's name, or a part of it and `*`, before the `:`");
        }
        let risk = [Risk::Read, Risk::Change, Risk::Destructive]
            .into_iter()
            .find(|known| known.word() == risk)
            .ok_or("expected `read`, `change` or `destructive` after the `:`")?;
        if super::Allow::parse(&text).is_none() {
            return Err("expected `STACK[@ENVIRONMENT][/RUNBOOK]:RISK`");
        }
        Ok(Self {
            stacks: stacks.to_owned(),
            risk,
        })
    }
}

impl From<Allowance> for String {
    fn from(allowance: Allowance) -> Self {
        format!("{}:{}", allowance.stacks, allowance.risk.word())
    }
}

/// The kinds of people a configuration can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberKind {
    Slack,
    SlackGroup,
    Discord,
    DiscordRole,
    Console,
}

impl MemberKind {
    const ALL: [Self; 5] = [
        Self::Slack,
        Self::SlackGroup,
        Self::Discord,
        Self::DiscordRole,
        Self::Console,
    ];

    /// What stands before the colon.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::SlackGroup => "slack-group",
            Self::Discord => "discord",
            Self::DiscordRole => "discord-role",
            Self::Console => "console",
        }
    }
}

/// Somebody, or everybody of a kind (`*`).
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String")]
pub struct Member {
    pub kind: MemberKind,
    pub id: String,
}

impl TryFrom<String> for Member {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const EXPECTED: &str = "expected `slack:USER`, `slack-group:GROUP`, `discord:USER`, \
                                `discord-role:ROLE` or `console:USER`";
        let (prefix, id) = text.split_once(':').ok_or(EXPECTED)?;
        let kind = MemberKind::ALL
            .into_iter()
            .find(|kind| kind.prefix() == prefix)
            .ok_or(EXPECTED)?;
        let odd = |c: char| c.is_whitespace() || c.is_control();
        if id.is_empty() || id.contains(odd) || (id != "*" && id.contains('*')) {
            return Err("expected an id after the `:`, or `*` alone for everybody there");
        }
        if id == "*" && matches!(kind, MemberKind::SlackGroup | MemberKind::DiscordRole) {
            return Err(
                "expected the id of one group or role; everybody there is `slack:*` or `discord:*`",
            );
        }
        Ok(Self {
            kind,
            id: id.to_owned(),
        })
    }
}

impl From<Member> for String {
    fn from(member: Member) -> Self {
        member.to_string()
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.prefix(), self.id)
    }
}
