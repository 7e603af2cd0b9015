//! No connection is left: the server's limit is reached, or the client's own pool is.

use std::collections::BTreeMap;

use super::Rule;
use super::{again_and_again, by_hand, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::evidence::{Citation, Source};
use crate::say;
use crate::stack::Key;
use crate::text::Clean;

pub const RULE: Rule = Rule {
    cause: Cause::ConnectionsExhausted,
    why: "Every client keeps connections open. When their sum passes the server's limit, the next one is refused; when a pool is too small or leaks, its own users wait in vain.",
    example: "FATAL: sorry, too many clients already",
    verify: "the number of open connections stays under the limit",
    prevention: &[
        "set the pool size of every client so that their sum stays under the server's limit, and put a pooler in front where that is not possible",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::ConnectionsExhausted])?;
    let own_pool = said.1.name("pool").is_some();
    let server = super::server_of(view, said.1).filter(|_| !own_pool);
    let summary = match &server {
        Some(server) => say!(
            "{} has no connection left: {} is refused",
            server.service,
            view.name()
        ),
        None if own_pool => say!(
            "{} has used up its own connection pool{}",
            view.name(),
            again_and_again(view)
        ),
        None => say!(
            "{} is refused: the server has no connection left{}",
            view.name(),
            again_and_again(view)
        ),
    };
    let mut finding = said_finding(view, Cause::ConnectionsExhausted, said, summary);
    if let Some(server) = server {
        finding.evidence.extend(holders(view, &server));
        finding.fixes.push(by_hand(say!("find who holds the connections of {}, close what is idle, and raise its limit only if it has the memory", server.service), Risk::Change));
        finding.service = server;
    } else {
        finding.fixes.push(by_hand(say!("find where {} does not give connections back; raise the pool only with the server's limit in mind", view.name()), Risk::Change));
    }
    finding.fixes.push(super::restart(view));
    Some(finding)
}

/// Who holds how many connections, from the server's own socket table.
fn holders(view: &View<'_>, server: &Key) -> Option<Citation> {
    let views = View::all_of(server, view.case);
    let sockets = views.iter().find_map(|view| Some(view.sockets()?.1))?;
    let ports = sockets.ports();
    let mut counts: BTreeMap<Key, usize> = BTreeMap::new();
    for (_, peer) in sockets
        .connected
        .iter()
        .filter(|(port, _)| ports.contains(port))
    {
        if let Some(key) = view.case.graph.resolve(server, &peer.to_string()) {
            *counts.entry(key).or_default() += 1;
        }
    }
    let parts: Vec<_> = counts
        .iter()
        .map(|(key, count)| say!("{} by {}", count, key.service))
        .collect();
    let text = say!("open connections: {}", Clean::join(&parts, ", "));
    (!parts.is_empty()).then(|| Citation {
        source: Source::Network,
        service: server.service.clone(),
        at: None,
        text,
    })
}
