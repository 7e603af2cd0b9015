//! The compose files as compose merged them, read from what `config` printed: what each service is
//! meant to be. Values may be secret, so nothing here can be printed as it is. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::action::container::{Port, Published};
use crate::say;
use crate::text::{Clean, Raw, Redactor};
use crate::yaml::{Document, Node};

/// The whole file.
#[derive(Debug, Clone, Default)]
pub struct Resolved {
    pub services: BTreeMap<String, Wanted>,
    /// The addresses that its own networks ask for.
    pub subnets: BTreeSet<String>,
    text: Raw,
}

/// One service as the files want it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    pub image: Option<String>,
    pub builds: bool,
    /// Such as `linux/arm64`, where it is not whatever the engine runs on.
    pub platform: Option<String>,
    /// Without those that get their value from the environment compose runs in.
    pub environment: BTreeMap<String, Raw>,
    /// Those.
    pub from_outside: BTreeSet<String>,
    /// An env file is named that was not read in: there may be any other variable.
    pub is_open: bool,
    /// What is published.
    pub ports: BTreeSet<Port>,
    pub memory: Option<u64>,
    pub cpus: Option<f64>,
    pub profiles: Vec<String>,
    pub replicas: Option<u64>,
}

impl Resolved {
    pub fn read(text: Raw) -> Result<Self, Clean> {
        let services = services(text.expose())
            .ok_or_else(|| say!("what `config` printed is not a compose file"))?;
        let subnets = subnets(text.expose());
        Ok(Self {
            services,
            subnets,
            text,
        })
    }

    /// For people: every value that its name or its shape tells to be secret is masked.
    pub fn shown(&self, secrets: &[String]) -> Clean {
        hiding(self, secrets).raw(&self.text)
    }
}

impl Resolved {
    /// The lines of one service, secrets hidden like in the whole.
    pub fn shown_service(&self, name: &str, secrets: &[String]) -> Vec<Clean> {
        let whole = self.shown(secrets);
        let depth = |line: &Clean| line.as_str().len() - line.as_str().trim_start().len();
        let is_key = |line: &Clean, key: &str| {
            let text = line.as_str().trim().trim_end_matches(':');
            text.trim_matches(['"', '\'']) == key
        };
        let mut lines = whole
            .lines()
            .skip_while(|line| !(depth(line) == 0 && is_key(line, "services")))
            .skip(1)
            .skip_while(|line| depth(line) > 0 && !is_key(line, name));
        let Some(first) = lines.next().filter(|line| depth(line) > 0) else {
            return Vec::new();
        };
        let own = depth(&first);
        let rest = lines.take_while(|line| depth(line) > own);
        std::iter::once(first.clone()).chain(rest).collect()
    }
}

/// A redactor that knows the secrets of the file.
pub fn hiding(resolved: &Resolved, secrets: &[String]) -> Redactor {
    let pairs = resolved
        .services
        .values()
        .flat_map(|service| &service.environment);
    let builder =
        Redactor::builder().environment(pairs.map(|(name, value)| (name.as_str(), value)));
    let builder = secrets
        .iter()
        .fold(builder, |builder, secret| builder.secret(secret));
    builder.build()
}

/// The services of a compose file, merged or not; `None` where it is none.
pub fn services(text: &str) -> Option<BTreeMap<String, Wanted>> {
    let document = Document::parse("compose file", text).ok()?;
    let services = document.root().find(&["services"])?;
    let one = |entry: &crate::yaml::Entry| (entry.key.clone(), wanted(&entry.node));
    Some(services.entries().iter().map(one).collect())
}

fn subnets(text: &str) -> BTreeSet<String> {
    let Ok(document) = Document::parse("compose file", text) else {
        return BTreeSet::new();
    };
    let networks = document.root().find(&["networks"]);
    let ranges = networks.map_or(&[][..], Node::entries).iter();
    ranges
        .filter_map(|network| network.node.find(&["ipam", "config"]))
        .flat_map(Node::items)
        .filter_map(|range| range.find(&["subnet"])?.text())
        .map(str::to_owned)
        .collect()
}

fn wanted(service: &Node) -> Wanted {
    let limits = service.find(&["deploy", "resources", "limits"]);
    let limit = |own: &str, key: &str| {
        let own = service.find(&[own]).and_then(Node::text);
        own.or_else(|| limits?.find(&[key])?.text())
    };
    let replicas = service
        .find(&["scale"])
        .or_else(|| service.find(&["deploy", "replicas"]));
    Wanted {
        image: texts(service.find(&["image"])).pop(),
        builds: service.entry("build").is_some(),
        platform: texts(service.find(&["platform"])).pop(),
        environment: service
            .find(&["environment"])
            .map(environment)
            .unwrap_or_default(),
        is_open: service.entry("env_file").is_some(),
        from_outside: service
            .find(&["environment"])
            .map(from_outside)
            .unwrap_or_default(),
        ports: service
            .find(&["ports"])
            .map_or(&[][..], Node::items)
            .iter()
            .flat_map(ports)
            .collect(),
        memory: limit("mem_limit", "memory").and_then(size),
        cpus: limit("cpus", "cpus").and_then(|text| text.parse().ok()),
        profiles: texts(service.find(&["profiles"])),
        replicas: replicas
            .and_then(Node::text)
            .and_then(|text| text.parse().ok()),
    }
}

fn texts(node: Option<&Node>) -> Vec<String> {
    let Some(node) = node else { return Vec::new() };
    let one = node.text().into_iter();
    one.chain(node.items().iter().filter_map(Node::text))
        .map(str::to_owned)
        .collect()
}

/// A map, or a list of `NAME=value`. Compose writes a dollar as two.
fn environment(node: &Node) -> BTreeMap<String, Raw> {
    let value = |text: &str| Raw::new(text.replace("$$", "$"));
    let pairs = node.entries().iter().filter_map(|entry| {
        let text = entry.node.text()?;
        Some((entry.key.clone(), value(text)))
    });
    let listed = node.items().iter().filter_map(|item| {
        let (name, text) = item.text()?.split_once('=')?;
        Some((name.to_owned(), value(text)))
    });
    pairs.chain(listed).collect()
}

/// Names without a value, in either form.
fn from_outside(node: &Node) -> BTreeSet<String> {
    let entries = node.entries().iter();
    let named = entries.filter(|entry| entry.node.text().is_none());
    let named = named.map(|entry| entry.key.clone());
    let items = node.items().iter().filter_map(Node::text);
    let listed = items.filter(|text| !text.contains('=')).map(str::to_owned);
    named.chain(listed).collect()
}

/// Short (`127.0.0.1:8080:80/udp`, `3000-3002:3000-3002`) or long; what is only exposed is left out.
fn ports(node: &Node) -> Vec<Port> {
    if let Some(text) = node.text() {
        return short_ports(text).unwrap_or_default();
    }
    let field = |key: &str| node.find(&[key]).and_then(Node::text);
    let (Some(inside), Some(outside)) = (field("target"), field("published")) else {
        return Vec::new();
    };
    let (Ok(inside), Ok(port)) = (inside.parse(), outside.parse()) else {
        return Vec::new();
    };
    vec![Port {
        inside,
        protocol: field("protocol").unwrap_or("tcp").to_owned(),
        published: Some(Published {
            address: field("host_ip").unwrap_or_default().to_owned(),
            port,
        }),
    }]
}

fn short_ports(text: &str) -> Option<Vec<Port>> {
    let (rest, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let (outside, inside) = rest.rsplit_once(':')?;
    let (address, outside) = outside.rsplit_once(':').unwrap_or(("", outside));
    let (inside, outside) = (range(inside)?, range(outside)?);
    let pairs = inside.zip(outside);
    let port = |(inside, port)| Port {
        inside,
        protocol: protocol.to_owned(),
        published: Some(Published {
            address: address.trim_matches(['[', ']']).to_owned(),
            port,
        }),
    };
    Some(pairs.map(port).collect())
}

fn range(text: &str) -> Option<std::ops::RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some(first.parse().ok()?..=last.parse().ok()?)
}

/// `512m`, `1.5G`, `536870912`, `64MiB` in bytes.
pub(super) fn size(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = |c: char| c.is_ascii_digit() || c == '.';
    let number = text.trim_end_matches(|c: char| !digits(c));
    let shift = match text.get(number.len()..)?.trim() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return None,
    };
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(1 << shift);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a limit of a fraction of a unit"
    )]
    number
        .parse::<f64>()
        .ok()
        .filter(|number| *number >= 0.0)
        .map(|number| (number * (1_u64 << shift) as f64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_form_of_a_port_and_a_limit_is_read() {
        let text = r#"
services:
  a:
    image: x:1
    ports: ["127.0.0.1:8080:80/tcp", "3000-3001:4000-4001", "9090"]
    mem_limit: 512m
    environment: { A: "1", FROM_OUTSIDE: null, PRICE: "5$$" }
  b:
    build: .
    ports:
      - { mode: ingress, target: 80, published: "8081", protocol: udp }
    deploy: { replicas: 2, resources: { limits: { memory: "67108864", cpus: "0.5" } } }
    environment: [B=2, ONLY_A_NAME]
"#;
        let services = services(text).unwrap();
        let ports = |service: &str| -> Vec<String> {
            services[service]
                .ports
                .iter()
                .map(|port| {
                    let at = port.published.clone().unwrap();
                    format!(
                        "{}:{}:{}/{}",
                        at.address, at.port, port.inside, port.protocol
                    )
                })
                .collect()
        };
        assert_eq!(
            ports("a"),
            ["127.0.0.1:8080:80/tcp", ":3000:4000/tcp", ":3001:4001/tcp"]
        );
        assert_eq!(ports("b"), [":8081:80/udp"]);
        let (a, b) = (&services["a"], &services["b"]);
        assert_eq!((a.memory, a.builds), (Some(512 << 20), false));
        assert_eq!(
            (b.memory, b.cpus, b.replicas, b.builds),
            (Some(64 << 20), Some(0.5), Some(2), true)
        );
        let names: Vec<&str> = a.environment.keys().map(String::as_str).collect();
        assert_eq!(names, ["A", "PRICE"]);
        assert_eq!(a.environment["PRICE"].expose(), "5$");
        assert_eq!(b.environment.len(), 1);
    }

    #[test]
    fn what_is_no_compose_file_is_told() {
        assert!(Resolved::read(Raw::new("no: file\n")).is_err());
        assert!(Resolved::read(Raw::new("[")).is_err());
        assert_eq!(size("lots"), None);
        assert_eq!(size("1.5g"), Some(3 << 29));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "(services|ports|a): [-:{}\\[\\]0-9m, ]{0,40}") {
            let _unused = services(&text);
        }
    }
}
