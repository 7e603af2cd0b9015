//! What somebody may choose for what they are about to do: services, stacks, groups and runbooks, as
//! far as their rights go. A name stands so that it is clear when it comes back.

use std::collections::{BTreeMap, BTreeSet};

use super::Bot;
use super::there::There;
use crate::access::{Caller, Spot};
use crate::action::Risk;
use crate::runbook::language::{ParamKind, ParamSpec};
use crate::stack::Site;
use crate::stack::inventory::Service;
use crate::text::Name;

/// Somebody who chooses, and how much what they choose for may do.
pub struct Choices<'c> {
    pub bot: &'c Bot,
    pub caller: &'c Caller,
    pub risk: Risk,
    /// The runbook or word that it is for, as roles may name it.
    pub does: Option<String>,
    pub there: Vec<There>,
}

/// Hosts that have something of one name, and whether this person may touch it there.
type Places<'c> = BTreeMap<&'c Name, bool>;

impl Choices<'_> {
    fn allows(&self, spot: Spot<'_>, does: Option<&str>, risk: Risk) -> bool {
        let policy = &self.bot.policy;
        policy.decide_on(self.caller, spot, does, risk).is_ok()
    }

    fn may(&self, spot: Spot<'_>) -> bool {
        self.allows(spot, self.does.as_deref(), self.risk)
    }

    /// Whether it may be touched; `None` where not even its name may be known.
    fn openness(&self, spot: Spot<'_>) -> Option<bool> {
        let is_open = self.may(spot);
        (is_open || self.allows(spot, None, Risk::Read)).then_some(is_open)
    }

    fn all(&self) -> impl Iterator<Item = (&Name, &Service)> {
        self.there.iter().flat_map(|(host, inventory)| {
            let services = inventory.services.iter();
            services.map(move |service| (host, service))
        })
    }

    /// The services that this person may touch, each on its own host.
    pub fn open(&self) -> impl Iterator<Item = (&Name, &Service)> {
        self.all()
            .filter(|(host, service)| self.may((Some(*host), service.key.stack.as_ref())))
    }

    /// Services, stacks and `stack/service`, the short ones first; with the host in front where
    /// somebody who may see several of that name would be asked which is meant.
    pub fn targets(&self) -> Vec<String> {
        let mut names: BTreeMap<(bool, String), Places<'_>> = BTreeMap::new();
        for (host, service) in self.all() {
            let stack = service.key.stack.as_ref();
            let Some(is_open) = self.openness((Some(host), stack)) else {
                continue;
            };
            let mut add = |long, name| {
                let places = names.entry((long, name)).or_default();
                *places.entry(host).or_default() |= is_open;
            };
            add(false, service.name().to_string());
            if let Some(stack) = stack {
                add(false, stack.to_string());
                add(true, service.key.to_string());
            }
        }
        let names = names.into_iter();
        names
            .flat_map(|((_, name), places)| typed(&name, &places))
            .collect()
    }

    /// Stacks as they are configured, and those that nobody configured.
    pub fn stacks(&self) -> Vec<String> {
        let sites = &self.bot.conduct.sites;
        let is_configured = |stack: &Name| sites.iter().any(|site| *stack == *site.project);
        let mut found: BTreeMap<&Name, Places<'_>> = BTreeMap::new();
        for (host, inventory) in &self.there {
            let stacks = inventory.stacks().into_iter();
            for stack in stacks.filter(|stack| !is_configured(stack)) {
                if let Some(is_open) = self.openness((Some(host), Some(stack))) {
                    found.entry(stack).or_default().insert(host, is_open);
                }
            }
        }
        let found = found.iter();
        let found = found.flat_map(|(stack, places)| typed(stack.as_str(), places));
        let stacks: BTreeSet<String> = found.chain(self.configured()).collect();
        stacks.into_iter().collect()
    }

    /// The stacks of the configuration.
    pub fn configured(&self) -> Vec<String> {
        let sites = self.bot.conduct.sites.iter();
        let open = sites.filter(|site| {
            let (host, project) = (Name::new(&site.host), Name::new(&site.project));
            self.may((Some(&host), Some(&project)))
        });
        open.map(Site::full_name).collect()
    }

    /// The services of one stack by their own names, wherever it is meant to be.
    pub fn services_of(&self, stack: &str) -> Vec<String> {
        let site = self.bot.conduct.sites.find(stack).ok();
        let is_meant = |(host, service): &(&Name, &Service)| {
            let of = service.key.stack.as_ref();
            of.is_some_and(|of| match site {
                Some(site) => **host == *site.host && *of == *site.project,
                None => *of == *stack,
            })
        };
        let names = self.open().filter(is_meant);
        let names: BTreeSet<String> = names.map(|(_, one)| one.name().to_string()).collect();
        names.into_iter().collect()
    }

    /// Groups of services, from labels and from the configuration.
    fn groups(&self) -> Vec<String> {
        let configured = &self.bot.conduct.groups;
        let mut groups = BTreeSet::new();
        for (host, inventory) in &self.there {
            let stacks = inventory.stacks().into_iter();
            for stack in stacks.filter(|stack| self.may((Some(host), Some(*stack)))) {
                let of_stack = [&inventory.groups, configured]
                    .into_iter()
                    .filter_map(|groups| groups.get(stack.as_str()));
                groups.extend(of_stack.flat_map(BTreeMap::keys).cloned());
            }
        }
        groups.into_iter().collect()
    }

    pub fn runbooks(&self) -> Vec<String> {
        let shelf = self.bot.conduct.library.shelf();
        let policy = &self.bot.policy;
        shelf
            .iter()
            .map(|runbook| (&runbook.file.name, runbook.risk))
            .filter(|(name, risk)| policy.may_run_somewhere(self.caller, name, *risk))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// What a parameter may be, where there is a list of it.
    pub fn values(&self, spec: &ParamSpec) -> Vec<String> {
        match spec.kind {
            ParamKind::Service => self.targets(),
            ParamKind::Stack => self.stacks(),
            ParamKind::Group => self.groups(),
            ParamKind::Host => self.bot.fleet.names(),
            ParamKind::Enum => spec.values.clone(),
            ParamKind::Boolean => vec!["true".to_owned(), "false".to_owned()],
            // names only: the value of a secret is never typed
            ParamKind::Secret => self.bot.conduct.secrets.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }
}

/// How a name is typed so that each open place is meant by it.
fn typed(name: &str, places: &Places<'_>) -> Vec<String> {
    let alone = places.len() == 1;
    let open = places.iter().filter(|(_, is_open)| **is_open);
    let typed = |(host, _): (&&Name, &bool)| {
        if alone {
            name.to_owned()
        } else {
            format!("{host}:{name}")
        }
    };
    open.map(typed).collect()
}
