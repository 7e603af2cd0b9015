//! What listens on a host, as its kernel tells: address, port, and the program where it may be seen.
//! Which of it belongs to a container is for whoever asks.

use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;
use std::time::Duration;

use super::program::{Place, Program, ProgramError};

const LIMIT: Duration = Duration::from_secs(10);

/// Fixed: nothing a person typed gets in. `netstat` is what small systems have.
const ASK: &str = "cat /proc/sys/kernel/hostname
if command -v ss >/dev/null; then ss -H -ltunp; else netstat -ltunp; fi";

/// A socket that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listener {
    pub port: u16,
    pub protocol: Protocol,
    /// Unspecified: every interface.
    pub address: IpAddr,
    /// Name and process id, where we may see them.
    pub program: Option<(String, u32)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    Tcp,
    Udp,
}

impl Protocol {
    pub fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// Everything that listens there, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listening {
    /// As the machine calls itself: whoever asks from inside a container sees another name.
    pub hostname: String,
    pub listeners: Vec<Listener>,
}

impl Listening {
    pub async fn read(place: &Place) -> Result<Self, ProgramError> {
        let program = Program {
            argv: ["sh", "-c", ASK].map(str::to_owned).to_vec(),
            directory: PathBuf::from("/"),
            variables: vec![("LC_ALL".to_owned(), "C".to_owned())],
            limit: LIMIT,
        };
        let ran = place.run(&program, &|_| {}).await?;
        if ran.succeeded() {
            Ok(Self::parse(ran.stdout.expose()))
        } else {
            Err(ProgramError::NotFound("ss".to_owned()))
        }
    }

    fn parse(text: &str) -> Self {
        let (hostname, table) = text.split_once('\n').unwrap_or((text, ""));
        let mut listeners: Vec<Listener> = table.lines().filter_map(listener).collect();
        listeners.sort();
        listeners.dedup();
        Self {
            hostname: hostname.trim().to_owned(),
            listeners,
        }
    }
}

/// `tcp LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=8,fd=3))` as `ss` writes it, or
/// `tcp 0 0 0.0.0.0:22 0.0.0.0:* LISTEN 8/sshd` as `netstat` does.
fn listener(line: &str) -> Option<Listener> {
    let columns: Vec<&str> = line.split_whitespace().collect();
    let protocol = match *columns.first()? {
        name if name.starts_with("tcp") => Protocol::Tcp,
        name if name.starts_with("udp") => Protocol::Udp,
        _ => return None,
    };
    let is_ss = columns.get(1)?.parse::<u64>().is_err();
    let local = columns.get(if is_ss { 4 } else { 3 })?;
    let (address, port) = local.rsplit_once(':')?;
    let last = columns.last()?;
    Some(Listener {
        port: port.parse().ok()?,
        protocol,
        address: address_of(address)?,
        program: if is_ss { user(last) } else { owner(last) },
    })
}

fn address_of(text: &str) -> Option<IpAddr> {
    let text = text.split('%').next().unwrap_or_default();
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if bare == "*" {
        return Some(Ipv6Addr::UNSPECIFIED.into());
    }
    bare.parse().ok()
}

/// `users:(("nginx",pid=12,fd=6),("nginx",pid=13,fd=6))`: the first.
fn user(text: &str) -> Option<(String, u32)> {
    let rest = text.strip_prefix("users:((\"")?;
    let (name, rest) = rest.split_once("\",pid=")?;
    let pid: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((name.to_owned(), pid.parse().ok()?))
}

/// `12/nginx`
fn owner(text: &str) -> Option<(String, u32)> {
    let (pid, name) = text.split_once('/')?;
    Some((name.to_owned(), pid.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SS: &str = r#"dock-1
udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=90,fd=13))
tcp LISTEN 0 4096 127.0.0.1:8080 0.0.0.0:* users:(("docker-proxy",pid=7,fd=4))
tcp LISTEN 0 511 *:80 *:* users:(("nginx",pid=12,fd=6),("nginx",pid=13,fd=6))
tcp LISTEN 0 128 [::]:22 [::]:*
"#;

    const NETSTAT: &str = "dock-1
Active Internet connections (only servers)
Proto Recv-Q Send-Q Local Address Foreign Address State PID/Program name
tcp 0 0 127.0.0.1:8080 0.0.0.0:* LISTEN 7/docker-proxy
tcp 0 0 :::22 :::* LISTEN -
";

    fn told(text: &str) -> Vec<String> {
        let found = Listening::parse(text);
        assert_eq!(found.hostname, "dock-1");
        let one = |one: &Listener| {
            let program = one.program.as_ref().map_or("?", |(name, _)| name.as_str());
            format!(
                "{} {} {} {program}",
                one.port,
                one.protocol.word(),
                one.address
            )
        };
        found.listeners.iter().map(one).collect()
    }

    #[test]
    fn both_tables_say_the_same() {
        let ss = [
            "22 tcp :: ?",
            "53 udp 127.0.0.53 systemd-resolve",
            "80 tcp :: nginx",
            "8080 tcp 127.0.0.1 docker-proxy",
        ];
        assert_eq!(told(SS), ss);
        assert_eq!(
            told(NETSTAT),
            ["22 tcp :: ?", "8080 tcp 127.0.0.1 docker-proxy"]
        );
    }
}
