//! Who needs whom, read from what every container shows: compose's `depends_on` label, environment
//! values and arguments that name another service, a shared network namespace; and who could reach
//! whom because they share a network.

use std::collections::{BTreeMap, BTreeSet};

use super::inventory::{Inventory, Key, Service};
use crate::action::container::Container;
use crate::say;
use crate::text::{Clean, Name};

const DEPENDS_ON: &str = "com.docker.compose.depends_on";

/// What makes one service need another. Ordered: what was declared comes before what was inferred.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// `depends_on`, with its condition.
    Declared { condition: Name },
    /// The value of this environment variable names it.
    Environment { variable: Name },
    /// An argument of its command names it.
    Argument,
    /// It lives in the other's network namespace.
    SharesNetworkOf,
}

impl Why {
    pub fn say(&self) -> Clean {
        match self {
            Self::Declared { condition } if condition.is_empty() => say!("depends_on"),
            Self::Declared { condition } => say!("depends_on, {}", condition),
            Self::Environment { variable } => say!("named in {}", variable),
            Self::Argument => say!("named in its command"),
            Self::SharesNetworkOf => say!("uses its network"),
        }
    }
}

/// `from` needs `to`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    pub from: Key,
    pub to: Key,
    pub why: Why,
}

#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// Sorted, each once.
    pub edges: Vec<Edge>,
    networks: BTreeMap<Key, BTreeSet<String>>,
}

impl Graph {
    pub fn new(inventory: &Inventory) -> Self {
        let names = Names::new(inventory);
        let mut edges: BTreeSet<Edge> = BTreeSet::new();
        for service in &inventory.services {
            for (to, why) in service
                .replicas
                .iter()
                .flat_map(|replica| needs(service, replica, &names))
            {
                if to != service.key {
                    edges.insert(Edge {
                        from: service.key.clone(),
                        to,
                        why,
                    });
                }
            }
        }
        let networks = inventory
            .services
            .iter()
            .map(|service| (service.key.clone(), networks_of(service)))
            .collect();
        Self {
            edges: edges.into_iter().collect(),
            networks,
        }
    }

    /// What this service needs directly, each once with its strongest reason.
    pub fn needs(&self, key: &Key) -> BTreeMap<&Key, &Why> {
        first_reason(
            self.edges
                .iter()
                .filter(|edge| edge.from == *key)
                .map(|edge| (&edge.to, &edge.why)),
        )
    }

    /// Who needs this service directly.
    pub fn needed_by(&self, key: &Key) -> BTreeMap<&Key, &Why> {
        first_reason(
            self.edges
                .iter()
                .filter(|edge| edge.to == *key)
                .map(|edge| (&edge.from, &edge.why)),
        )
    }

    /// Everything this service needs, also through others; nearest first, never itself.
    pub fn all_needs(&self, key: &Key) -> Vec<Key> {
        self.walk(key, |graph, at| {
            graph.needs(at).into_keys().cloned().collect()
        })
    }

    /// Everything that needs this service, also through others; nearest first.
    pub fn all_needed_by(&self, key: &Key) -> Vec<Key> {
        self.walk(key, |graph, at| {
            graph.needed_by(at).into_keys().cloned().collect()
        })
    }

    /// Whether a packet could go from one to the other: they share a network.
    pub fn share_network(&self, a: &Key, b: &Key) -> bool {
        match (self.networks.get(a), self.networks.get(b)) {
            (Some(a), Some(b)) => a.intersection(b).next().is_some(),
            _ => false,
        }
    }

    fn walk(&self, from: &Key, next: impl Fn(&Self, &Key) -> Vec<Key>) -> Vec<Key> {
        let mut found: Vec<Key> = vec![from.clone()];
        let mut at = 0;
        while let Some(key) = found.get(at).cloned() {
            for key in next(self, &key) {
                if !found.contains(&key) {
                    found.push(key);
                }
            }
            at += 1;
        }
        found.remove(0);
        found
    }

    /// Services so ordered that each comes after what it needs; a cycle is broken at its first
    /// member by name.
    pub fn start_order(&self, keys: &[Key]) -> Vec<Key> {
        let mut waiting: BTreeSet<Key> = keys.iter().cloned().collect();
        let mut ordered = Vec::new();
        while let Some(first) = waiting.first().cloned() {
            let free = |key: &&Key| self.needs(key).keys().all(|need| !waiting.contains(*need));
            let next = waiting.iter().find(free).cloned().unwrap_or(first);
            waiting.remove(&next);
            ordered.push(next);
        }
        ordered
    }
}

fn first_reason<'g>(pairs: impl Iterator<Item = (&'g Key, &'g Why)>) -> BTreeMap<&'g Key, &'g Why> {
    let mut reasons = BTreeMap::new();
    for (key, why) in pairs {
        reasons.entry(key).or_insert(why);
    }
    reasons
}

fn networks_of(service: &Service) -> BTreeSet<String> {
    let named = service
        .replicas
        .iter()
        .flat_map(|replica| &replica.networks);
    named
        .map(|attachment| attachment.network.clone())
        .filter(|network| network != "none")
        .collect()
}

/// Which service a host name means, seen from a given container.
struct Names<'i> {
    inventory: &'i Inventory,
    by_name: BTreeMap<String, Vec<&'i Service>>,
}

impl<'i> Names<'i> {
    fn new(inventory: &'i Inventory) -> Self {
        let mut by_name: BTreeMap<String, Vec<&'i Service>> = BTreeMap::new();
        for service in &inventory.services {
            let mut names: BTreeSet<&str> = BTreeSet::from([service.name().as_str()]);
            for replica in &service.replicas {
                names.insert(&replica.name);
                names.extend(
                    replica
                        .networks
                        .iter()
                        .flat_map(|attachment| &attachment.aliases)
                        .map(String::as_str),
                );
            }
            for name in names {
                by_name
                    .entry(name.to_lowercase())
                    .or_default()
                    .push(service);
            }
        }
        Self { inventory, by_name }
    }

    /// The service of the same stack goes first, then one on a shared network.
    fn find(&self, from: &Service, host: &str) -> Option<Key> {
        let candidates = self.by_name.get(&host.to_lowercase())?;
        let own_networks = networks_of(from);
        let same_stack = candidates
            .iter()
            .find(|to| to.key.stack.is_some() && to.key.stack == from.key.stack);
        let reachable = || {
            candidates
                .iter()
                .find(|to| networks_of(to).intersection(&own_networks).next().is_some())
        };
        same_stack
            .or_else(reachable)
            .map(|service| service.key.clone())
    }

    fn by_id(&self, id: &str) -> Option<Key> {
        let holds = |service: &&Service| {
            service
                .replicas
                .iter()
                .any(|replica| replica.id == id || replica.name == id)
        };
        self.inventory
            .services
            .iter()
            .find(holds)
            .map(|service| service.key.clone())
    }
}

fn needs(service: &Service, replica: &Container, names: &Names<'_>) -> Vec<(Key, Why)> {
    let mut found = declared(service, replica);
    for (variable, value) in &replica.settings.environment {
        for host in hosts_in(value.expose(), names_an_address(variable)) {
            if let Some(key) = names.find(service, host) {
                found.push((
                    key,
                    Why::Environment {
                        variable: Name::new(variable),
                    },
                ));
            }
        }
    }
    let arguments = replica
        .settings
        .entrypoint
        .iter()
        .chain(&replica.settings.command);
    for host in arguments.flat_map(|argument| hosts_in(argument.expose(), false)) {
        found.extend(names.find(service, host).map(|key| (key, Why::Argument)));
    }
    if let Some(id) = replica.network_mode.strip_prefix("container:") {
        found.extend(names.by_id(id).map(|key| (key, Why::SharesNetworkOf)));
    }
    found
}

/// `db:service_healthy:false,cache:service_started:true`
fn declared(service: &Service, replica: &Container) -> Vec<(Key, Why)> {
    let label = replica.labels.get(DEPENDS_ON).map_or("", String::as_str);
    let entry = |entry: &str| {
        let mut parts = entry.split(':');
        let name = parts.next().filter(|name| !name.is_empty())?;
        let key = Key {
            stack: service.key.stack.clone(),
            service: Name::new(name),
        };
        let condition = Name::new(parts.next().unwrap_or_default());
        Some((key, Why::Declared { condition }))
    };
    label
        .split(',')
        .filter_map(|text| entry(text.trim()))
        .collect()
}

/// Whether a variable's whole value may be a bare host name.
fn names_an_address(variable: &str) -> bool {
    let variable = variable.to_uppercase();
    let ends = [
        "HOST", "HOSTS", "HOSTNAME", "ADDR", "ADDRESS", "SERVER", "SERVERS", "URL", "URI",
        "ENDPOINT", "BROKER", "BROKERS", "SERVICE", "UPSTREAM",
    ];
    ends.iter().any(|end| variable.ends_with(end)) && variable != "HOSTNAME"
}

/// Host names inside a value: of URLs, of `host:port`, and the bare value where it may be one.
fn hosts_in(value: &str, bare: bool) -> Vec<&str> {
    let pieces = value
        .split(|c: char| c.is_whitespace() || ",;'\"()[]{}<>|=".contains(c))
        .filter(|piece| !piece.is_empty());
    pieces.filter_map(|piece| host_of(piece, bare)).collect()
}

fn host_of(piece: &str, bare: bool) -> Option<&str> {
    let (scheme, rest) = match piece.split_once("://") {
        Some((_, rest)) => (true, rest),
        None => (false, piece),
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let (user, host_port) = match authority.rsplit_once('@') {
        Some((_, host)) => (true, host),
        None => (false, authority),
    };
    let (host, port) = match host_port.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (host_port, None),
    };
    let has_port =
        port.is_some_and(|port| !port.is_empty() && port.chars().all(|c| c.is_ascii_digit()));
    let looks_right = !host.is_empty()
        && host
            .chars()
            .all(|c| c.is_alphanumeric() || "-_.".contains(c));
    (looks_right && (scheme || has_port || user || (bare && port.is_none()))).then_some(host)
}

#[cfg(test)]
#[path = "graph_tests.rs"]
mod tests;
