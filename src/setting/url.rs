//! Addresses of services that speak HTTP.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const EXPECTED: &str =
    "expected a URL such as `https://ops.example.org`, without user, query or fragment";

/// `http://` or `https://`, a host, perhaps a port and a path. No credentials, so it can be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// One of our own, written in the code.
    pub fn from_static(url: &'static str) -> Self {
        Self(url.to_owned())
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// With exactly one slash between the two.
    pub fn join(&self, path: &str) -> String {
        let base = self.0.trim_end_matches('/');
        format!("{base}/{}", path.trim_start_matches('/'))
    }

    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or(EXPECTED)?;
        let authority = rest.split('/').next().unwrap_or_default();
        let odd = |c: char| c.is_whitespace() || c.is_control() || "?#@\\".contains(c);
        if rest.contains(odd) || !is_host_and_port(authority) {
            return Err(EXPECTED);
        }
        Ok(Self(text))
    }
}

impl From<BaseUrl> for String {
    fn from(url: BaseUrl) -> Self {
        url.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`. A host can't begin with `-`: programs that are
/// given it would take it for a flag.
pub fn is_host_and_port(authority: &str) -> bool {
    let (host, port) = split_port(authority);
    let inside = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let named = host.starts_with(|c: char| c.is_ascii_alphanumeric()) && host.chars().all(inside);
    let v6 = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok());
    let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    (named || v6) && port_fits
}

/// The colons of a bracketed address belong to the host.
pub fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}
