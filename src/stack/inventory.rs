//! Services from containers: compose labels say which stack and service a container is a replica
//! of; a container without them is a service of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::action::container::{Container, Status};
use crate::text::{Clean, Name, Say};

const PROJECT: &str = "com.docker.compose.project";
const SERVICE: &str = "com.docker.compose.service";
const NUMBER: &str = "com.docker.compose.container-number";
const ONE_OFF: &str = "com.docker.compose.oneoff";
/// Groups of a service, as `databases,core`.
const GROUPS: &str = "dogwatch.groups";

/// Groups of services, by stack and name; the services sorted.
pub type Groups = BTreeMap<String, BTreeMap<String, BTreeSet<Name>>>;

/// A service's full name: `stack/service`, or the container's name where there is no stack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub stack: Option<Name>,
    pub service: Name,
}

impl Key {
    pub fn new(stack: Option<&str>, service: &str) -> Self {
        Self {
            stack: stack.map(Name::new),
            service: Name::new(service),
        }
    }

    /// Of a container, by its labels. A one-off container (`compose run`) is no replica: it stands
    /// alone under its own name.
    pub fn of(name: &str, labels: &BTreeMap<String, String>) -> Self {
        let label = |name: &str| {
            let value = labels.get(name).map(String::as_str);
            value.filter(|value| !value.is_empty())
        };
        let stack = label(PROJECT);
        let one_off = label(ONE_OFF).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        match label(SERVICE) {
            Some(service) if !one_off => Self::new(stack, service),
            _ => Self::new(stack, name),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.stack {
            Some(stack) => write!(f, "{stack}/{}", self.service),
            None => write!(f, "{}", self.service),
        }
    }
}

impl Say for Key {}

impl From<&Key> for Clean {
    fn from(key: &Key) -> Self {
        crate::say!("{}", key)
    }
}

/// One service and its replicas, in order of their number.
#[derive(Debug, Clone)]
pub struct Service {
    pub key: Key,
    pub replicas: Vec<Container>,
}

impl Service {
    pub fn name(&self) -> &Name {
        &self.key.service
    }

    pub fn is_running(&self) -> bool {
        self.replicas
            .iter()
            .all(|replica| replica.state.status == Status::Running)
    }
}

/// Everything on one host, sorted by stack and service; loose containers come last.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    pub services: Vec<Service>,
    /// From labels and from the configuration.
    pub groups: Groups,
}

impl Inventory {
    pub fn new(containers: Vec<Container>) -> Self {
        let mut services: BTreeMap<(bool, Key), Vec<Container>> = BTreeMap::new();
        for container in containers {
            let key = key_of(&container);
            services
                .entry((key.stack.is_none(), key))
                .or_default()
                .push(container);
        }
        let groups = groups_in(&services);
        let service = |((_, key), mut replicas): ((bool, Key), Vec<Container>)| {
            replicas.sort_by_cached_key(|replica| (number_of(replica), replica.name.clone()));
            Service { key, replicas }
        };
        Self {
            services: services.into_iter().map(service).collect(),
            groups,
        }
    }

    /// Adds groups that somebody wrote down elsewhere.
    #[must_use]
    pub fn with_groups(mut self, groups: &Groups) -> Self {
        for (stack, named) in groups {
            let known = self.groups.entry(stack.clone()).or_default();
            for (group, services) in named {
                let members = known.entry(group.clone()).or_default();
                members.extend(services.iter().cloned());
            }
        }
        self
    }

    /// What is left of it where only some stacks may be known of.
    #[must_use]
    pub fn of_stacks(&self, may_know: impl Fn(Option<&Name>) -> bool) -> Self {
        let known = |service: &&Service| may_know(service.key.stack.as_ref());
        let mut groups = self.groups.clone();
        groups.retain(|stack, _| may_know(Some(&Name::new(stack)).filter(|name| !name.is_empty())));
        Self {
            services: self.services.iter().filter(known).cloned().collect(),
            groups,
        }
    }

    /// The names of a stack's groups, sorted.
    pub fn groups_of(&self, stack: &str) -> Vec<&str> {
        let groups = self.groups.get(stack).into_iter().flatten();
        groups.map(|(name, _)| name.as_str()).collect()
    }

    /// What runs in a stack and is in none of its groups.
    pub fn ungrouped(&self, stack: &str) -> Vec<&Service> {
        let groups = self.groups.get(stack).into_iter().flatten();
        let members: BTreeSet<&str> = groups
            .flat_map(|(_, members)| members)
            .map(|service| service.as_str())
            .collect();
        let runs = |one: &&Service| {
            let mut replicas = one.replicas.iter();
            replicas.any(|replica| replica.state.status == Status::Running)
        };
        let is_meant = |one: &&Service| !members.contains(one.key.service.as_str()) && runs(one);
        self.in_stack(stack).filter(is_meant).collect()
    }

    pub fn get(&self, key: &Key) -> Option<&Service> {
        self.services.iter().find(|service| service.key == *key)
    }

    /// The stacks' names, sorted, each once.
    pub fn stacks(&self) -> Vec<&Name> {
        let mut stacks: Vec<&Name> = self
            .services
            .iter()
            .filter_map(|service| service.key.stack.as_ref())
            .collect();
        stacks.dedup();
        stacks
    }

    pub fn in_stack<'i>(&'i self, stack: &str) -> impl Iterator<Item = &'i Service> {
        self.services.iter().filter(move |service| {
            service
                .key
                .stack
                .as_ref()
                .is_some_and(|name| *name == stack)
        })
    }

    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        self.services.iter().flat_map(|service| &service.replicas)
    }

    /// Every name a person could mean, for completion: services, `stack/service`, stacks.
    pub fn names(&self) -> Vec<String> {
        let services = self
            .services
            .iter()
            .map(|service| service.name().to_string());
        let full = self
            .services
            .iter()
            .filter(|service| service.key.stack.is_some())
            .map(|service| service.key.to_string());
        let stacks = self.stacks().into_iter().map(ToString::to_string);
        let mut names: Vec<String> = services.chain(stacks).chain(full).collect();
        names.sort_by_cached_key(|name| (name.contains('/'), name.clone()));
        names.dedup();
        names
    }
}

fn groups_in(services: &BTreeMap<(bool, Key), Vec<Container>>) -> Groups {
    let mut groups = Groups::new();
    for ((_, key), replicas) in services {
        let named = replicas
            .iter()
            .filter_map(|replica| replica.labels.get(GROUPS));
        for group in named.flat_map(|names| names.split(',')) {
            let stack = key.stack.as_ref().map_or("", Name::as_str);
            let group = group.trim();
            if !group.is_empty() {
                let of_stack = groups.entry(stack.to_owned()).or_default();
                let members = of_stack.entry(group.to_owned()).or_default();
                members.insert(key.service.clone());
            }
        }
    }
    groups
}

fn key_of(container: &Container) -> Key {
    Key::of(&container.name, &container.labels)
}

fn number_of(container: &Container) -> u64 {
    container
        .labels
        .get(NUMBER)
        .and_then(|number| number.parse().ok())
        .unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A container as compose would label it.
    pub(crate) fn replica(stack: &str, service: &str, number: u64) -> Container {
        let label = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        Container {
            id: format!("{stack}{service}{number}"),
            name: format!("{stack}-{service}-{number}"),
            labels: [
                label(PROJECT, stack),
                label(SERVICE, service),
                label(NUMBER, &number.to_string()),
            ]
            .into(),
            ..Container::default()
        }
    }

    #[test]
    fn groups_replicas_and_sorts() {
        let mut job = replica("shop", "api", 3);
        job.name = "shop_api_run_1".to_owned();
        job.labels.insert(ONE_OFF.to_owned(), "True".to_owned());
        let loose = Container {
            name: "adminer".to_owned(),
            ..Container::default()
        };
        let inventory = Inventory::new(vec![
            loose,
            replica("shop", "web", 1),
            replica("shop", "api", 10),
            replica("shop", "api", 2),
            job,
        ]);
        let seen: Vec<_> = inventory
            .services
            .iter()
            .map(|s| (s.key.to_string(), s.replicas.len()))
            .collect();
        assert_eq!(
            seen,
            [
                ("shop/api".into(), 2),
                ("shop/shop_api_run_1".into(), 1),
                ("shop/web".into(), 1),
                ("adminer".into(), 1)
            ]
        );
        assert_eq!(inventory.services[0].replicas[0].name, "shop-api-2");
        assert_eq!(inventory.stacks(), ["shop"]);
    }
}
