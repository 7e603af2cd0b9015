//! The health check asks where nobody answers, while the service itself listens elsewhere: a wrong port, a
//! wrong path, or an address it does not listen on.

use super::Rule;
use super::by_hand;
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::evidence::state::HealthFact;
use crate::evidence::{Evidence, Hit};
use crate::say;
use crate::stack::Address;
use crate::stack::graph::is_loopback;
use crate::stack::graph_hosts::addresses_in;
use crate::text::{Clean, Raw};

pub const RULE: Rule = Rule {
    cause: Cause::HealthcheckWrongTarget,
    why: "The check in the compose file was copied, the port or the path of the service has changed, or `localhost` means another address than the one it listens on.",
    example: "check asks port 8080, the service listens on 3000",
    verify: "the check's command passes when run by hand",
    prevention: &[
        "take the port from one variable for the service and its check, and test the check in CI",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let (line, health) = view.health().filter(|_| view.is_unhealthy())?;
    if health.output.as_str().contains("exceeded timeout") {
        return None;
    }
    let (what, fix, proof) = wrong_answer(view, health).or_else(|| wrong_place(view, health))?;
    let summary = say!(
        "{} is reported unhealthy because its check asks the wrong place: {}",
        view.name(),
        what
    );
    let proof: Vec<_> = [Some(line), proof].into_iter().flatten().collect();
    let mut finding = view.finding(
        Cause::HealthcheckWrongTarget,
        Confidence::Certain,
        summary,
        &proof,
    );
    finding
        .evidence
        .push(super::noted(view, say!("its check is `{}`", health.test)));
    finding.fixes.push(super::look(
        say!("run the check by hand"),
        say!("docker exec {} {}", view.container, health.test),
    ));
    finding.fixes.push(by_hand(fix, Risk::Change));
    finding.fixes.push(super::recreate(view));
    Some(finding)
}

type Wrong<'e> = (Clean, Clean, Option<&'e Evidence>);

/// The server answers that it has no such thing.
fn wrong_answer<'e>(view: &View<'e>, health: &HealthFact) -> Option<Wrong<'e>> {
    const NO_SUCH: &[u16] = &[404, 405, 410, 421];
    let asked = view.answer();
    let status = asked.map(|(_, answer)| answer.status);
    let says = ["404", "405"].iter().any(|code| {
        health
            .output
            .as_str()
            .split(|c: char| !c.is_ascii_digit())
            .any(|word| word == *code)
    });
    let no_such = status.map_or(says, |status| NO_SUCH.contains(&status));
    if !no_such {
        return None;
    }
    let status = status.unwrap_or(404);
    let url = asked.map_or_else(|| say!("its address"), |(_, answer)| answer.url.clone());
    let what = say!("{} answers with {}", url, status);
    let fix = say!("let the check of {} ask a path that exists", view.name());
    Some((what, fix, asked.map(|(line, _)| line)))
}

/// Nobody listens where the check asks.
fn wrong_place<'e>(view: &View<'e>, health: &HealthFact) -> Option<Wrong<'e>> {
    let (line, sockets) = view.sockets()?;
    let port = asked_port(view, health)?;
    if sockets.listening.is_empty() {
        return None;
    }
    if !sockets.ports().contains(&port) {
        let what = say!("it asks port {}, the service {}", port, line.text);
        return Some((
            what,
            say!(
                "let the check of {} ask the port it listens on",
                view.name()
            ),
            Some(line),
        ));
    }
    let refused = health
        .hit
        .as_ref()
        .is_some_and(|hit| hit.cause == Cause::ConnectionRefused)
        || health.exit_code == Some(7);
    let on_loopback = sockets.listening.iter().any(|(address, open)| {
        *open == port && (address.is_loopback() || address.is_unspecified())
    });
    let reached = on_loopback && !health.output.as_str().contains("::1");
    if !refused || reached {
        return None;
    }
    let what = say!(
        "it asks port {} of localhost, the service {}",
        port,
        line.text
    );
    Some((
        what,
        say!(
            "let {} listen on 0.0.0.0, or let its check ask the address it listens on",
            view.name()
        ),
        Some(line),
    ))
}

/// The port that the check asks in its own container.
pub(in crate::diagnose) fn asked_port(view: &View<'_>, health: &HealthFact) -> Option<u16> {
    let setup = view.setup()?;
    let words: Vec<&str> = setup
        .settings
        .health_test
        .as_ref()?
        .test
        .iter()
        .skip(1)
        .map(Raw::expose)
        .collect();
    let test = words.join(" ");
    let here = |address: &Address| {
        address.is_loopback()
            || address.host == "0.0.0.0"
            || view
                .case
                .graph
                .resolve(view.service, &address.host)
                .as_ref()
                == Some(view.service)
    };
    let said = addresses_in(&test, false)
        .into_iter()
        .filter(here)
        .find_map(|address| address.port);
    let from_output = || {
        health
            .hit
            .as_ref()
            .filter(|hit| {
                hit.name("host")
                    .is_some_and(|host| is_loopback(host.as_str()))
            })
            .and_then(Hit::port)
    };
    said.or_else(|| flag_port(&test))
        .or_else(from_output)
        .or_else(|| usual_port(&test))
}

/// `-p 5432`, `--port=5432`, `:8080/health`.
fn flag_port(test: &str) -> Option<u16> {
    let mut words = test.split([' ', '=']);
    let after = words
        .find(|word| matches!(*word, "-p" | "--port" | "-P"))
        .and_then(|_| words.next());
    after.and_then(|word| word.parse().ok())
}

fn usual_port(test: &str) -> Option<u16> {
    const USUAL: &[(&str, u16)] = &[
        ("redis-cli", 6379),
        ("pg_isready", 5432),
        ("psql", 5432),
        ("mysqladmin", 3306),
        ("mongosh", 27017),
        ("mongo ", 27017),
    ];
    USUAL
        .iter()
        .find(|(tool, _)| test.contains(tool))
        .map(|(_, port)| *port)
}
