//! Names meet what is there: services, groups and stacks, in the order in which they depend on
//! each other.

use super::{BindError, Binder, Bound, Values};
use crate::action::Subject;
use crate::action::container::Container;
use crate::command::Target;
use crate::command::target::What;
use crate::stack::resolve::{Chosen, resolve};
use crate::stack::{Key, ResolveError};
use crate::yaml::nearest;

/// What runs in none of a stack's groups, as if it were one.
const UNGROUPED: &str = "ungrouped";

impl<'b> Binder<'b> {
    /// The services that texts mean, what is needed first.
    pub(super) fn services(&mut self, texts: &[String], scope: &Values) -> Bound<Vec<Chosen<'b>>> {
        if texts.is_empty() {
            return Err(BindError::one("a step names no service"));
        }
        let mut chosen: Vec<Chosen<'b>> = Vec::new();
        for text in texts {
            for found in self.resolved(text, scope).map_err(BindError::one)? {
                let same = |seen: &&Chosen<'_>| {
                    seen.service.key == found.service.key && seen.only == found.only
                };
                if !chosen.iter().any(|seen| same(&seen)) {
                    chosen.push(found);
                }
            }
        }
        let keys: Vec<Key> = chosen.iter().map(|one| one.service.key.clone()).collect();
        let order = self.world.graph.start_order(&keys);
        chosen.sort_by_key(|one| order.iter().position(|key| *key == one.service.key));
        self.seen.extend(keys);
        Ok(chosen)
    }

    fn resolved(&self, text: &str, scope: &Values) -> Result<Vec<Chosen<'b>>, String> {
        let typed = Target::parse(text).map_err(|error| error.to_string())?;
        let (host, sites) = (self.world.host.as_str(), self.world.grounds.sites);
        let mut target = sites.as_called(host, &typed, scope.stack.is_none());
        target.host = None;
        if target.stack.is_none() {
            let is_stack =
                matches!(&target.what, What::Named(name) if Some(name) == scope.stack.as_ref());
            if !is_stack {
                target.stack.clone_from(&scope.stack);
            }
        }
        if let What::Group(group) = &target.what {
            let stack = target.stack.as_deref();
            if let Some(members) = self.layer(stack, group) {
                return Ok(members);
            }
        }
        match resolve(self.world.inventory, &target, true) {
            // `groups=db,api` is as good as a group of one
            Err(error @ ResolveError::UnknownGroup { .. }) => {
                let What::Group(name) = &target.what else {
                    return Err(error.to_string());
                };
                let one = Target {
                    what: What::Named(name.clone()),
                    ..target.clone()
                };
                resolve(self.world.inventory, &one, false).map_err(|_| error.to_string())
            }
            found => found.map_err(|error| error.to_string()),
        }
    }

    /// What a `service` value means, each under its full name; a single container keeps its own.
    pub(super) fn service_names(&self, text: &str, scope: &Values) -> Result<Vec<String>, String> {
        let chosen = self.resolved(text, scope)?;
        let name = |chosen: &Chosen<'_>| match chosen.only {
            Some(_) => text.to_owned(),
            None => chosen.service.key.to_string(),
        };
        Ok(chosen.iter().map(name).collect())
    }

    pub(super) fn known_stack(&self, typed: &str) -> Result<(), String> {
        let stacks = self.world.inventory.stacks();
        let host = self.world.host.as_str();
        let is_configured = self.world.grounds.sites.at(host, typed).is_some();
        if is_configured || stacks.iter().any(|stack| **stack == typed) {
            return Ok(());
        }
        let known: Vec<&str> = stacks.iter().map(|stack| stack.as_str()).collect();
        let near = nearest(typed, known.iter().copied());
        let near = near.map_or_else(
            || ";".to_owned(),
            |name| format!("; did you mean `{name}`?"),
        );
        Err(format!(
            "no stack `{typed}` on this host{near} there is: {}",
            known.join(", ")
        ))
    }

    /// Groups as they were given. Of a default those that are there, then the stack's other groups
    /// and what runs in none, so that nothing is left out; where the stack has no groups at all, its
    /// services by how they depend on each other.
    pub(super) fn groups(
        &self,
        texts: Vec<String>,
        is_default: bool,
        scope: &Values,
    ) -> Result<Vec<String>, String> {
        if !is_default {
            for text in &texts {
                self.resolved(&format!("@{text}"), scope)?;
            }
            return Ok(texts);
        }
        let stack = scope.stack.as_deref().unwrap_or_default();
        let declared = self.world.inventory.groups_of(stack);
        if !declared.is_empty() {
            let (mut order, mut others) = (texts, Vec::new());
            order.retain(|text| declared.iter().any(|name| name == text));
            for name in declared {
                if !order.iter().any(|text| text == name) {
                    others.push(name.to_owned());
                }
            }
            order.extend(others);
            if !self.world.inventory.ungrouped(stack).is_empty() {
                order.push(UNGROUPED.to_owned());
            }
            return Ok(order);
        }
        let layers = self.layers(scope.stack.as_deref());
        Ok((1..=layers.len())
            .map(|number| format!("layer-{number}"))
            .collect())
    }

    fn layer(&self, stack: Option<&str>, name: &str) -> Option<Vec<Chosen<'b>>> {
        if let Some(stack) = stack.filter(|_| name == UNGROUPED)
            && !self.world.inventory.groups_of(stack).contains(&UNGROUPED)
        {
            let services = self.world.inventory.ungrouped(stack).into_iter();
            let whole = |service| Chosen {
                service,
                only: None,
            };
            return Some(services.map(whole).collect());
        }
        let number: usize = name.strip_prefix("layer-")?.parse().ok()?;
        let layers = self.layers(stack);
        let keys = layers.get(number.checked_sub(1)?)?;
        let services = keys.iter().filter_map(|key| self.world.inventory.get(key));
        Some(
            services
                .map(|service| Chosen {
                    service,
                    only: None,
                })
                .collect(),
        )
    }

    /// The services of a stack without declared groups: first those that need nobody, then those
    /// that need only these, and so on.
    fn layers(&self, stack: Option<&str>) -> Vec<Vec<Key>> {
        let Some(stack) = stack.filter(|stack| self.world.inventory.groups_of(stack).is_empty())
        else {
            return Vec::new();
        };
        let keys = self
            .world
            .inventory
            .in_stack(stack)
            .map(|one| one.key.clone());
        let order = self.world.graph.start_order(&keys.collect::<Vec<_>>());
        let mut layers: Vec<Vec<Key>> = Vec::new();
        for key in order {
            let needs = self.world.graph.needs(&key);
            let below = layers
                .iter()
                .rposition(|layer| layer.iter().any(|other| needs.contains_key(other)));
            let at = below.map_or(0, |below| below + 1);
            if layers.len() <= at {
                layers.push(Vec::new());
            }
            layers[at].push(key);
        }
        layers
    }

    /// A container as steps know it: by id, or by name once it has been removed.
    pub(super) fn subject(&self, container: &Container) -> Subject {
        let gone = self.gone.contains(&container.id);
        let id = if gone { &container.name } else { &container.id };
        Subject {
            id: id.clone(),
            name: container.name.clone(),
        }
    }
}
