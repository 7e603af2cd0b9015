//! Who is asked, and when: addresses in the environment, a network in common, waiting for the other.
//! Of a variable's value only the address is shown: the rest may be a secret.

use super::{Add, Change, Remove, in_service};
use crate::diagnose::reach::{Reach, Trouble};
use crate::diagnose::rules::dns_failure::nearest;
use crate::diagnose::view::View;
use crate::say;
use crate::stack::graph::is_loopback;
use crate::stack::{Key, Why};
use crate::text::{Clean, Name};

pub(super) fn corrected(view: &View<'_>) -> Option<Change> {
    let trouble = Trouble::of(view)?;
    let host = trouble.host.as_ref()?;
    let (new_host, new_port) = match &trouble.reach {
        Reach::Localhost(owner) => (owner.service.clone(), trouble.port),
        Reach::Unknown => (nearest(view, host.as_str())?, trouble.port),
        Reach::WrongPort(other) => (Name::new(host.as_str()), Some(only_port(view, other)?)),
        _ => return None,
    };
    let is_it =
        |other: &str| other == host.as_str() || (is_loopback(other) && is_loopback(host.as_str()));
    let addresses = view.case.graph.addresses(view.service).iter();
    let (address, variable) = addresses
        .filter(|(address, _)| is_it(&address.host))
        .find_map(|(address, why)| match why {
            Why::Environment { variable } => Some((address, variable)),
            _ => None,
        })?;
    let old = with_port(&Name::new(&address.host), address.port);
    let new = with_port(&new_host, address.port.and(new_port));
    let edits = vec![
        Remove(say!("{}: …{}…", variable, old)),
        Add(say!("{}: …{}…", variable, new)),
    ];
    in_service(view, &["environment"], edits)
}

fn with_port(host: &Name, port: Option<u16>) -> Clean {
    match port {
        Some(port) => say!("{}:{}", host, port),
        None => host.into(),
    }
}

/// The one port that a service listens on for others.
fn only_port(view: &View<'_>, other: &Key) -> Option<u16> {
    let views = View::all_of(other, view.case);
    let (_, sockets) = views.iter().find_map(View::sockets)?;
    let mut open = sockets
        .ports()
        .into_iter()
        .filter(|port| sockets.is_open(*port));
    open.next().filter(|_| open.next().is_none())
}

pub(super) fn wait_for(view: &View<'_>) -> Option<Change> {
    let trouble = Trouble::of(view)?;
    let (Reach::TooEarly(other) | Reach::NotListening(other)) = &trouble.reach else {
        return None;
    };
    let edits = vec![
        Add(say!("{}:", other.service)),
        Add(say!("  condition: service_healthy")),
    ];
    in_service(view, &["depends_on"], edits)
}

pub(super) fn network(view: &View<'_>) -> Option<Change> {
    let Reach::Isolated(other) = Trouble::of(view)?.reach else {
        return None;
    };
    let network = view.case.graph.networks(&other).next()?;
    let stack = view.service.stack.as_ref()?;
    let prefix = format!("{stack}_");
    let name = network.strip_prefix(&prefix).unwrap_or(network);
    in_service(
        view,
        &["networks"],
        vec![Add(say!("- {}", Name::new(name)))],
    )
}
