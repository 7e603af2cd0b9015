//! Secrets known by value: what the configuration and the containers' environments hold, in every
//! form in which programs write them down. Values that are also ordinary words are left to
//! `place` and `url`, which mask them only where a secret stands.

use std::collections::BTreeSet;
use std::fmt;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::spans::Spans;
use super::{MASK, names, url, value};
use crate::text::Raw;

/// Shorter values appear by chance.
const SHORTEST: usize = 6;

/// Lines of a longer secret, and what base64 makes of one, must be at least this long.
const SHORTEST_PART: usize = 12;

/// A number of fewer digits is a port, a size or a process id somewhere in every log.
const SHORTEST_NUMBER: usize = 8;

/// Passwords that are also words of every log.
const WORDS: &[&str] = &[
    "access",
    "admin",
    "administrator",
    "api",
    "app",
    "changeit",
    "changeme",
    "client",
    "container",
    "database",
    "debug",
    "default",
    "demo",
    "dev",
    "development",
    "disabled",
    "docker",
    "enabled",
    "example",
    "false",
    "grafana",
    "guest",
    "health",
    "internal",
    "localhost",
    "master",
    "mariadb",
    "memory",
    "minioadmin",
    "mongodb",
    "mysql",
    "nobody",
    "nothing",
    "password",
    "postgres",
    "postgresql",
    "private",
    "prod",
    "production",
    "public",
    "qwerty",
    "rabbitmq",
    "redis",
    "replica",
    "replication",
    "required",
    "root",
    "secret",
    "server",
    "service",
    "staging",
    "string",
    "superuser",
    "system",
    "test",
    "testing",
    "token",
    "true",
    "unknown",
    "user",
    "username",
    "worker",
];

/// Collects secrets; `build` makes the redactor.
#[derive(Default)]
pub struct RedactorBuilder {
    secrets: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl RedactorBuilder {
    /// A secret of the configuration.
    #[must_use]
    pub fn secret(mut self, value: &str) -> Self {
        self.secrets.insert(value.trim().to_owned());
        self
    }

    /// Takes the values of variables whose names announce a secret, and passwords inside addresses.
    #[must_use]
    pub fn environment<'a>(mut self, vars: impl Iterator<Item = (&'a str, &'a Raw)>) -> Self {
        for (key, raw) in vars {
            let text = raw.expose().trim();
            if names::is_secret(key) && value::is_worth_hiding(key, text) {
                self.secrets.insert(text.to_owned());
                self.secrets.extend(login(key, text).map(str::to_owned));
            }
            let inside = url::secrets(text).into_iter();
            self.secrets
                .extend(inside.filter_map(|span| text.get(span).map(str::to_owned)));
        }
        self
    }

    /// Names of services, hosts and users: they stay readable although they are somebody's password.
    #[must_use]
    pub fn known_names<'a>(mut self, names: impl Iterator<Item = &'a str>) -> Self {
        self.names.extend(names.map(str::to_lowercase));
        self
    }

    fn is_weak(&self, secret: &str) -> bool {
        let lower = secret.to_lowercase();
        let length = secret.chars().count();
        length < SHORTEST
            || (length < SHORTEST_NUMBER && secret.chars().all(|c| c.is_ascii_digit()))
            || WORDS.contains(&lower.as_str())
            || self.names.contains(&lower)
            || MASK.contains(secret)
    }
}

/// The password of `NEO4J_AUTH=neo4j/password`: programs show it without its user.
fn login<'t>(key: &str, text: &'t str) -> Option<&'t str> {
    let names_login = key.to_ascii_lowercase().ends_with("auth");
    let (_, password) = text.split_once(['/', ':']).filter(|_| names_login)?;
    Some(password)
}

/// Never shows what it collected.
impl fmt::Debug for RedactorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedactorBuilder({} secrets)", self.secrets.len())
    }
}

/// All forms of all known secrets, found in one pass.
#[derive(Clone, Default)]
pub(super) struct KnownValues(Option<AhoCorasick>);

impl fmt::Debug for KnownValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let forms = self.0.as_ref().map_or(0, AhoCorasick::patterns_len);
        write!(f, "KnownValues({forms} forms)")
    }
}

impl KnownValues {
    pub(super) fn new(collected: &RedactorBuilder) -> Self {
        let forms: BTreeSet<String> = collected
            .secrets
            .iter()
            .filter(|secret| !collected.is_weak(secret))
            .flat_map(|secret| forms(secret))
            .collect();
        if forms.is_empty() {
            return Self(None);
        }
        Self(Some(
            AhoCorasick::new(forms).expect("an automaton of secrets"),
        ))
    }

    /// Overlapping, so that of two secrets that share characters neither leaves a rest.
    pub(super) fn find(&self, text: &str, spans: &mut Spans) {
        if let Some(automaton) = &self.0 {
            for found in automaton.find_overlapping_iter(text) {
                spans.add(found.range());
            }
        }
    }
}

fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![
        secret.to_owned(),
        percent_encoded(secret, u8::to_ascii_uppercase),
        percent_encoded(secret, u8::to_ascii_lowercase),
        json_escaped(secret),
    ];
    forms.extend(base64_cores(secret));
    let lines = secret.lines().map(str::trim);
    forms.extend(
        lines
            .filter(|line| line.len() >= SHORTEST_PART && !line.starts_with("-----"))
            .map(str::to_owned),
    );
    forms
}

fn percent_encoded(secret: &str, case: fn(&u8) -> u8) -> String {
    let digit = |nibble: u8| {
        char::from(case(
            &b"0123456789ABCDEF"
                .get(usize::from(nibble))
                .copied()
                .unwrap_or(b'0'),
        ))
    };
    let mut encoded = String::new();
    for byte in secret.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    encoded
}

fn json_escaped(secret: &str) -> String {
    let quoted = serde_json::Value::from(secret).to_string();
    let inside = quoted
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    inside.unwrap_or_default().to_owned()
}

/// What base64 makes of the secret wherever it stands inside a longer text: three alignments,
/// without the first and last characters, which depend on the neighbours.
fn base64_cores(secret: &str) -> Vec<String> {
    let mut cores = Vec::new();
    for shift in 0..3 {
        let mut bytes = vec![0; shift];
        bytes.extend(secret.bytes());
        let whole = bytes.len() / 3 * 4;
        let first = (shift * 4).div_ceil(3);
        for encoded in [
            STANDARD_NO_PAD.encode(&bytes),
            URL_SAFE_NO_PAD.encode(&bytes),
        ] {
            cores.extend(encoded.get(first..whole).map(str::to_owned));
        }
    }
    cores.retain(|core| core.len() >= SHORTEST_PART);
    cores.push(STANDARD_NO_PAD.encode(secret));
    cores.push(URL_SAFE_NO_PAD.encode(secret));
    cores.retain(|core| core.len() >= 8);
    cores
}
