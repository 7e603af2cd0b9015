//! Who needs whom, read from what every container shows: compose's `depends_on` label, environment
//! values and arguments that name another service, a shared network namespace; and who could reach
//! whom because they share a network.

use std::collections::{BTreeMap, BTreeSet};

pub use super::graph_hosts::{Address, is_loopback};
use super::graph_hosts::{addresses_in, quoted_words};
use super::graph_names::Names;
use super::inventory::{Inventory, Key, Service};
use crate::action::container::Container;
use crate::say;
use crate::text::{Clean, Name, Raw};

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
    /// Its health check asks it.
    HealthCheck,
    /// A file mounted into it names it.
    File { path: Name },
    /// It lives in the other's network namespace.
    SharesNetworkOf,
    /// Its log speaks of it.
    Log,
}

/// The text of configuration files, by the id of the container they are mounted into.
pub type Texts = BTreeMap<String, Vec<(String, Raw)>>;

impl Why {
    pub fn say(&self) -> Clean {
        match self {
            Self::Declared { condition } if condition.is_empty() => say!("depends_on"),
            Self::Declared { condition } => say!("depends_on, {}", condition),
            Self::Environment { variable } => say!("named in {}", variable),
            Self::Argument => say!("named in its command"),
            Self::HealthCheck => say!("asked by its health check"),
            Self::File { path } => say!("named in {}", path),
            Self::Log => say!("named in its log"),
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
    names: Names,
    /// Every address a service is configured to talk to, known or not.
    addresses: BTreeMap<Key, Vec<(Address, Why)>>,
}

impl Graph {
    pub fn new(inventory: &Inventory) -> Self {
        Self::with_texts(inventory, &Texts::new())
    }

    /// Reads the files mounted into containers too.
    pub fn with_texts(inventory: &Inventory, texts: &Texts) -> Self {
        let mut graph = Self {
            names: Names::new(inventory),
            ..Self::default()
        };
        for service in &inventory.services {
            graph
                .networks
                .insert(service.key.clone(), networks_of(service));
            let said: BTreeSet<(Address, Why)> = service
                .replicas
                .iter()
                .flat_map(|replica| said_addresses(replica, texts))
                .collect();
            graph
                .addresses
                .insert(service.key.clone(), said.into_iter().collect());
        }
        let edges = inventory.services.iter().flat_map(|service| {
            let found = service
                .replicas
                .iter()
                .flat_map(|replica| needs(&graph, service, replica, texts));
            found
                .map(|(to, why)| (service.key.clone(), to, why))
                .collect::<Vec<_>>()
        });
        let edges: Vec<_> = edges.collect();
        for (from, to, why) in edges {
            graph.add(&from, &to, why);
        }
        graph
    }

    /// Adds that `from` needs `to`, unless it is known already.
    pub fn add(&mut self, from: &Key, to: &Key, why: Why) {
        let edge = Edge {
            from: from.clone(),
            to: to.clone(),
            why,
        };
        if from != to
            && let Err(at) = self.edges.binary_search(&edge)
        {
            self.edges.insert(at, edge);
        }
    }

    /// Every address this service is configured to talk to.
    pub fn addresses(&self, key: &Key) -> &[(Address, Why)] {
        self.addresses.get(key).map_or(&[], Vec::as_slice)
    }

    /// The service that a host name or address means to `from`: one of its own stack first, then
    /// one it shares a network with.
    pub fn resolve(&self, from: &Key, host: &str) -> Option<Key> {
        if is_loopback(host) {
            return None;
        }
        let here = self.networks.get(from);
        if let Some(holders) = self.names.addressed.get(host) {
            let reachable =
                |(network, _): &&(String, Key)| here.is_some_and(|here| here.contains(network));
            return holders.iter().find(reachable).map(|(_, key)| key.clone());
        }
        let candidates = self.names.named.get(&host.to_lowercase())?;
        let near = candidates.iter().find(|key| self.share_network(from, key));
        self.in_same_stack(from, host).or_else(|| near.cloned())
    }

    /// The service of that name in the same stack.
    pub fn in_same_stack(&self, from: &Key, name: &str) -> Option<Key> {
        let candidates = self.names.named.get(&name.to_lowercase())?;
        let same = |key: &&Key| key.stack.is_some() && key.stack == from.stack;
        candidates.iter().find(same).cloned()
    }

    /// The other services of the same stack.
    pub fn neighbours(&self, key: &Key) -> impl Iterator<Item = &Key> {
        self.networks
            .keys()
            .filter(move |other| other.stack.is_some() && other.stack == key.stack && *other != key)
    }

    pub fn networks(&self, key: &Key) -> impl Iterator<Item = &str> {
        self.networks
            .get(key)
            .into_iter()
            .flatten()
            .map(String::as_str)
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

/// What one container says about whom it needs.
fn needs(graph: &Graph, service: &Service, replica: &Container, texts: &Texts) -> Vec<(Key, Why)> {
    let mut found = declared(service, replica);
    for (address, why) in said_addresses(replica, texts) {
        found.extend(
            graph
                .resolve(&service.key, &address.host)
                .map(|key| (key, why)),
        );
    }
    for argument in arguments(replica).filter(|argument| argument.contains(['(', '\n'])) {
        let named =
            quoted_words(argument).filter_map(|word| graph.in_same_stack(&service.key, word));
        found.extend(named.map(|key| (key, Why::Argument)));
    }
    if let Some(id) = replica.network_mode.strip_prefix("container:") {
        let owner = graph.names.identified.get(id).cloned();
        found.extend(owner.map(|key| (key, Why::SharesNetworkOf)));
    }
    found
}

fn arguments(replica: &Container) -> impl Iterator<Item = &str> {
    let settings = &replica.settings;
    settings
        .entrypoint
        .iter()
        .chain(&settings.command)
        .map(Raw::expose)
}

/// Every address in its environment, its command and the files mounted into it.
fn said_addresses(replica: &Container, texts: &Texts) -> Vec<(Address, Why)> {
    let mut found: Vec<(Address, Why)> = Vec::new();
    for (variable, value) in &replica.settings.environment {
        let why = || Why::Environment {
            variable: Name::new(variable),
        };
        let addresses = addresses_in(value.expose(), names_an_address(variable));
        found.extend(addresses.into_iter().map(|address| (address, why())));
    }
    // one text, so that a flag and its value in two arguments are read together
    let command: Vec<&str> = arguments(replica).collect();
    let addresses = addresses_in(&command.join(" "), false);
    found.extend(
        addresses
            .into_iter()
            .map(|address| (address, Why::Argument)),
    );
    let test = replica.settings.health_test.as_ref();
    let check: Vec<&str> = test
        .iter()
        .flat_map(|test| &test.test)
        .map(Raw::expose)
        .collect();
    let asked = addresses_in(&check.join(" "), false)
        .into_iter()
        .filter(|address| !address.is_loopback());
    found.extend(asked.map(|address| (address, Why::HealthCheck)));
    for (path, text) in texts.get(&replica.id).into_iter().flatten() {
        let why = || Why::File {
            path: Name::new(path),
        };
        let addresses = addresses_in(text.expose(), false);
        found.extend(addresses.into_iter().map(|address| (address, why())));
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

#[cfg(test)]
#[path = "graph_tests.rs"]
mod tests;
