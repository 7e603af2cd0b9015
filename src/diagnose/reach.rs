//! Why one service cannot reach another, told apart: the other is down, sits on another network,
//! listens elsewhere, was not up yet; or the name, the port or the address is wrong.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::Cause;
use super::standing::{is_down, is_gone, is_open, serves};
use super::view::View;
use crate::evidence::{Evidence, Hit};
use crate::stack::Key;
use crate::stack::graph::is_loopback;
use crate::text::{Clean, Name};

/// What stands between the two.
#[derive(Debug, Clone, PartialEq)]
pub enum Reach {
    /// The other service fails: its cause is the cause.
    Down(Key),
    /// The other runs, but may be in trouble of its own.
    Troubled(Key),
    /// It asks itself for what another service serves.
    Localhost(Key),
    /// They share no network.
    Isolated(Key),
    /// No service has this name.
    Unknown,
    /// The other works now and did not yet when it was needed.
    TooEarly(Key),
    /// The other is still on its way up: nothing listens in it.
    NotListening(Key),
    /// The other listens, but not on this port.
    WrongPort(Key),
    /// It asks at an address that the other had once and has no more.
    Stale(Key),
    /// The other listens on its own loopback address only.
    LoopbackOnly(Key),
    /// Nothing is known about the other end.
    Outside,
}

/// A line that says that something cannot be reached, and why that is.
pub struct Trouble<'e> {
    pub line: Option<&'e Evidence>,
    pub symptom: Cause,
    pub reach: Reach,
    /// As the line or the configuration names it.
    pub host: Option<Clean>,
    pub port: Option<u16>,
    /// What proves it beside the line.
    pub proof: Vec<&'e Evidence>,
}

/// A service that came up this shortly before or after it was needed was raced against.
const RACE: SignedDuration = SignedDuration::from_secs(120);

/// What is said when something cannot be reached.
pub const SYMPTOMS: &[Cause] = &[
    Cause::ConnectionRefused,
    Cause::DnsFailure,
    Cause::ConnectionTimeout,
    Cause::DependencyDown,
    Cause::DependencyNotReady,
];

impl<'e> Trouble<'e> {
    /// Of the line that decides, where that is about reaching something.
    pub fn of(view: &View<'e>) -> Option<Self> {
        if let Some(said) = view.decisive_of(SYMPTOMS) {
            return Some(Self::explain(view, Some(said.0), said.1));
        }
        // a check that asks another service says so in its output
        let (line, health) = view.health().filter(|_| view.is_unhealthy())?;
        let is_elsewhere = |hit: &&Hit| {
            let host = hit.name("host");
            host.is_some_and(|host| !is_loopback(host.as_str())) && SYMPTOMS.contains(&hit.cause)
        };
        let told = health.hit.as_ref().filter(is_elsewhere);
        told.map(|hit| Self::explain(view, Some(line), hit))
            .or_else(|| Self::unanswered(view))
    }

    /// While its check hangs it asks at an address that another service had once: nobody is there to
    /// answer, so nobody logs a word.
    fn unanswered(view: &View<'e>) -> Option<Self> {
        let (line, sockets) = view.sockets()?;
        view.health().filter(|(_, health)| health.took_too_long())?;
        let stale = |(address, port): &(std::net::IpAddr, u16)| {
            let mut trouble = Self {
                line: Some(line),
                symptom: Cause::ConnectionTimeout,
                reach: Reach::Outside,
                host: Some(Name::new(&address.to_string()).into()),
                port: Some(*port),
                proof: Vec::new(),
            };
            trouble.reach = trouble.judge(view);
            matches!(trouble.reach, Reach::Stale(_)).then_some(trouble)
        };
        sockets.asking.iter().find_map(stale)
    }

    /// What stands behind one line.
    pub fn explain(view: &View<'e>, line: Option<&'e Evidence>, hit: &Hit) -> Self {
        let named = hit.name("host").or_else(|| hit.name("address"));
        let mut trouble = Self {
            line,
            symptom: hit.cause,
            reach: Reach::Outside,
            host: named.cloned(),
            port: hit.port(),
            proof: Vec::new(),
        };
        if hit.name("socket").is_some() {
            // a client without a host name asks a socket of its own machine
            trouble.host = Some(Clean::from_static("localhost"));
            trouble.port = trouble.port.or(Some(5432));
        }
        trouble.fill_from_configuration(view);
        trouble.reach = trouble.judge(view);
        trouble
    }

    /// A line without a host or port: what it is configured to talk to may decide.
    fn fill_from_configuration(&mut self, view: &View<'e>) {
        let graph = view.case.graph;
        let own = |host: &str| {
            graph.resolve(view.service, host).as_ref() == Some(view.service) || host == "0.0.0.0"
        };
        let addresses = graph
            .addresses(view.service)
            .iter()
            .map(|(address, _)| address);
        let mut candidates: Vec<_> = addresses.filter(|address| !own(&address.host)).collect();
        if let Some(host) = &self.host {
            let target = graph.resolve(view.service, host.as_str());
            candidates.retain(|address| {
                address.host == host.as_str()
                    || (is_loopback(&address.host) && is_loopback(host.as_str()))
                    || (target.is_some() && graph.resolve(view.service, &address.host) == target)
            });
        } else {
            candidates.retain(|address| self.could_be(view, address));
        }
        let hosts: BTreeSet<&str> = candidates
            .iter()
            .map(|address| address.host.as_str())
            .collect();
        let ports: BTreeSet<u16> = candidates
            .iter()
            .filter_map(|address| address.port)
            .collect();
        if let (None, [host]) = (&self.host, hosts.iter().collect::<Vec<_>>().as_slice()) {
            self.host = Some(Name::new(host).into());
        }
        if let (None, [port]) = (self.port, ports.iter().collect::<Vec<_>>().as_slice()) {
            self.port = Some(**port);
        }
    }

    /// Whether an address fits what the symptom says.
    fn could_be(&self, view: &View<'e>, address: &crate::stack::Address) -> bool {
        let target = view.case.graph.resolve(view.service, &address.host);
        let is_number = address.host.chars().all(|c| c.is_ascii_digit() || c == '.');
        match self.symptom {
            Cause::DnsFailure if is_loopback(&address.host) || is_number => false,
            Cause::DnsFailure => target.is_none_or(|target| {
                is_down(view.case, &target) || !view.case.graph.share_network(view.service, &target)
            }),
            Cause::ConnectionRefused if is_loopback(&address.host) => true,
            _ => target.is_none_or(|target| {
                !is_open(view.case, &target, address.port) || is_down(view.case, &target)
            }),
        }
    }

    fn judge(&mut self, view: &View<'e>) -> Reach {
        let case = view.case;
        let Some(host) = self.host.clone() else {
            return self.judge_unnamed(view);
        };
        if is_loopback(host.as_str()) {
            return self.judge_loopback(view);
        }
        let target = self
            .by_port(view)
            .or_else(|| case.graph.resolve(view.service, host.as_str()))
            .or_else(|| removed(view, host.as_str()))
            .or_else(|| self.only_one_down(view));
        match target {
            Some(target) if target == *view.service => Reach::Outside,
            Some(target) => self.judge_target(view, target),
            None if self.symptom == Cause::DnsFailure => Reach::Unknown,
            None => Reach::Outside,
        }
    }

    /// Addresses change hands with every restart; what it is configured to ask on that port stays.
    fn by_port(&self, view: &View<'e>) -> Option<Key> {
        let is_address = self
            .host
            .as_ref()
            .is_some_and(|host| host.as_str().parse::<std::net::IpAddr>().is_ok());
        let port = self.port.filter(|_| is_address)?;
        let addresses = view.case.graph.addresses(view.service).iter();
        let fits = addresses.filter(|(address, _)| address.port == Some(port));
        let targets: BTreeSet<Key> = fits
            .filter_map(|(address, _)| {
                let known = view.case.graph.resolve(view.service, &address.host);
                known.or_else(|| removed(view, &address.host))
            })
            .collect();
        targets.into_iter().next()
    }

    /// It looked the name up once, and the other has come back with another address since.
    fn is_stale(&self, view: &View<'_>, targets: &[View<'_>]) -> bool {
        const SETTLED: SignedDuration = SignedDuration::from_secs(2);
        let Some(host) = self
            .host
            .as_ref()
            .filter(|host| host.as_str().parse::<std::net::IpAddr>().is_ok())
        else {
            return false;
        };
        let has_it = |target: &View<'_>| {
            let setup = target.setup();
            setup.is_some_and(|setup| {
                let mut networks = setup.networks.iter();
                networks.any(|attached| attached.address == host.as_str())
            })
        };
        let Some(line) = self.line else { return false };
        let asked = line.at.unwrap_or(view.now);
        let came_before = |target: &View<'_>| {
            let started = target.state().and_then(|(_, state)| state.started_at);
            started.is_some_and(|started| asked.duration_since(started) > SETTLED)
        };
        !targets.is_empty() && !targets.iter().any(has_it) && targets.iter().all(came_before)
    }

    /// An address that nobody has at this moment was that of the one neighbour that is down.
    fn only_one_down(&self, view: &View<'e>) -> Option<Key> {
        let host: std::net::IpAddr = self.host.as_ref()?.as_str().parse().ok()?;
        let is_private = matches!(host, std::net::IpAddr::V4(host) if host.is_private());
        let case = view.case;
        let fails =
            |key: &&Key| is_down(case, key) && !View::all_of(key, case).iter().all(View::is_done);
        let mut failing = case.graph.neighbours(view.service).filter(fails);
        let first = failing.next().filter(|_| is_private)?;
        failing.next().is_none().then(|| first.clone())
    }

    /// No name in the line and several in the configuration: what fails among its needs.
    fn judge_unnamed(&self, view: &View<'e>) -> Reach {
        let needs: Vec<Key> = view
            .case
            .graph
            .needs(view.service)
            .into_keys()
            .cloned()
            .collect();
        let down: Vec<&Key> = needs
            .iter()
            .filter(|need| is_down(view.case, need))
            .collect();
        match (down.as_slice(), needs.as_slice()) {
            ([one], _) => Reach::Down((*one).clone()),
            ([], [one]) if self.symptom != Cause::DnsFailure => Reach::Troubled(one.clone()),
            ([first, ..], _) => Reach::Down((*first).clone()),
            _ => Reach::Outside,
        }
    }

    fn judge_loopback(&mut self, view: &View<'e>) -> Reach {
        if self.symptom == Cause::DnsFailure {
            return Reach::Outside;
        }
        let case = view.case;
        let serving = case
            .graph
            .neighbours(view.service)
            .filter(|key| self.port.is_some_and(|port| serves(case, key, port)));
        let serving: Vec<&Key> = serving.collect();
        let Some(owner) = serving.first() else {
            return Reach::Outside;
        };
        self.proof.extend(
            View::all_of(owner, case)
                .iter()
                .filter_map(|view| Some(view.sockets()?.0))
                .take(1),
        );
        Reach::Localhost((*owner).clone())
    }

    fn judge_target(&mut self, view: &View<'e>, target: Key) -> Reach {
        let case = view.case;
        let views = View::all_of(&target, case);
        if !views.is_empty() && views.iter().all(|view| view.removed().is_some()) {
            return Reach::Down(target);
        }
        if !case.graph.share_network(view.service, &target) && !is_gone(case, &target) {
            return Reach::Isolated(target);
        }
        if is_down(case, &target) {
            return Reach::Down(target);
        }
        if self.is_stale(view, &views) {
            return Reach::Stale(target);
        }
        if matches!(
            self.symptom,
            Cause::ConnectionTimeout | Cause::DependencyDown
        ) {
            return Reach::Troubled(target);
        }
        let Some((sockets_line, sockets)) = views.iter().find_map(View::sockets) else {
            // nobody could look where it listens: what it is known to serve has to do
            let could_serve = self.port.is_none_or(|port| serves(case, &target, port));
            return if could_serve && came_up_late(view, &views, self.line) {
                Reach::TooEarly(target)
            } else {
                Reach::Troubled(target)
            };
        };
        self.proof.push(sockets_line);
        match self.port {
            _ if sockets.listening.is_empty() => Reach::NotListening(target),
            Some(port) if sockets.is_open(port) => Reach::TooEarly(target),
            Some(port) if sockets.is_loopback_only(port) => Reach::LoopbackOnly(target),
            Some(_) => Reach::WrongPort(target),
            None if sockets
                .listening
                .iter()
                .all(|(address, _)| address.is_loopback()) =>
            {
                Reach::LoopbackOnly(target)
            }
            None => Reach::TooEarly(target),
        }
    }
}

/// A service of the same stack that was removed and had this name.
fn removed(view: &View<'_>, host: &str) -> Option<Key> {
    let mut gone = view
        .case
        .evidence
        .iter()
        .filter(|item| matches!(item.fact, crate::evidence::Fact::Removed));
    let named = |key: &Key| key.stack == view.service.stack && key.service == host;
    gone.find(|item| named(&item.service))
        .map(|item| item.service.clone())
}

/// Whether the target started around the time it was missed.
fn came_up_late(view: &View<'_>, targets: &[View<'_>], line: Option<&Evidence>) -> bool {
    let missed = line.and_then(|line| line.at).unwrap_or(view.now);
    targets
        .iter()
        .filter_map(|target| target.state()?.1.started_at)
        .any(|started| missed.duration_since(started) < RACE)
}
