//! What a service is given to run with: variables, a command that stays, a port of its own.

use super::{Add, Change, Remove, in_service};
use crate::diagnose::Cause;
use crate::diagnose::rules::exits_immediately::is_a_server;
use crate::diagnose::rules::missing_env::variable_of;
use crate::diagnose::view::View;
use crate::evidence::Fact;
use crate::say;
use crate::text::Name;

/// Compose itself refuses to start without it then.
pub(super) fn variable(view: &View<'_>) -> Option<Change> {
    let said = view.decisive_of(&[Cause::MissingEnv])?;
    let variable = variable_of(said.1)?;
    let line = say!("{}: \"${{{}:?set it in .env}}\"", variable, variable);
    in_service(view, &["environment"], vec![Add(line)])
}

pub(super) fn foreground(view: &View<'_>) -> Option<Change> {
    let command = view.command();
    if command.contains("nginx") && !command.contains("daemon off") {
        let line = say!("command: [nginx, -g, \"daemon off;\"]");
        return in_service(view, &[], vec![Add(line)]);
    }
    if is_a_server(view) {
        return None;
    }
    let policy = Name::new(&view.state()?.1.restart_policy.name);
    let edits = vec![
        Remove(say!("restart: {}", policy)),
        Add(say!("restart: \"no\"")),
    ];
    in_service(view, &[], edits)
}

/// The next port that no container of this host publishes.
pub(super) fn another_port(view: &View<'_>) -> Option<Change> {
    view.holder()?;
    let taken: Vec<u16> = view
        .case
        .evidence
        .iter()
        .filter_map(|item| match &item.fact {
            Fact::Setup(setup) => Some(&setup.ports),
            _ => None,
        })
        .flatten()
        .filter_map(|port| Some(port.published.as_ref()?.port))
        .collect();
    let ports = &view.setup()?.ports;
    let (inside, port) = ports
        .iter()
        .find_map(|port| Some((port.inside, port.published.as_ref()?.port)))?;
    let free = (port.checked_add(1)?..=u16::MAX).find(|port| !taken.contains(port))?;
    let edits = vec![
        Remove(say!("- \"{}:{}\"", port, inside)),
        Add(say!("- \"{}:{}\"", free, inside)),
    ];
    in_service(view, &["ports"], edits)
}
