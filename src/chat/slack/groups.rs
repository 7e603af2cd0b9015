//! Which user groups somebody is in, as far as the configuration names any: asked of Slack and
//! remembered for a while.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::outbox::Outbox;

/// What stands in front of a group's id where it is a member.
pub(super) const GROUP: &str = "slack-group";

/// Who joins a group can act this much later at the latest; who leaves it no longer can.
const FRESH: Duration = Duration::from_mins(2);
/// While Slack cannot be asked, what was known counts for this long, and then nothing does.
const STALE: Duration = Duration::from_mins(10);

#[derive(Debug, Default)]
pub(super) struct Groups {
    known: Mutex<BTreeMap<String, Members>>,
}

#[derive(Debug)]
struct Members {
    users: Vec<String>,
    asked: Instant,
}

impl Groups {
    /// Those of `wanted`, as members are written in the configuration: `slack-group:S1`.
    pub(super) async fn of(&self, user: &str, wanted: &[&str], outbox: &Outbox) -> Vec<String> {
        let mut groups = Vec::new();
        let mut known = self.known.lock().await;
        for group in wanted.iter().copied() {
            let age = known.get(group).map(|members| members.asked.elapsed());
            if age.is_none_or(|age| age > FRESH) {
                match ask(group, outbox).await {
                    Ok(users) => {
                        let asked = Instant::now();
                        known.insert(group.to_owned(), Members { users, asked });
                    }
                    Err(why) => {
                        tracing::warn!(group, why, "a user group cannot be looked up");
                        if age.is_some_and(|age| age > STALE) {
                            known.remove(group);
                        }
                    }
                }
            }
            let is_in = known
                .get(group)
                .is_some_and(|members| members.users.iter().any(|member| member == user));
            if is_in {
                groups.push(format!("{GROUP}:{group}"));
            }
        }
        groups
    }
}

async fn ask(group: &str, outbox: &Outbox) -> Result<Vec<String>, String> {
    let answer = outbox
        .form("usergroups.users.list", &[("usergroup", group)])
        .await
        .map_err(|error| error.to_string())?;
    let users = answer.body.get("users").and_then(Value::as_array);
    let users = users.ok_or("the answer names no users")?;
    Ok(users
        .iter()
        .filter_map(|user| user.as_str().map(str::to_owned))
        .collect())
}
