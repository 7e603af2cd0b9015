//! A health check that asks the right place and leaves time for the answer.

use super::{Add, Change, Remove, in_service};
use crate::diagnose::rules::healthcheck_wrong_target::asked_port;
use crate::diagnose::view::View;
use crate::say;

pub(super) fn timeout(view: &View<'_>) -> Option<Change> {
    let (_, health) = view.health()?;
    if !health.output.as_str().contains("exceeded timeout") {
        // what its own tool waits stands in the check's command
        return None;
    }
    let edits = vec![
        Remove(say!("timeout: {}s", health.timeout_s)),
        Add(say!("timeout: {}s", (health.timeout_s * 2).max(5))),
    ];
    in_service(view, &["healthcheck"], edits)
}

pub(super) fn start_period(view: &View<'_>) -> Option<Change> {
    let edits = vec![Add(say!("start_period: 90s"))];
    in_service(view, &["healthcheck"], edits)
}

/// Where it asks one port and the service listens on one other.
pub(super) fn port(view: &View<'_>) -> Option<Change> {
    let (_, health) = view.health()?;
    let (_, sockets) = view.sockets()?;
    let asked = asked_port(view, health)?;
    let ports = sockets.ports();
    let mut open = ports.into_iter();
    let (Some(right), None) = (open.next(), open.next()) else {
        return None;
    };
    if right == asked || !health.test.as_str().contains(&asked.to_string()) {
        return None;
    }
    let edits = vec![
        Remove(say!("test: …{}…", asked)),
        Add(say!("test: …{}…", right)),
    ];
    in_service(view, &["healthcheck"], edits)
}
