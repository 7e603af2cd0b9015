//! Where what runs is not what the compose files say. Names are told, values never. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::resolved::{Resolved, Wanted};
use super::running::{Running, Variables};
use crate::action::container::{Container, Port, Status};
use crate::evidence::stats::bytes;
use crate::say;
use crate::stack::Site;
use crate::text::{Clean, Name, Raw};

/// One service that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub service: Name,
    pub what: Clean,
}

/// Every difference, by service.
pub fn drift(site: &Site, resolved: &Resolved, running: &Running) -> Vec<Difference> {
    let mut found: BTreeMap<Name, Vec<Clean>> = BTreeMap::new();
    let inventory = &running.inventory;
    let ids: BTreeMap<&str, &str> = running
        .images
        .iter()
        .flat_map(|image| {
            image
                .tags
                .iter()
                .map(|tag| (tag.as_str(), image.id.as_str()))
        })
        .collect();
    for (name, wanted) in &resolved.services {
        if !is_on(site, wanted) {
            continue;
        }
        let service = inventory
            .in_stack(&site.project)
            .find(|service| *service.name() == name.as_str());
        let what = match service {
            None => vec![say!("is not there")],
            Some(service) => service
                .replicas
                .iter()
                .flat_map(|replica| {
                    let brought = running.brought(replica);
                    differences(wanted, replica, &ids, brought)
                })
                .chain(count(wanted, service.replicas.len()))
                .collect(),
        };
        found.entry(Name::new(name)).or_default().extend(what);
    }
    for service in inventory.in_stack(&site.project) {
        if !resolved.services.contains_key(service.name().as_str()) {
            let orphan = say!("runs, and no compose file knows it any more");
            found
                .entry(service.name().clone())
                .or_default()
                .push(orphan);
        }
    }
    let each = |(service, what): (Name, Vec<Clean>)| {
        let what: BTreeSet<Clean> = what.into_iter().collect();
        what.into_iter().map(move |what| Difference {
            service: service.clone(),
            what,
        })
    };
    found.into_iter().flat_map(each).collect()
}

/// Services of a profile that is off are not meant to run.
fn is_on(site: &Site, wanted: &Wanted) -> bool {
    let profile = wanted.profiles.is_empty()
        || wanted
            .profiles
            .iter()
            .any(|profile| site.profiles.contains(profile));
    profile && wanted.replicas != Some(0)
}

fn count(wanted: &Wanted, there: usize) -> Option<Clean> {
    let replicas = usize::try_from(wanted.replicas.unwrap_or(1)).ok()?;
    // more than one may have been asked for with `--scale`
    (wanted.replicas.is_some() && replicas != there)
        .then(|| say!("has {} containers instead of {}", there, replicas))
}

fn differences(
    wanted: &Wanted,
    is: &Container,
    ids: &BTreeMap<&str, &str>,
    brought: Option<&Variables>,
) -> Vec<Clean> {
    let mut found = Vec::new();
    found.extend(state(is));
    found.extend(image(wanted, is, ids));
    found.extend(environment(wanted, is));
    found.extend(brought.and_then(|brought| surplus(wanted, is, brought)));
    found.extend(ports(wanted, is));
    found.extend(limits(wanted, is));
    found
}

/// A job that ended well has done what the file says.
fn state(is: &Container) -> Option<Clean> {
    match is.state.status {
        Status::Running | Status::Restarting => None,
        Status::Exited if is.state.exit_code == Some(0) => None,
        status => Some(say!("does not run: it is {}", status.word())),
    }
}

fn image(wanted: &Wanted, is: &Container, ids: &BTreeMap<&str, &str>) -> Option<Clean> {
    let runs = Name::new(&is.image);
    if let Some(image) = &wanted.image
        && tagged(image) != tagged(&is.image)
    {
        return Some(say!("runs {} instead of {}", runs, Name::new(image)));
    }
    let newest = ids.get(tagged(&is.image).as_str())?;
    let is_older = !is.image_id.is_empty() && *newest != is.image_id;
    is_older.then(|| say!("runs an older {} than the one that is here", runs))
}

/// `redis` is `redis:latest`.
fn tagged(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains([':', '@']) {
        image.to_owned()
    } else {
        format!("{image}:latest")
    }
}

fn environment(wanted: &Wanted, is: &Container) -> Vec<Clean> {
    let has = &is.settings.environment;
    let names = |differs: &dyn Fn(&str, &str) -> bool| -> Vec<Clean> {
        let pairs = wanted.environment.iter();
        let pairs = pairs.filter(|(name, value)| differs(name, value.expose()));
        pairs.map(|(name, _)| Name::new(name).into()).collect()
    };
    let missing = names(&|name, _| !has.contains_key(name));
    let other = names(&|name, value| has.get(name).is_some_and(|has| has.expose() != value));
    let told = [
        ("has no variable", missing),
        ("has another value in", other),
    ];
    told.into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(words, names)| say!("{} {}", words, Clean::join(&names, ", ")))
        .collect()
}

/// Engines and clients put these in by themselves.
const NOBODYS: [&str; 10] = [
    "path",
    "home",
    "hostname",
    "term",
    "container",
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "no_proxy",
    "all_proxy",
];

/// Variables that were taken out of the files and still run. What the image brings is no drift.
fn surplus(wanted: &Wanted, is: &Container, brought: &Variables) -> Option<Clean> {
    let is_known = |name: &str, value: &Raw| {
        wanted.is_open
            || wanted.environment.contains_key(name)
            || wanted.from_outside.contains(name)
            || brought.get(name) == Some(value)
            || NOBODYS.contains(&name.to_lowercase().as_str())
    };
    let has = is.settings.environment.iter();
    let names: Vec<Clean> = has
        .filter(|(name, value)| !is_known(name, value))
        .map(|(name, _)| Name::new(name).into())
        .collect();
    (!names.is_empty()).then(|| {
        let names = Clean::join(&names, ", ");
        say!("has a variable that no file names: {}", names)
    })
}

fn ports(wanted: &Wanted, is: &Container) -> Vec<Clean> {
    let published: BTreeSet<Port> = is.ports.iter().filter_map(plain).collect();
    let wanted: BTreeSet<Port> = wanted.ports.iter().filter_map(plain).collect();
    // what is stopped publishes nothing, and is told already
    if is.state.status != Status::Running {
        return Vec::new();
    }
    let missing = wanted
        .difference(&published)
        .map(|port| say!("does not publish {}", port_words(port)));
    let surplus = published
        .difference(&wanted)
        .map(|port| say!("publishes {}, and no file says so", port_words(port)));
    missing.chain(surplus).collect()
}

/// All interfaces are said in several ways.
fn plain(port: &Port) -> Option<Port> {
    let mut port = port.clone();
    let published = port.published.as_mut()?;
    if matches!(published.address.as_str(), "0.0.0.0" | "::") {
        published.address.clear();
    }
    Some(port)
}

fn port_words(port: &Port) -> Clean {
    let published = port.published.clone().unwrap_or_default();
    let address = match published.address.as_str() {
        "" => Clean::default(),
        address => say!("{}:", Name::new(address)),
    };
    say!(
        "{}{}→{}/{}",
        address,
        published.port,
        port.inside,
        Name::new(&port.protocol)
    )
}

fn limits(wanted: &Wanted, is: &Container) -> Vec<Clean> {
    let memory = |limit: Option<u64>| limit.map_or_else(|| say!("none"), bytes);
    let cpus = |limit: Option<f64>| limit.map_or_else(|| say!("none"), |cpus| say!("{:.2}", cpus));
    let mut found = Vec::new();
    if wanted.memory != is.limits.memory {
        found.push(say!(
            "has a memory limit of {} instead of {}",
            memory(is.limits.memory),
            memory(wanted.memory)
        ));
    }
    let apart = (wanted.cpus.unwrap_or(0.0) - is.limits.cpus.unwrap_or(0.0)).abs();
    if apart > 0.001 {
        found.push(say!(
            "has a cpu limit of {} instead of {}",
            cpus(is.limits.cpus),
            cpus(wanted.cpus)
        ));
    }
    found
}
