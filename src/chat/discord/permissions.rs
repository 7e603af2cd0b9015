//! What the bot may do in a channel, counted as Discord counts it, and what it needs.

use serde_json::Value;

use super::rooms::text;

/// What is needed, and what for.
pub(super) const NEEDED: &[(u64, &str, &str)] = &[
    (1 << 10, "View Channels", "see where it should speak"),
    (1 << 11, "Send Messages", "speak"),
    (1 << 14, "Embed Links", "show its messages"),
    (1 << 15, "Attach Files", "add long answers as files"),
    (
        1 << 16,
        "Read Message History",
        "edit and answer its own messages",
    ),
    (
        1 << 35,
        "Create Public Threads",
        "tell transitions below a message",
    ),
    (1 << 38, "Send Messages in Threads", "the same"),
];

const ADMINISTRATOR: u64 = 1 << 3;

/// All of them, for the link that invites the bot.
pub(super) fn needed() -> u64 {
    NEEDED.iter().map(|(bit, ..)| bit).sum()
}

/// Which of them are missing.
pub(super) fn missing(
    has: u64,
) -> impl Iterator<Item = &'static (u64, &'static str, &'static str)> {
    NEEDED.iter().filter(move |(bit, ..)| has & bit == 0)
}

/// Somebody in a server, as Discord tells of them.
pub(super) struct Member<'m> {
    pub(super) guild: &'m str,
    pub(super) user: &'m str,
    pub(super) roles: Vec<String>,
}

fn bits(value: &Value, key: &str) -> u64 {
    let bits = value.get(key).and_then(Value::as_str);
    bits.and_then(|bits| bits.parse().ok()).unwrap_or(0)
}

impl Member<'_> {
    /// What the roles give in the whole server. Everybody has the role with the server's id.
    pub(super) fn in_guild(&self, roles: &Value) -> u64 {
        let mine = |id: &str| id == self.guild || self.roles.iter().any(|role| role == id);
        let roles = roles.as_array().into_iter().flatten();
        let given = roles
            .filter(|role| text(role, "/id").is_some_and(|id| mine(&id)))
            .fold(0, |given, role| given | bits(role, "permissions"));
        if given & ADMINISTRATOR == 0 {
            given
        } else {
            u64::MAX
        }
    }

    /// The same after a channel's own rules: everybody's, then those of roles together, then one's
    /// own.
    pub(super) fn in_channel(&self, in_guild: u64, channel: &Value) -> u64 {
        if in_guild == u64::MAX {
            return in_guild;
        }
        let rules = channel
            .get("permission_overwrites")
            .and_then(Value::as_array);
        let rules: Vec<(String, &Value)> = rules
            .into_iter()
            .flatten()
            .filter_map(|rule| Some((text(rule, "/id")?, rule)))
            .collect();
        let of = |is_meant: &dyn Fn(&str) -> bool| {
            let meant = rules.iter().filter(|(id, _)| is_meant(id));
            meant.fold((0, 0), |(deny, allow), (_, rule)| {
                (deny | bits(rule, "deny"), allow | bits(rule, "allow"))
            })
        };
        let layers = [
            of(&|id| id == self.guild),
            of(&|id| id != self.guild && self.roles.iter().any(|role| role == id)),
            of(&|id| id == self.user),
        ];
        layers
            .into_iter()
            .fold(in_guild, |has, (deny, allow)| (has & !deny) | allow)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_channels_rules_go_over_the_servers() {
        let member = Member {
            guild: "1",
            user: "9",
            roles: vec!["5".to_owned()],
        };
        let role = |id: &str, bits: u64| json!({ "id": id, "permissions": bits.to_string() });
        let roles = json!([role("1", 1 << 10), role("5", 1 << 11), role("6", 1 << 14)]);
        let has = member.in_guild(&roles);
        assert_eq!(has, 1 << 10 | 1 << 11, "another's role gives nothing");
        let rule = |id: &str, deny: u64, allow: u64| json!({ "id": id, "deny": deny.to_string(), "allow": allow.to_string() });
        let channel = json!({ "permission_overwrites": [
            rule("9", 1 << 11, 1 << 15), rule("1", 1 << 10, 0), rule("5", 0, 1 << 10), rule("6", 1 << 10, 0),
        ] });
        assert_eq!(member.in_channel(has, &channel), 1 << 10 | 1 << 15);
        let all = member.in_guild(&json!([role("5", ADMINISTRATOR)]));
        assert_eq!(missing(member.in_channel(all, &channel)).count(), 0);
    }
}
