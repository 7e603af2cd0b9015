//! Passwords inside addresses. Scheme, user and host stay readable: they tell what was reached.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::spans::Spans;
use super::value;

/// How far behind the user a password may reach when it holds a slash.
const FARTHEST_AT: usize = 256;

/// A user without a password is a key when it is this long: `https://<key>@host`.
const SHORTEST_KEY: usize = 20;

/// `user:password@tcp(host)` as Go's drivers write it, and `user:password@host:5432`.
static WITHOUT_SCHEME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?:^|[\s"'=(,])[A-Za-z0-9_.\-]+:([^\s:@/"'`]+)@(?:(?:tcp|unix)\(|[A-Za-z0-9_.\-]+:[0-9]{2,5}(?:[^0-9A-Za-z]|$))"#,
    )
    .expect("a constant pattern")
});

/// `jdbc:oracle:thin:user/password@host`
static ORACLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"jdbc:oracle:[a-z0-9]+:[^\s/@:"']+/([^\s@"']+)@"#).expect("a constant pattern")
});

/// Every password inside an address that begins with its scheme.
pub(super) fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut secrets = Vec::new();
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find("://")) {
        at += found + 3;
        if let Some(secret) = userinfo_secret(text.get(at..).unwrap_or_default()) {
            secrets.push(at + secret.start..at + secret.end);
        }
    }
    if text.contains("jdbc:oracle:") {
        let found = ORACLE.captures_iter(text);
        let found = found.filter_map(|found| found.get(1));
        let worth = found.filter(|secret| value::is_worth_hiding("password", secret.as_str()));
        secrets.extend(worth.map(|secret| secret.range()));
    }
    secrets
}

pub(super) fn find(text: &str, spans: &mut Spans) {
    for secret in secrets(text) {
        spans.add(secret);
    }
    if text.contains('@') {
        for found in WITHOUT_SCHEME.captures_iter(text) {
            if let Some(secret) = found.get(1)
                && value::is_worth_hiding("password", secret.as_str())
            {
                spans.add(secret.range());
            }
        }
    }
}

/// The password in `text`, which starts behind `://`.
fn userinfo_secret(text: &str) -> Option<Range<usize>> {
    let token = token(text);
    let authority = token.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rsplit_once('@') {
        Some((userinfo, _)) => match userinfo.split_once(':') {
            Some((user, _)) => worthy(token, user.len() + 1..userinfo.len()),
            None => Some(0..userinfo.len()).filter(|_| is_key(userinfo)),
        },
        None => with_slash(token, authority),
    }
}

/// As much of the text as can belong to user and password.
fn token(text: &str) -> &str {
    let end = text
        .char_indices()
        .take(FARTHEST_AT)
        .find(|(_, c)| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>'));
    let end = end
        .map(|(at, _)| at)
        .or_else(|| text.char_indices().nth(FARTHEST_AT).map(|(at, _)| at));
    end.map_or(text, |end| text.get(..end).unwrap_or_default())
}

/// `user:pa/ss@host`: what follows the colon is no port, and an `@` comes later.
fn with_slash(token: &str, authority: &str) -> Option<Range<usize>> {
    let (user, port) = authority.split_once(':')?;
    if port.is_empty() || port.chars().all(|c| c.is_ascii_digit()) || port.contains(':') {
        return None;
    }
    let start = user.len() + 1;
    let rest = token.get(start..)?;
    // A second address in the same word is not part of this password.
    let rest = rest.split("://").next().unwrap_or_default();
    worthy(token, start..start + rest.find('@')?)
}

fn worthy(token: &str, span: Range<usize>) -> Option<Range<usize>> {
    value::is_worth_hiding("password", token.get(span.clone())?).then_some(span)
}

fn is_key(userinfo: &str) -> bool {
    userinfo.len() >= SHORTEST_KEY && userinfo.chars().any(|c| c.is_ascii_digit())
}
