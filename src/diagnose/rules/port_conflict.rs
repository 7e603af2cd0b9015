//! The engine could not start it because a port of the host is taken.

use super::{Rule, by_hand, start_again};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding};
use crate::evidence::Evidence;
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::PortConflict,
    why: "A port of an address on the host can be held once. When another container or a process of the host holds it, the engine cannot publish it a second time and the container is never started.",
    example: "Bind for 127.0.0.1:8080 failed: port is already allocated",
    verify: "the port is published by this container",
    prevention: &[
        "publish ports on 127.0.0.1 behind one gateway, or keep a list of who holds which port",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    on_the_host(view).or_else(|| inside(view))
}

/// Its own program finds the port taken in its own network.
fn inside(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::PortConflict])?;
    let which = said
        .1
        .port()
        .map_or_else(|| say!("a port"), |port| say!("port {}", port));
    let summary = say!(
        "{} cannot listen: {} is already in use in its own container{}",
        view.name(),
        which,
        super::again_and_again(view)
    );
    let mut finding = super::said_finding(view, Cause::PortConflict, said, summary);
    finding.fixes.push(super::look(
        say!("see what runs inside"),
        say!("docker top {}", view.container),
    ));
    let text = say!(
        "start only one program on {} in {}, or give one of them another port",
        which,
        view.name()
    );
    finding.fixes.push(by_hand(text, Risk::Change));
    finding.fixes.push(super::recreate(view));
    Some(finding)
}

fn on_the_host(view: &View<'_>) -> Option<Finding> {
    let (line, state) = view.state()?;
    let text = state.error.as_str();
    if !(text.contains("port is already allocated") || text.contains("address already in use")) {
        return None;
    }
    let port = port_in(text);
    let which = port.map_or_else(|| say!("a port"), |port| say!("port {}", port));
    let summary = say!(
        "{} cannot start: {} of the host is already in use",
        view.name(),
        which
    );
    let mut finding = view.finding(Cause::PortConflict, Confidence::Certain, summary, &[line]);
    finding.evidence.extend(view.holder().map(Evidence::cite));
    let find = port.map(|port| say!("docker ps --filter publish={}", port));
    let text = say!(
        "find what holds {}: another container, or a process of the host",
        which
    );
    finding.fixes.push(crate::diagnose::Fix {
        text,
        command: find,
        risk: Risk::Read,
    });
    finding.fixes.push(by_hand(
        say!("stop it, or publish {} on another port", view.name()),
        Risk::Change,
    ));
    finding.fixes.push(start_again(view));
    Some(finding)
}

/// The last number after a colon: `0.0.0.0:8080`.
fn port_in(text: &str) -> Option<u16> {
    let pieces = text.split(|c: char| c.is_whitespace() || c == ',');
    let port = |piece: &str| {
        piece
            .trim_end_matches(':')
            .rsplit_once(':')?
            .1
            .parse::<u16>()
            .ok()
            .filter(|port| *port > 0)
    };
    pieces.filter_map(port).next_back()
}

#[cfg(test)]
mod tests {
    use super::port_in;

    #[test]
    fn reads_the_port_out_of_what_engines_say() {
        let allocated = "driver failed programming external connectivity on endpoint x (1f): Bind for 127.0.0.1:18787 failed: port is already allocated";
        assert_eq!(port_in(allocated), Some(18787));
        let in_use =
            "Error starting userland proxy: listen tcp4 0.0.0.0:9000: bind: address already in use";
        assert_eq!(port_in(in_use), Some(9000));
        assert_eq!(port_in("address already in use"), None);
    }
}
