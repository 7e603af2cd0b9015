//! Where a container listens and who is connected, read from the kernel's own tables
//! (`/proc/net/tcp`), which need no tool inside the container.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Evidence, Fact, Source};
use crate::say;
use crate::stack::Key;
use crate::text::{Clean, Name};

/// Listening sockets and established peers; of TCP.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SocketFact {
    pub listening: BTreeSet<(IpAddr, u16)>,
    /// Our port, their address; one entry for each connection, sorted.
    pub connected: Vec<(u16, IpAddr)>,
    /// Where it has asked for a connection and nobody has answered yet.
    pub asking: BTreeSet<(IpAddr, u16)>,
}

/// The engine answers names for containers from a port of its own in their network.
const ENGINE_DNS: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 11));

const ESTABLISHED: &str = "01";
const SYN_SENT: &str = "02";
const LISTEN: &str = "0A";

impl SocketFact {
    /// Both tables, one after the other.
    pub fn parse(tables: &str) -> Self {
        let mut fact = Self::default();
        for line in tables.lines() {
            let mut fields = line.split_whitespace();
            let (Some(local), Some(remote), Some(state)) =
                (fields.nth(1), fields.next(), fields.next())
            else {
                continue;
            };
            match (state, address(local), address(remote)) {
                (LISTEN, Some(local), _) if local.0 != ENGINE_DNS => {
                    fact.listening.insert(local);
                }
                (SYN_SENT, _, Some(remote)) => {
                    fact.asking.insert(remote);
                }
                (ESTABLISHED, Some((_, port)), Some((peer, _))) => {
                    fact.connected.push((port, peer));
                }
                _ => {}
            }
        }
        fact.connected.sort_unstable();
        fact
    }

    pub fn ports(&self) -> BTreeSet<u16> {
        self.listening.iter().map(|(_, port)| *port).collect()
    }

    /// Whether others can reach this port: it is open on more than the loopback address.
    pub fn is_open(&self, port: u16) -> bool {
        self.listening
            .iter()
            .any(|(address, open)| *open == port && !address.is_loopback())
    }

    pub fn is_loopback_only(&self, port: u16) -> bool {
        self.ports().contains(&port) && !self.is_open(port)
    }
}

/// `0100007F:0CEA`: the address as the kernel holds it, words turned around, and the port.
fn address(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| {
        let word = address.get(at * 8..at * 8 + 8)?;
        u32::from_str_radix(word, 16).ok().map(u32::swap_bytes)
    };
    let address = if address.len() == 8 {
        IpAddr::V4(Ipv4Addr::from_bits(word(0)?))
    } else {
        let bits = (0..4).try_fold(0u128, |bits, at| Some(bits << 32 | u128::from(word(at)?)))?;
        let address = Ipv6Addr::from_bits(bits);
        address
            .to_ipv4_mapped()
            .map_or(IpAddr::V6(address), IpAddr::V4)
    };
    Some((address, port))
}

pub fn read(key: &Key, container: &str, tables: &str) -> Evidence {
    let fact = SocketFact::parse(tables);
    Evidence {
        source: Source::Network,
        service: key.clone(),
        container: Name::new(container),
        at: None,
        text: text(&fact),
        fact: Fact::Sockets(fact),
    }
}

fn text(fact: &SocketFact) -> Clean {
    let listens = if fact.listening.is_empty() {
        say!("listens on no port")
    } else {
        say!("listens on {}", places(&fact.listening))
    };
    if fact.asking.is_empty() {
        listens
    } else {
        say!(
            "{}, has no answer yet from {}",
            listens,
            places(&fact.asking)
        )
    }
}

fn places(places: &BTreeSet<(IpAddr, u16)>) -> Clean {
    let place = |(address, port): &(IpAddr, u16)| {
        let shown = Name::new(&address.to_string());
        if address.is_ipv6() {
            say!("[{}]:{}", shown, port)
        } else {
            say!("{}:{}", shown, port)
        }
    };
    let places: Vec<Clean> = places.iter().map(place).collect();
    Clean::join(&places, ", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:18EB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 0B00007F:A1B2 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1
   2: 020012AC:1538 030012AC:D431 01 00000000:00000000 00:00000000 00000000     0        0 3 1
   3: 020012AC:9258 040012AC:0BB8 02 00000001:00000000 01:0000002A 00000000     0        0 4 2
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 0000000000000000FFFF0000020012AC:0BB8 0000000000000000FFFF0000030012AC:D431 01 0:0
";

    #[test]
    fn reads_the_kernels_tables() {
        let fact = SocketFact::parse(TABLES);
        assert_eq!(
            text(&fact).as_str(),
            "listens on 127.0.0.1:6379, [::]:3000, has no answer yet from 172.18.0.4:3000"
        );
        assert!(fact.is_loopback_only(6379) && fact.is_open(3000));
        let peer: IpAddr = "172.18.0.3".parse().unwrap();
        assert_eq!(fact.connected, [(3000, peer), (5432, peer)]);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".{0,200}") {
            let _unused = SocketFact::parse(&text);
        }
    }
}
