//! Who holds a port of a host, a container or a program; who can reach it there; and whether a new
//! mapping would find it free.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::json;

use super::act::Yield;
use crate::action::container::{Container, Published, Status};
use crate::engine::{Engine, EngineError};
use crate::host::ports::{Listener, Listening};
use crate::host::program::Place;
use crate::say;
use crate::text::{Clean, Name};

/// The engine's own helper listens for containers: what it holds, they hold.
const HELPERS: [&str; 2] = ["docker-proxy", "rootlessport"];

pub(super) async fn holder(
    engine: &Engine,
    place: Option<Place>,
    (port, address): (u16, Option<IpAddr>),
) -> Result<Yield, EngineError> {
    let containers = engine.containers().await?;
    let listening = listening(engine, place).await?;
    let found = Found {
        port,
        wanted: address.unwrap_or(Ipv4Addr::UNSPECIFIED.into()),
        mappings: mappings(&containers, port),
        programs: listening.as_ref().map(|seen| programs(seen, port)),
    };
    Ok(found.told())
}

/// `None` where the engine is on another machine than the one whose programs we can see.
async fn listening(
    engine: &Engine,
    place: Option<Place>,
) -> Result<Option<Listening>, EngineError> {
    let Some(place) = place else { return Ok(None) };
    let Ok(listening) = Listening::read(&place).await else {
        return Ok(None);
    };
    let same = engine.about().await?.name == listening.hostname;
    Ok(same.then_some(listening))
}

/// A container that publishes the port, or will when it is started.
struct Mapping<'c> {
    container: &'c Container,
    runs: bool,
    inside: Clean,
    at: &'c Published,
}

fn mappings(containers: &[Container], port: u16) -> Vec<Mapping<'_>> {
    let mut found = Vec::new();
    for container in containers {
        for one in &container.ports {
            if let Some(at) = one.published.as_ref().filter(|at| at.port == port) {
                found.push(Mapping {
                    container,
                    runs: holds(container),
                    inside: say!("{}/{}", one.inside, Name::new(&one.protocol)),
                    at,
                });
            }
        }
    }
    found
}

/// One that restarts has no port between its lives, and takes it in each.
fn holds(container: &Container) -> bool {
    matches!(
        container.state.status,
        Status::Running | Status::Paused | Status::Restarting
    )
}

fn programs(listening: &Listening, port: u16) -> Vec<Listener> {
    let helps = |one: &&Listener| {
        let name = one.program.as_ref().map(|(name, _)| name.as_str());
        name.is_some_and(|name| HELPERS.contains(&name))
    };
    let there = listening.listeners.iter().filter(|one| one.port == port);
    there.filter(|one| !helps(one)).cloned().collect()
}

struct Found<'c> {
    port: u16,
    wanted: IpAddr,
    mappings: Vec<Mapping<'c>>,
    /// `None`: they cannot be seen.
    programs: Option<Vec<Listener>>,
}

impl Found<'_> {
    fn told(&self) -> Yield {
        let holders = self.holders();
        let waiting = self.waiting();
        let mut lines = vec![self.answer(&holders)];
        lines.extend(waiting.iter().map(|name| {
            say!(
                "{} is stopped and asks for port {} when it is started",
                name,
                self.port
            )
        }));
        lines.push(self.mapping());
        lines.push(self.to_verify());
        let names: Vec<&str> = holders.iter().map(|(_, who)| who.as_str()).collect();
        Yield {
            data: json!({
                "port": self.port,
                "free": self.is_free(),
                "open": self.addresses().any(is_everywhere),
                "holders": names,
                "waiting": waiting.iter().map(Name::as_str).collect::<Vec<_>>(),
            }),
            text: Clean::join(&lines, "\n"),
            failed: None,
        }
    }

    /// Where it is held, and by whom; each holder once for each address.
    fn holders(&self) -> Vec<(IpAddr, Clean)> {
        let mut holders = Vec::new();
        for one in self.mappings.iter().filter(|one| one.runs) {
            let name = Name::new(&one.container.name);
            let who = say!("container {} for its port {}", name, one.inside);
            holders.push((address_of(one.at), who));
        }
        for one in self.programs.iter().flatten() {
            let protocol = one.protocol.word();
            let who = match &one.program {
                Some((name, pid)) => say!("{} (pid {}, {})", Name::new(name), pid, protocol),
                None => say!("a program that only root may see ({})", protocol),
            };
            holders.push((one.address, who));
        }
        holders.sort_by_key(|(address, who)| (who.to_string(), *address));
        holders.dedup();
        holders
    }

    fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.holders().into_iter().map(|(address, _)| address)
    }

    fn waiting(&self) -> Vec<Name> {
        let stopped = self.mappings.iter().filter(|one| !one.runs);
        let mut names: Vec<Name> = stopped.map(|one| Name::new(&one.container.name)).collect();
        names.sort();
        names.dedup();
        names
    }

    /// `None`: programs of the host may hold it, and they cannot be seen.
    fn is_free(&self) -> Option<bool> {
        let taken = self.addresses().any(|address| meet(address, self.wanted));
        match (taken, &self.programs) {
            (true, _) => Some(false),
            (false, Some(_)) => Some(true),
            (false, None) => None,
        }
    }

    fn answer(&self, holders: &[(IpAddr, Clean)]) -> Clean {
        let port = self.port;
        if holders.is_empty() {
            return match self.programs {
                Some(_) => say!(
                    "port {} is free: nothing listens on it, and no container publishes it",
                    port
                ),
                None => say!(
                    "no container publishes port {}; what the programs of the host hold cannot be seen from here: `ss -ltnp` on the host tells",
                    port
                ),
            };
        }
        let mut who: Vec<Clean> = Vec::new();
        for same in holders.chunk_by(|(_, one), (_, other)| one == other) {
            let at = reach(same.iter().map(|(address, _)| *address));
            who.extend(same.first().map(|(_, one)| say!("{}, {}", one, at)));
        }
        say!(
            "port {} is held by {}",
            port,
            Clean::join(&who, "; and by ")
        )
    }

    /// What would become of `-p ADDRESS:PORT:…`.
    fn mapping(&self) -> Clean {
        let at = say!("{}:{}", self.wanted, self.port);
        match self.is_free() {
            Some(false) => say!("a new mapping to {} is not possible while it is held", at),
            None => say!("whether a new mapping to {} is possible cannot be said", at),
            Some(true) if is_everywhere(self.wanted) => say!(
                "a new mapping to {} is possible, and open to everybody who reaches the host: published ports pass by firewalls such as ufw. write `127.0.0.1:{}:PORT` for programs of this host only",
                at,
                self.port
            ),
            Some(true) => say!(
                "a new mapping to {} is possible; {}",
                at,
                reach([self.wanted])
            ),
        }
    }

    fn to_verify(&self) -> Clean {
        say!(
            "to verify, on the host: `ss -ltn 'sport = :{}'`; from another machine: `nc -vz HOST {}`",
            self.port,
            self.port
        )
    }
}

fn address_of(at: &Published) -> IpAddr {
    at.address.parse().unwrap_or(Ipv4Addr::UNSPECIFIED.into())
}

fn is_everywhere(address: IpAddr) -> bool {
    address.is_unspecified()
}

/// Two sockets of one port get in each other's way.
fn meet(one: IpAddr, other: IpAddr) -> bool {
    one == other || is_everywhere(one) || is_everywhere(other)
}

/// Who can reach these addresses.
fn reach(addresses: impl IntoIterator<Item = IpAddr>) -> Clean {
    let addresses: Vec<IpAddr> = addresses.into_iter().collect();
    let shown: Vec<Clean> = addresses.iter().map(|one| say!("{}", one)).collect();
    let shown = Clean::join(&shown, ", ");
    if addresses.iter().any(|address| is_everywhere(*address)) {
        say!("on every interface ({})", shown)
    } else if addresses.iter().all(IpAddr::is_loopback) {
        say!("for this host only ({})", shown)
    } else {
        say!("at {}", shown)
    }
}
