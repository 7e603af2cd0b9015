//! The health check asks where nobody answers, while the service itself listens elsewhere: a wrong port, a
//! wrong path, or an address it does not listen on.

use super::Rule;
use super::by_hand;
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::evidence::state::HealthFact;
use crate::evidence::{Evidence, Hit, Source};
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
    if health.took_too_long() {
        return None;
    }
    let (what, fix, proof) = wrong_protocol(view, health)
        .or_else(|| wrong_answer(view, health))
        .or_else(|| wrong_place(view, health))?;
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

/// The server answers that it has no such thing, or tells strangers nothing.
fn wrong_answer<'e>(view: &View<'e>, health: &HealthFact) -> Option<Wrong<'e>> {
    const NO_SUCH: &[u16] = &[404, 405, 410, 421];
    const NOT_FOR_YOU: &[u16] = &[401, 403];
    let asked = view.answer();
    let status = asked
        .map(|(_, answer)| answer.status)
        .or_else(|| told_status(health.output.as_str()))?;
    let fix = if NO_SUCH.contains(&status) {
        say!("let the check of {} ask a path that exists", view.name())
    } else if NOT_FOR_YOU.contains(&status) && log_is_silent(view) {
        say!(
            "let the check of {} ask a path that needs no credentials",
            view.name()
        )
    } else {
        return None;
    };
    let url = asked.map_or_else(|| say!("its address"), |(_, answer)| answer.url.clone());
    let what = say!("{} answers with {}", url, status);
    Some((what, fix, asked.map(|(line, _)| line)))
}

/// Nothing but the check itself tells of trouble.
fn log_is_silent(view: &View<'_>) -> bool {
    view.decisive()
        .is_none_or(|said| said.0.source == Source::Health)
}

/// The status that a tool tells of, in the words of curl, wget and most pages.
fn told_status(output: &str) -> Option<u16> {
    const WORDS: &[(u16, &str)] = &[
        (404, "Not Found"),
        (405, "Method Not Allowed"),
        (401, "Unauthorized"),
        (403, "Forbidden"),
    ];
    let is_told = |(status, phrase): &&(u16, &str)| {
        let code = status.to_string();
        let mut numbers = output.split(|c: char| !c.is_ascii_digit());
        // of these two the bare number has been seen often enough, of the others never
        let is_enough = matches!(status, 404 | 405);
        numbers.any(|number| number == code)
            && (is_enough || output.contains(phrase) || output.contains(&format!("error: {code}")))
    };
    WORDS.iter().find(is_told).map(|(status, _)| *status)
}

/// It speaks TLS to a port that does not.
fn wrong_protocol<'e>(view: &View<'e>, health: &HealthFact) -> Option<Wrong<'e>> {
    const HANDSHAKE_FAILED: i64 = 35;
    const TOLD: &[&str] = &[
        "wrong version number",
        "packet length too long",
        "unexpected eof",
    ];
    let asks = health.test.as_str().contains("https://");
    let output = health.output.as_str();
    let told = TOLD.iter().any(|words| output.contains(words));
    let silent = output.is_empty() && health.exit_code == Some(HANDSHAKE_FAILED);
    let plain = view.answer().filter(|(_, answer)| answer.status < 400);
    if !asks || !(told || silent || plain.is_some()) {
        return None;
    }
    let line = plain
        .map(|(line, _)| line)
        .or_else(|| view.sockets().map(|(line, _)| line));
    let what = say!("it asks with https a port that does not speak TLS");
    let fix = say!("let the check of {} ask with http://", view.name());
    Some((what, fix, line))
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
