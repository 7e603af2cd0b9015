//! It ends at once without an error, and its restart policy brings it back each time.

use super::{Rule, by_hand, read_logs, recreate};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::ExitsImmediately,
    why: "A container lives as long as its main process. A program that goes into the background, a shell without a terminal, or a finished job under a policy of always ends with code 0 and is started again for ever.",
    example: "exit 0, restarted 12 times, restart policy always",
    verify: "the container still runs after a minute",
    prevention: &["run the service in the foreground, and give one-off jobs the restart policy no"],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let (line, state) = view.state()?;
    if view.last_exit() != Some(0) || view.stopped_by_somebody().is_some() {
        return None;
    }
    let summary = if view.loops() {
        say!(
            "{} ends at once without an error and is restarted for ever ({} restarts)",
            view.name(),
            state.restart_count
        )
    } else if view.has_ended() && (view.accused || is_a_server(view)) {
        say!(
            "{} should go on serving, but ended without an error (exit 0)",
            view.name()
        )
    } else {
        return None;
    };
    let last = view.logs().next_back();
    let proof: Vec<_> = [Some(line), view.last_death(), last]
        .into_iter()
        .flatten()
        .collect();
    let mut finding = view.finding(
        Cause::ExitsImmediately,
        Confidence::Certain,
        summary,
        &proof,
    );
    finding.fixes.push(read_logs(view));
    let text = say!(
        "keep `{}` in the foreground, or give {} the restart policy `no` if it is a job",
        state.program,
        view.name()
    );
    finding.fixes.push(by_hand(text, Risk::Change));
    finding.fixes.push(recreate(view));
    Some(finding)
}

/// Publishes a port, has a health check, is asked by others on a port, or runs a program that is
/// known to serve or to go to the background.
pub(in crate::diagnose) fn is_a_server(view: &View<'_>) -> bool {
    const SERVERS: &[&str] = &[
        "nginx",
        "redis-server",
        "postgres",
        "mysqld",
        "httpd",
        "apache2",
        "mongod",
        "nats-server",
        "gunicorn",
        "uvicorn",
        "haproxy",
        "caddy",
        "memcached",
    ];
    let publishes = view
        .setup()
        .is_some_and(|setup| setup.ports.iter().any(|port| port.published.is_some()));
    let command = view.command();
    let program = command.split_whitespace().next().unwrap_or_default();
    let program = program.rsplit('/').next().unwrap_or_default();
    let to_background = command.trim_end().ends_with('&')
        || command.contains("daemonize yes")
        || command.contains("--daemon");
    publishes
        || view.health().is_some()
        || SERVERS.contains(&program)
        || to_background
        || is_asked(view)
}

/// Another service is configured to ask it on a port.
fn is_asked(view: &View<'_>) -> bool {
    let graph = view.case.graph;
    graph.neighbours(view.service).any(|other| {
        let addresses = graph.addresses(other).iter();
        let mut with_port = addresses.filter(|(address, _)| address.port.is_some());
        with_port
            .any(|(address, _)| graph.resolve(other, &address.host).as_ref() == Some(view.service))
    })
}
