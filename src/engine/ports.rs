//! Which ports a container has: what its image exposes, and where they are published. Pure.

use std::collections::BTreeSet;

use bollard::models::{ContainerConfig, PortBinding, PortMap};

use crate::action::container::{Port, Published};

/// Sorted. A stopped container has no live bindings; then the wished ones count, since that is
/// where it will try to listen.
pub(super) fn merged(
    config: &ContainerConfig,
    live: Option<&PortMap>,
    wished: Option<&PortMap>,
) -> Vec<Port> {
    let live_bindings = published(live);
    let bindings = if live_bindings.is_empty() {
        published(wished)
    } else {
        live_bindings
    };
    let exposed = config.exposed_ports.iter().flatten();
    let known = live
        .into_iter()
        .chain(wished)
        .flat_map(|ports| ports.keys());
    let silent = exposed
        .chain(known)
        .filter_map(|key| port(key))
        .filter(|port| !bindings.iter().any(|bound| same_inside(bound, port)));
    let ports: BTreeSet<Port> = silent.chain(bindings.iter().cloned()).collect();
    ports.into_iter().collect()
}

fn same_inside(a: &Port, b: &Port) -> bool {
    (a.inside, &a.protocol) == (b.inside, &b.protocol)
}

fn published(map: Option<&PortMap>) -> BTreeSet<Port> {
    map.into_iter()
        .flatten()
        .filter_map(|(key, bindings)| Some((port(key)?, bindings.as_ref()?)))
        .flat_map(|(port, bindings)| {
            bindings.iter().filter_map(move |binding| {
                Some(Port {
                    published: Some(place(binding)?),
                    ..port.clone()
                })
            })
        })
        .collect()
}

/// `None` where the engine may choose any port and has not chosen yet.
fn place(binding: &PortBinding) -> Option<Published> {
    let port = binding.host_port.as_deref()?.parse().ok()?;
    let address = binding.host_ip.as_deref().unwrap_or_default();
    let everywhere = address.is_empty();
    (port != 0).then(|| Published {
        address: if everywhere { "0.0.0.0" } else { address }.to_owned(),
        port,
    })
}

/// Reads `80/tcp`.
fn port(key: &str) -> Option<Port> {
    let (number, protocol) = key.split_once('/').unwrap_or((key, "tcp"));
    Some(Port {
        inside: number.parse().ok()?,
        protocol: protocol.to_owned(),
        published: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(text: &str) -> PortMap {
        serde_json::from_str(text).unwrap()
    }

    fn shown(ports: &[Port]) -> Vec<String> {
        let one = |port: &Port| match &port.published {
            Some(at) => format!(
                "{}:{}->{}/{}",
                at.address, at.port, port.inside, port.protocol
            ),
            None => format!("{}/{}", port.inside, port.protocol),
        };
        ports.iter().map(one).collect()
    }

    fn exposing(ports: &[&str]) -> ContainerConfig {
        ContainerConfig {
            exposed_ports: Some(ports.iter().map(ToString::to_string).collect()),
            ..ContainerConfig::default()
        }
    }

    #[test]
    fn exposed_and_published_ports_become_one_list() {
        let live = map(
            r#"{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"},{"HostIp":"::","HostPort":"8080"}],"443/tcp":null}"#,
        );
        let ports = merged(
            &exposing(&["443/tcp", "80/tcp", "53/udp"]),
            Some(&live),
            None,
        );
        assert_eq!(
            shown(&ports),
            [
                "53/udp",
                "0.0.0.0:8080->80/tcp",
                ":::8080->80/tcp",
                "443/tcp"
            ]
        );
    }

    #[test]
    fn a_stopped_container_shows_where_it_will_listen() {
        let wished =
            map(r#"{"80/tcp":[{"HostIp":"","HostPort":"8080"}],"81/tcp":[{"HostPort":""}]}"#);
        let ports = merged(&exposing(&[]), Some(&map("{}")), Some(&wished));
        assert_eq!(shown(&ports), ["0.0.0.0:8080->80/tcp", "81/tcp"]);
    }

    #[test]
    fn a_port_that_is_no_number_is_left_out() {
        assert_eq!(merged(&exposing(&["web/tcp", "70000/tcp"]), None, None), []);
    }
}
