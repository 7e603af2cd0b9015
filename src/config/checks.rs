//! What no value can know by itself: names that must exist elsewhere in the file, and keys that
//! need each other. A key that is there but wrong was reported already and counts as given.

use std::ops::Range;

use crate::setting::PageUrl;
use crate::stack::site::removes_volumes;
use crate::watch::check::KINDS;
use crate::yaml::{Document, Entry, Node, Value, nearest};

/// Adds to the document's problems.
pub(super) fn check(document: &mut Document) {
    let mut found = Vec::new();
    let root = document.root();
    slack(root, &mut found);
    discord(root, &mut found);
    hosts(root, &mut found);
    stacks(root, &mut found);
    members(root, &mut found);
    checks(root, &mut found);
    registries(root, &mut found);
    webhooks(root, &mut found);
    ping(root, &mut found);
    for Finding { at, message, help } in found {
        document.report(at, message).help = help;
    }
}

struct Finding {
    at: Range<usize>,
    message: String,
    help: Option<String>,
}

impl Finding {
    fn at_key(entry: &Entry, message: impl Into<String>, help: &str) -> Self {
        Self {
            at: entry.key_at.clone(),
            message: message.into(),
            help: Some(help.to_owned()),
        }
    }
}

/// Whether the key is there with a value, right or wrong, or was meant to be: a slip in its name
/// is reported already.
fn given(section: &Node, key: &str) -> bool {
    let meant = |entry: &Entry| nearest(&entry.key, [key]).is_some();
    section
        .entries()
        .iter()
        .any(|entry| meant(entry) && !entry.node.is_null())
}

/// A section that is there, be it empty.
fn section<'n>(root: &'n Node, path: &[&str], key: &str) -> Option<&'n Entry> {
    let entry = root.find(path)?.entry(key)?;
    matches!(entry.node.value, Value::Map(_)).then_some(entry)
}

fn slack(root: &Node, found: &mut Vec<Finding>) {
    let Some(slack) = section(root, &["chat"], "slack") else {
        return;
    };
    if !given(&slack.node, "bot_token") {
        let help = "add `bot_token: \"${SLACK_BOT_TOKEN}\"`";
        found.push(Finding::at_key(slack, "Slack needs a `bot_token`", help));
    }
    if !given(&slack.node, "app_token") && !given(&slack.node, "signing_secret") {
        let message = "Slack needs an `app_token` or a `signing_secret`";
        let help = "`app_token` for Socket Mode, `signing_secret` for the HTTP endpoints";
        found.push(Finding::at_key(slack, message, help));
    }
}

fn discord(root: &Node, found: &mut Vec<Finding>) {
    if let Some(discord) = section(root, &["chat"], "discord")
        && !given(&discord.node, "token")
    {
        let help = "add `token: \"${DISCORD_TOKEN}\"`";
        found.push(Finding::at_key(discord, "Discord needs a `token`", help));
    }
}

fn hosts(root: &Node, found: &mut Vec<Finding>) {
    let hosts = root.find(&["hosts"]).map_or(&[][..], Node::entries);
    for host in hosts {
        let (docker, ssh) = (host.node.entry("docker"), given(&host.node, "ssh"));
        if let (Some(docker), true) = (docker, ssh) {
            let message = format!("`{}` has both `docker` and `ssh`", host.key);
            let help = "keep one: over SSH the engine is found by itself";
            found.push(Finding::at_key(docker, message, help));
        }
        for key in ["identity_file", "known_hosts_file"] {
            if let (Some(entry), false) = (host.node.entry(key), ssh) {
                let message = format!("`{key}` means nothing without `ssh`");
                found.push(Finding::at_key(entry, message, "add `ssh`, or take it out"));
            }
        }
    }
}

fn stacks(root: &Node, found: &mut Vec<Finding>) {
    let hosts = names(root, &["hosts"], &["local"]);
    let stacks = root.find(&["stacks"]).map_or(&[][..], Node::entries);
    for stack in stacks {
        if let Some(host) = stack.node.find(&["host"]).filter(|host| !host.is_null()) {
            known_name("host", "hosts", host, &hosts, found);
        } else if hosts.len() > 1 && !hosts.contains(&"local") {
            let message = format!("which host does `{}` run on?", stack.key);
            found.push(Finding::at_key(stack, message, "add `host`"));
        }
        environments(stack, &hosts, found);
        operating(stack, found);
    }
}

fn environments(stack: &Entry, hosts: &[&str], found: &mut Vec<Finding>) {
    let several = stack.node.find(&["environments"]);
    let several = several.map_or(&[][..], Node::entries);
    if let (Some(one), false) = (stack.node.entry("environment"), several.is_empty()) {
        let message = format!("`{}` has both `environment` and `environments`", stack.key);
        found.push(Finding::at_key(one, message, "keep one"));
    }
    let mut places: Vec<(&str, &str)> = Vec::new();
    for environment in several {
        let named = |key: &str| {
            let own = environment.node.find(&[key]).and_then(Node::text);
            own.or_else(|| stack.node.find(&[key])?.text())
        };
        if let Some(host) = environment
            .node
            .find(&["host"])
            .filter(|host| !host.is_null())
        {
            known_name("host", "hosts", host, hosts, found);
        }
        let place = (
            named("host").unwrap_or("local"),
            named("project").unwrap_or(&stack.key),
        );
        if places.contains(&place) {
            let message = format!(
                "another environment is project `{}` on the same host",
                place.1
            );
            let help = "give it a `project` of its own, or another `host`";
            found.push(Finding::at_key(environment, message, help));
        }
        places.push(place);
    }
}

/// What is started for a stack must be something, and never removes volumes.
fn operating(stack: &Entry, found: &mut Vec<Finding>) {
    let words = |node: &Node| -> Vec<String> {
        let items = node.items().iter();
        items.filter_map(Node::text).map(str::to_owned).collect()
    };
    if let Some(command) = stack.node.entry("compose_command")
        && matches!(&command.node.value, Value::List(items) if items.is_empty())
    {
        let help = "`[\"docker\", \"compose\"]`, or the team's own program";
        found.push(Finding::at_key(command, "no program is named", help));
    }
    let verbs = stack.node.find(&["verbs"]).map_or(&[][..], Node::entries);
    let tasks = stack.node.find(&["tasks"]).map_or(&[][..], Node::entries);
    for entry in verbs.iter().chain(tasks) {
        if removes_volumes(&words(&entry.node)) {
            let message = format!("`{}` would remove volumes", entry.key);
            let help = "volumes are only removed by name, by `full-reset` and `selective-reset`";
            found.push(Finding::at_key(entry, message, help));
        }
    }
    let programs = stack.node.find(&["programs"]).map_or(&[][..], Node::items);
    for program in programs.iter().filter(|program| program.items().is_empty()) {
        found.push(Finding {
            at: program.at.clone(),
            message: "this would allow every program".to_owned(),
            help: Some("say how it begins, as a list: `[make, seed]`".to_owned()),
        });
    }
}

fn members(root: &Node, found: &mut Vec<Finding>) {
    let roles = names(root, &["access", "roles"], &[]);
    let members = root
        .find(&["access", "members"])
        .map_or(&[][..], Node::entries);
    for role in members.iter().flat_map(|member| member.node.items()) {
        known_name("role", "access.roles", role, &roles, found);
    }
}

fn checks(root: &Node, found: &mut Vec<Finding>) {
    let hosts = names(root, &["hosts"], &["local"]);
    for check in root.find(&["checks"]).map_or(&[][..], Node::entries) {
        let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.word).collect();
        let given: Vec<&Entry> = kinds
            .iter()
            .filter_map(|kind| check.node.entry(kind))
            .collect();
        match &given[..] {
            [] => {
                let message = format!("`{}` does not say what to look at", check.key);
                let help = format!("add one of {}", kinds.join(", "));
                found.push(Finding::at_key(check, message, &help));
            }
            [kind] => needs(kind, found),
            [_, second, ..] => {
                let message = format!("`{}` is of two kinds", check.key);
                found.push(Finding::at_key(second, message, "make two checks of it"));
            }
        }
        on_a_host(check, &hosts, found);
    }
}

/// What a kind of check cannot do without.
fn needs(kind: &Entry, found: &mut Vec<Finding>) {
    let Some(row) = KINDS.iter().find(|row| row.word == kind.key) else {
        return;
    };
    for key in row.needs {
        if !given(&kind.node, key) {
            let message = format!("`{}` needs `{key}`", kind.key);
            found.push(Finding::at_key(kind, message, &format!("add `{key}`")));
        }
    }
}

fn registries(root: &Node, found: &mut Vec<Finding>) {
    let hosts = names(root, &["hosts"], &["local"]);
    for registry in root.find(&["registries"]).map_or(&[][..], Node::entries) {
        if !given(&registry.node, "file") {
            let message = format!("`{}` needs `file`", registry.key);
            let help = "say where the `system-config.json` is";
            found.push(Finding::at_key(registry, message, help));
        }
        on_a_host(registry, &hosts, found);
    }
}

fn webhooks(root: &Node, found: &mut Vec<Finding>) {
    let mappings = root
        .find(&["alerts", "generic"])
        .map_or(&[][..], Node::entries);
    for mapping in mappings {
        if !given(&mapping.node, "what") {
            let message = format!("`{}` needs `what`", mapping.key);
            let help = "say where the word for the trouble is: it tells alerts apart";
            found.push(Finding::at_key(mapping, message, help));
        }
    }
}

/// It is a secret, so its type does not tell whether it is a URL.
fn ping(root: &Node, found: &mut Vec<Finding>) {
    let Some(url) = root
        .find(&["watch", "ping"])
        .and_then(|ping| ping.entry("url"))
    else {
        return;
    };
    let text = url.node.text().unwrap_or_default();
    if !url.node.is_null() && PageUrl::try_from(text.to_owned()).is_err() {
        let help = "such as `https://hc.example.org/ping/abc`";
        found.push(Finding::at_key(url, "this is no URL", help));
    }
}

fn on_a_host(entry: &Entry, hosts: &[&str], found: &mut Vec<Finding>) {
    if let Some(host) = entry.node.find(&["host"]).filter(|host| !host.is_null()) {
        known_name("host", "hosts", host, hosts, found);
    } else if hosts.len() > 1 && !hosts.contains(&"local") {
        let message = format!("which host is `{}` about?", entry.key);
        found.push(Finding::at_key(entry, message, "add `host`"));
    }
}

/// The names in a section, or those that are there without it.
fn names<'n>(root: &'n Node, path: &[&str], default: &[&'static str]) -> Vec<&'n str> {
    let entries = root.find(path).map_or(&[][..], Node::entries);
    if entries.is_empty() {
        return default.to_vec();
    }
    entries.iter().map(|entry| entry.key.as_str()).collect()
}

fn known_name(what: &str, home: &str, node: &Node, known: &[&str], found: &mut Vec<Finding>) {
    let Some(name) = node.text().filter(|name| !known.contains(name)) else {
        return;
    };
    let help = match nearest(name, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("add it under `{home}`"),
    };
    found.push(Finding {
        at: node.at.clone(),
        message: format!("there is no such {what}"),
        help: Some(help),
    });
}
