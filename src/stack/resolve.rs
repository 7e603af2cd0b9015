//! Which services a target means on this host: by service, by container, by stack where a word
//! takes one. Unknown names come back with the nearest, ambiguous ones with every candidate.

use thiserror::Error;

use super::inventory::{Inventory, Key, Service};
use crate::command::Target;
use crate::command::suggest::nearest;
use crate::command::target::What;

/// How many other names an error lists.
const OTHERS: usize = 12;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ResolveError {
    #[error("no service `{typed}`{place}{hint}", place = place(stack.as_deref()), hint = hint(nearest.as_deref(), others))]
    UnknownService {
        typed: String,
        stack: Option<String>,
        nearest: Option<String>,
        others: Vec<String>,
    },
    #[error("no stack `{typed}` here{hint}", hint = hint(nearest.as_deref(), others))]
    UnknownStack {
        typed: String,
        nearest: Option<String>,
        others: Vec<String>,
    },
    #[error(
        "no group `@{typed}` here; groups are named in the configuration under `stacks.<name>.groups`, or by the label `dogwatch.groups`"
    )]
    UnknownGroup { typed: String },
    #[error("`{typed}` is in several stacks; say which: {}", candidates.join(", "))]
    Ambiguous {
        typed: String,
        candidates: Vec<String>,
    },
    #[error("`{typed}` is not the name of a host; hosts: {}", hosts.join(", "))]
    UnknownHost { typed: String, hosts: Vec<String> },
    #[error("there are no containers on this host")]
    Empty,
}

fn place(stack: Option<&str>) -> String {
    stack.map_or_else(
        || " on this host".to_owned(),
        |stack| format!(" in stack `{stack}`"),
    )
}

fn hint(nearest: Option<&str>, others: &[String]) -> String {
    let nearest = nearest
        .map(|name| format!("; did you mean `{name}`?"))
        .unwrap_or_default();
    match others {
        [] => nearest,
        others => {
            let more = if others.len() > OTHERS { ", …" } else { "" };
            let shown: Vec<&str> = others.iter().take(OTHERS).map(String::as_str).collect();
            let word = if nearest.is_empty() {
                "; there is"
            } else {
                " there is"
            };
            format!("{nearest}{word}: {}{more}", shown.join(", "))
        }
    }
}

/// A service and, where one container was named, only that replica of it.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<'i> {
    pub service: &'i Service,
    pub only: Option<usize>,
}

impl<'i> Chosen<'i> {
    pub fn replicas(&self) -> &'i [crate::action::container::Container] {
        match self.only {
            Some(index) => self.service.replicas.get(index..=index).unwrap_or_default(),
            None => &self.service.replicas,
        }
    }
}

/// What `target` means; a stack's name stands for all its services where `stacks_too`.
pub fn resolve<'i>(
    inventory: &'i Inventory,
    target: &Target,
    stacks_too: bool,
) -> Result<Vec<Chosen<'i>>, ResolveError> {
    let typed = match &target.what {
        What::Named(name) => name.as_str(),
        What::Group(name) => return group(inventory, target.stack.as_deref(), name),
    };
    if inventory.services.is_empty() {
        return Err(ResolveError::Empty);
    }
    if let Some(stack) = &target.stack {
        check_stack(inventory, stack)?;
    } else if stacks_too {
        let of_stack: Vec<Chosen<'i>> = inventory.in_stack(typed).map(whole).collect();
        if !of_stack.is_empty() {
            return Ok(of_stack);
        }
    }
    let within: Vec<&Service> = inventory
        .services
        .iter()
        .filter(|service| is_in(service, target.stack.as_deref()))
        .collect();
    one(&within, typed, target)
}

/// The members of a group; without a stack, of the only stack that has one of this name.
fn group<'i>(
    inventory: &'i Inventory,
    stack: Option<&str>,
    name: &str,
) -> Result<Vec<Chosen<'i>>, ResolveError> {
    let holders = inventory
        .groups
        .iter()
        .filter(|(of, groups)| groups.contains_key(name) && stack.is_none_or(|stack| *of == stack));
    let holders: Vec<_> = holders.collect();
    let [(of, groups)] = holders.as_slice() else {
        if holders.is_empty() {
            return Err(ResolveError::UnknownGroup {
                typed: name.to_owned(),
            });
        }
        let candidates = holders.iter().map(|(of, _)| format!("{of}/@{name}"));
        return Err(ResolveError::Ambiguous {
            typed: format!("@{name}"),
            candidates: candidates.collect(),
        });
    };
    let members = groups.get(name).into_iter().flatten();
    let keys = members.map(|service| {
        Key::new(
            Some(of.as_str()).filter(|of| !of.is_empty()),
            service.as_str(),
        )
    });
    let found: Vec<Chosen<'i>> = keys
        .filter_map(|key| inventory.get(&key))
        .map(whole)
        .collect();
    if found.is_empty() {
        return Err(ResolveError::UnknownGroup {
            typed: name.to_owned(),
        });
    }
    Ok(found)
}

fn whole(service: &Service) -> Chosen<'_> {
    Chosen {
        service,
        only: None,
    }
}

fn is_in(service: &Service, stack: Option<&str>) -> bool {
    stack.is_none_or(|stack| {
        service
            .key
            .stack
            .as_ref()
            .is_some_and(|name| *name == stack)
    })
}

fn one<'i>(
    within: &[&'i Service],
    typed: &str,
    target: &Target,
) -> Result<Vec<Chosen<'i>>, ResolveError> {
    let named: Vec<&Service> = within
        .iter()
        .copied()
        .filter(|service| *service.name() == typed)
        .collect();
    match named.as_slice() {
        [service] => return Ok(vec![whole(service)]),
        [] => {}
        several => {
            let candidates = several
                .iter()
                .map(|service| service.key.to_string())
                .collect();
            return Err(ResolveError::Ambiguous {
                typed: typed.to_owned(),
                candidates,
            });
        }
    }
    if let Some(chosen) = by_container(within, typed) {
        return Ok(vec![chosen]);
    }
    let mut others: Vec<String> = within
        .iter()
        .map(|service| service.name().to_string())
        .collect();
    others.sort();
    others.dedup();
    let nearest = nearest(typed, others.iter().map(String::as_str)).map(str::to_owned);
    others.retain(|name| Some(name) != nearest.as_ref());
    Err(ResolveError::UnknownService {
        typed: typed.to_owned(),
        stack: target.stack.clone(),
        nearest,
        others,
    })
}

/// A container's own name, or the start of its id.
fn by_container<'i>(within: &[&'i Service], typed: &str) -> Option<Chosen<'i>> {
    const SHORTEST_ID: usize = 6;
    let is_id = typed.len() >= SHORTEST_ID && typed.chars().all(|c| c.is_ascii_hexdigit());
    within.iter().find_map(|service| {
        let meant = |id: &str, name: &str| name == typed || (is_id && id.starts_with(typed));
        let index = service
            .replicas
            .iter()
            .position(|replica| meant(&replica.id, &replica.name))?;
        Some(Chosen {
            service,
            only: Some(index),
        })
    })
}

fn check_stack(inventory: &Inventory, typed: &str) -> Result<(), ResolveError> {
    let stacks: Vec<String> = inventory
        .stacks()
        .into_iter()
        .map(ToString::to_string)
        .collect();
    if stacks.iter().any(|stack| stack == typed) {
        return Ok(());
    }
    let nearest = nearest(typed, stacks.iter().map(String::as_str)).map(str::to_owned);
    let others = stacks
        .into_iter()
        .filter(|name| Some(name) != nearest.as_ref())
        .collect();
    Err(ResolveError::UnknownStack {
        typed: typed.to_owned(),
        nearest,
        others,
    })
}

#[cfg(test)]
mod tests {
    use super::super::inventory::tests::replica;
    use super::*;

    fn inventory() -> Inventory {
        let names = [
            ("shop", "api", 1),
            ("shop", "api", 2),
            ("shop", "db", 1),
            ("blog", "db", 1),
            ("blog", "web", 1),
        ];
        Inventory::new(
            names
                .iter()
                .map(|(stack, service, number)| replica(stack, service, *number))
                .collect(),
        )
    }

    fn found(text: &str, stacks_too: bool) -> Result<Vec<String>, String> {
        let inventory = inventory();
        let chosen = resolve(&inventory, &Target::parse(text).unwrap(), stacks_too)
            .map_err(|error| error.to_string())?;
        Ok(chosen
            .iter()
            .map(|chosen| format!("{} x{}", chosen.service.key, chosen.replicas().len()))
            .collect())
    }

    #[test]
    fn finds_services_stacks_and_containers() {
        assert_eq!(found("api", false).unwrap(), ["shop/api x2"]);
        assert_eq!(found("blog/db", false).unwrap(), ["blog/db x1"]);
        assert_eq!(found("shop-api-2", false).unwrap(), ["shop/api x1"]);
        assert_eq!(found("shop", true).unwrap(), ["shop/api x2", "shop/db x1"]);
    }

    #[test]
    fn says_what_is_there_instead() {
        insta::assert_snapshot!(found("db", false).unwrap_err(), @"`db` is in several stacks; say which: blog/db, shop/db");
        insta::assert_snapshot!(found("apii", false).unwrap_err(), @"no service `apii` on this host; did you mean `api`? there is: db, web");
        insta::assert_snapshot!(found("shop/zzz", false).unwrap_err(), @"no service `zzz` in stack `shop`; there is: api, db");
        insta::assert_snapshot!(found("shpo/api", false).unwrap_err(), @"no stack `shpo` here; did you mean `shop`? there is: blog");
        insta::assert_snapshot!(found("@workers", false).unwrap_err(), @"no group `@workers` here; groups are named in the configuration under `stacks.<name>.groups`, or by the label `dogwatch.groups`");
    }
}
