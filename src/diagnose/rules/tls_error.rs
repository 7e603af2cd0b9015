//! A TLS connection cannot be made: the certificate is not trusted, expired or for another name, or the
//! other side does not speak TLS on that port.

use super::Rule;
use super::{again_and_again, by_hand, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::TlsError,
    why: "The client checks the server's certificate against what it trusts, its name and its dates. Or it speaks TLS to a port that does not.",
    example: "SSL certificate problem: self-signed certificate",
    verify: "the handshake succeeds (curl -v, openssl s_client)",
    prevention: &[
        "renew certificates by machine and alert two weeks before they end; put the own authority into the images that need it",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::TlsError])?;
    let text = said.0.text.as_str().to_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let (why, advice) = if is(&["expired"]) {
        (
            "the certificate has expired",
            "renew the certificate and load it",
        )
    } else if is(&[
        "wrong version number",
        "eproto",
        "wrong_version",
        "http response to https",
        "does not look like a tls",
        "does not support ssl",
    ]) {
        (
            "the other side does not speak TLS on that port",
            "use the port that speaks TLS, or plain `http://` inside the stack",
        )
    } else if is(&[
        "altname",
        "does not match",
        "hostname mismatch",
        "subject name",
        "is valid for",
    ]) {
        (
            "the certificate is for another name",
            "ask for the name that the certificate carries, or issue one for this name",
        )
    } else if is(&[
        "self-signed",
        "self signed",
        "self_signed",
        "issuer",
        "unknown authority",
        "verify the first",
        "pkix",
        "leaf_signature",
    ]) {
        (
            "the certificate is self-signed or from an authority it does not know",
            "put the authority's certificate into the client's trust store (for node NODE_EXTRA_CA_CERTS)",
        )
    } else {
        (
            "the handshake fails",
            "look at the handshake with `openssl s_client -connect HOST:PORT`",
        )
    };
    let summary = say!(
        "{} cannot make a TLS connection: {}{}",
        view.name(),
        why,
        again_and_again(view)
    );
    let mut finding = said_finding(view, Cause::TlsError, said, summary);
    finding.evidence.extend(super::addressed(view));
    finding
        .fixes
        .push(by_hand(say!("{}", advice), Risk::Change));
    finding.fixes.push(super::restart(view));
    Some(finding)
}
