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

const EXPECTED_PAGE: &str =
    "expected a URL such as `https://ops.example.org/healthz?full=1`, without user or fragment";

/// One page to be asked for: like a `BaseUrl`, and there may be a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String")]
pub struct PageUrl {
    base: BaseUrl,
    query: Option<String>,
}

impl PageUrl {
    pub fn is_https(&self) -> bool {
        self.base.is_https()
    }

    /// `host` or `host:port`.
    pub fn authority(&self) -> &str {
        let rest = self.base.0.split_once("://").map_or("", |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }

    /// The host as one connects to it, without brackets.
    pub fn host(&self) -> &str {
        let (host, _) = split_port(self.authority());
        host.trim_start_matches('[').trim_end_matches(']')
    }

    pub fn port(&self) -> u16 {
        let usual = if self.is_https() { 443 } else { 80 };
        let (_, port) = split_port(self.authority());
        port.and_then(|port| port.parse().ok()).unwrap_or(usual)
    }

    /// The path, with the query if there is one.
    pub fn path(&self) -> String {
        let rest = self.base.0.split_once("://").map_or("", |(_, rest)| rest);
        let path = rest.split_once('/').map_or("", |(_, path)| path);
        match &self.query {
            Some(query) => format!("/{path}?{query}"),
            None => format!("/{path}"),
        }
    }
}

impl TryFrom<String> for PageUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (base, query) = match text.split_once('?') {
            Some((base, query)) => (base, Some(query)),
            None => (text.as_str(), None),
        };
        let odd =
            |c: char| c.is_whitespace() || c.is_control() || "#\\".contains(c) || !c.is_ascii();
        if query.is_some_and(|query| query.contains(odd)) {
            return Err(EXPECTED_PAGE);
        }
        let base = BaseUrl::try_from(base.to_owned()).map_err(|_| EXPECTED_PAGE)?;
        Ok(Self {
            base,
            query: query.map(str::to_owned),
        })
    }
}

impl From<PageUrl> for String {
    fn from(url: PageUrl) -> Self {
        url.to_string()
    }
}

impl fmt::Display for PageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.query {
            Some(query) => write!(f, "{}?{query}", self.base),
            None => write!(f, "{}", self.base),
        }
    }
}
