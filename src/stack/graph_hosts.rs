//! Addresses as people write them: in URLs, in `host:port`, in flags, in the arguments of code.
//! What a host name stands for is for the graph to say.

use std::sync::LazyLock;

use regex::Regex;

/// A place that something talks to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    pub host: String,
    pub port: Option<u16>,
}

impl Address {
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "::1" || host.starts_with("127.")
}

/// The port that a scheme means without saying it.
fn usual_port(scheme: &str) -> Option<u16> {
    Some(match scheme {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        "postgres" | "postgresql" => 5432,
        "redis" | "rediss" => 6379,
        "mysql" | "mariadb" => 3306,
        "mongodb" => 27017,
        "amqp" => 5672,
        "amqps" => 5671,
        "nats" => 4222,
        "clickhouse" => 9000,
        _ => return None,
    })
}

macro_rules! patterns {
    ($($name:ident $pattern:literal)*) => {
        $(static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($pattern).ok());)*
    };
}

patterns! {
    // scheme, host, port
    URL r#"([a-zA-Z][a-zA-Z0-9]*)(?:\+\w+)?://(?:[^/\s'"]*@)?([\w.-]+)(?::(\d{1,5}))?"#
    // host, port
    PAIR r#"(?:^|[\s'"=,@(\[])([A-Za-z][\w.-]*|\d{1,3}(?:\.\d{1,3}){3}):(\d{2,5})(?:$|[^\w.:])"#
    QUOTED_THEN_PORT r#"['"]([A-Za-z0-9][\w.-]*)['"]\s*,\s*(\d{2,5})\b"#
    PORT_THEN_QUOTED r#"\b(\d{2,5})\s*,\s*['"]([A-Za-z0-9][\w.-]*)['"]"#
    TOOL r"\b(?:nc|ncat|telnet|wait-for(?:-it)?(?:\.sh)?)\s+(?:-\w+\s+)*([A-Za-z0-9][\w.-]*)[\s:]+(\d{2,5})\b"
    FLAG r#"(?:^|[\s{,(?&"'])(?:-[qt]?h|-H|--host(?:name)?|host(?:name)?|HOST|PGHOST|server)["']?\s*[=:\s]\s*["']?([A-Za-z0-9][\w.-]*)"#
    FLAG_PORT r#"(?:-p|--port|port|PORT)["']?\s*[=:\s]\s*["']?(\d{2,5})\b"#
    LOOKUP r"\b(?:getent (?:a?hosts(?:v4)?)|ping(?: -\w+(?: \d+)?)*|nslookup|dig)\s+([a-z][\w.-]*)"
    QUOTED r#"['"]([a-z][a-z0-9_-]*)['"]"#
}

/// Every address in a text. `bare`: the whole text may be a host name alone.
pub fn addresses_in(text: &str, bare: bool) -> Vec<Address> {
    let mut found = urls(text);
    found.extend(pairs(text));
    found.extend(flags(text));
    found.extend(hosts(&LOOKUP, text));
    if bare && found.is_empty() && is_host(text) {
        found.push(Address {
            host: text.to_owned(),
            port: None,
        });
    }
    found.sort();
    found.dedup();
    // `db` is said better by `db:5432`
    let with_port = found.clone();
    found.retain(|one| {
        one.port.is_some()
            || !with_port
                .iter()
                .any(|other| other.host == one.host && other.port.is_some())
    });
    found
}

/// Single words in quotes inside code: a service's name may be among them.
pub fn quoted_words(code: &str) -> impl Iterator<Item = &str> {
    let found = QUOTED.as_ref().map(|regex| regex.captures_iter(code));
    found
        .into_iter()
        .flatten()
        .filter_map(|groups| groups.get(1))
        .map(|word| word.as_str())
}

fn is_host(text: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(inside)
}

fn urls(text: &str) -> Vec<Address> {
    let Some(url) = URL.as_ref() else {
        return Vec::new();
    };
    let address = |groups: regex::Captures<'_>| {
        let scheme = groups.get(1)?.as_str().to_ascii_lowercase();
        let port = match groups.get(3) {
            Some(port) => port.as_str().parse().ok(),
            None => usual_port(&scheme),
        };
        let host = groups.get(2)?.as_str().trim_end_matches('.').to_owned();
        Some(Address { host, port })
    };
    url.captures_iter(text).filter_map(address).collect()
}

fn pairs(text: &str) -> Vec<Address> {
    let mut found = Vec::new();
    for (regex, host, port) in [
        (&PAIR, 1, 2),
        (&QUOTED_THEN_PORT, 1, 2),
        (&PORT_THEN_QUOTED, 2, 1),
        (&TOOL, 1, 2),
    ] {
        let Some(regex) = regex.as_ref() else {
            continue;
        };
        found.extend(regex.captures_iter(text).filter_map(|groups| {
            let host = groups.get(host)?.as_str().to_owned();
            let port = groups.get(port)?.as_str().parse().ok()?;
            // `10:30` is a time, `512` in quotes no host, and `port: 5432` has none
            let is_name = host.contains(|c: char| c.is_ascii_alphabetic() || c == '.');
            let is_key =
                ["port", "line", "pid", "code"].contains(&host.to_ascii_lowercase().as_str());
            (is_name && !is_key).then_some(Address {
                host,
                port: Some(port),
            })
        }));
    }
    found
}

/// `-h db -p 5432`, `host: 'db', port: 5432`, `host=db port=5432`.
fn flags(text: &str) -> Vec<Address> {
    let (Some(flag), Some(flag_port)) = (FLAG.as_ref(), FLAG_PORT.as_ref()) else {
        return Vec::new();
    };
    let address = |groups: regex::Captures<'_>| {
        let host = groups.get(1)?;
        let after = text.get(host.end()..).unwrap_or_default();
        let near: String = after.chars().take(60).collect();
        let port = flag_port
            .captures(&near)
            .and_then(|groups| groups.get(1)?.as_str().parse().ok());
        Some(Address {
            host: host.as_str().to_owned(),
            port,
        })
    };
    flag.captures_iter(text).filter_map(address).collect()
}

fn hosts(regex: &LazyLock<Option<Regex>>, text: &str) -> Vec<Address> {
    let found = regex.as_ref().map(|regex| regex.captures_iter(text));
    let address = |groups: regex::Captures<'_>| {
        let host = groups.get(1)?.as_str().to_owned();
        Some(Address { host, port: None })
    };
    found.into_iter().flatten().filter_map(address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        addresses_in(text, false)
            .iter()
            .map(|address| match address.port {
                Some(port) => format!("{}:{port}", address.host),
                None => address.host.clone(),
            })
            .collect()
    }

    #[test]
    fn addresses_of_every_form() {
        let cases = [
            ("postgres://app:p@ss@db/app", "db:5432"),
            ("http://api:3000/health", "api:3000"),
            ("const c=require('net').connect(5432,'db')", "db:5432"),
            (
                "socket.create_connection(('cache',6379),timeout=2)",
                "cache:6379",
            ),
            ("psql -h db -U app -d orders", "db"),
            ("until pg_isready -qh db; do sleep 1; done", "db"),
            ("new Client({host:'db',port:5432})", "db:5432"),
            ("host=db port=5433 dbname=app", "db:5433"),
            ("until nc -z queue 4222; do sleep 1; done", "queue:4222"),
            ("proxy_pass http://app; server api:3000;", "api:3000 app:80"),
            ("redis-cli -u redis://localhost:6379 ping", "localhost:6379"),
            ("getent hosts search || exit 1", "search"),
            ("nginx -g 'daemon off;'", ""),
            ("initdb -D /tmp/d -U app && exec postgres -D /tmp/d", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).join(" "), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".{0,80}") {
            let _unused = addresses_in(&text, true);
        }
    }
}
