//! Facts from looking into a running container or at the machine: what an address answers, how
//! full a file system is. Reading only; who looks is `survey`.

use super::{Evidence, Fact, Source};
use crate::action::inventory::Platforms;
use crate::say;
use crate::stack::Key;
use crate::text::{Clean, Name};

use super::stats::bytes;

/// The status that the health check's own address answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerFact {
    pub url: Clean,
    pub status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceFact {
    pub path: Clean,
    pub free_bytes: u64,
    pub inodes: u64,
    pub free_inodes: u64,
}

impl SpaceFact {
    /// A file system without a fixed number of inodes says that it has none.
    pub fn has_room(&self) -> bool {
        self.free_bytes > 0 && (self.inodes == 0 || self.free_inodes > 0)
    }
}

/// What was tried from inside because a log complains of it; `None` where nothing could try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriedFact {
    pub host: Clean,
    pub port: Option<u16>,
    pub resolves: Option<bool>,
    pub answers: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlatformFact {
    pub fits: bool,
}

/// What is left on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MachineFact {
    pub memory: u64,
    pub memory_available: u64,
    pub disk_available: u64,
}

fn evidence(key: &Key, container: &str, source: Source, text: Clean, fact: Fact) -> Evidence {
    Evidence {
        source,
        service: key.clone(),
        container: Name::new(container),
        at: None,
        text,
        fact,
    }
}

pub fn answer(key: &Key, container: &str, url: Clean, status: u16) -> Evidence {
    let text = say!("asked by hand, {} answers with status {}", url, status);
    evidence(
        key,
        container,
        Source::Network,
        text,
        Fact::Answer(AnswerFact { url, status }),
    )
}

/// `free blocks, block size, inodes, free inodes, path`, as `stat -f -c '%a %S %c %d %n'` writes.
pub fn space(key: &Key, container: &str, lines: &Clean) -> Vec<Evidence> {
    let read = |line: Clean| {
        let mut fields = line.as_str().split_whitespace();
        let mut number = || fields.next()?.parse::<u64>().ok();
        let (blocks, size) = (number()?, number()?);
        let (inodes, free_inodes) = (number()?, number()?);
        let path = fields.next()?.to_owned();
        let path = line.map(|whole| {
            whole
                .find(&path)
                .and_then(|at| whole.get(at..))
                .unwrap_or_default()
        });
        let free_bytes = blocks.saturating_mul(size);
        let text = say!(
            "{} has {} free, {} of {} inodes free",
            path,
            bytes(free_bytes),
            free_inodes,
            inodes
        );
        let fact = SpaceFact {
            path,
            free_bytes,
            inodes,
            free_inodes,
        };
        Some(evidence(
            key,
            container,
            Source::Host,
            text,
            Fact::Space(fact),
        ))
    };
    lines.lines().filter_map(read).collect()
}

/// None where nothing could be tried.
pub fn tried(key: &Key, container: &str, fact: TriedFact) -> Option<Evidence> {
    let host = &fact.host;
    let name = fact.resolves.map(|yes| {
        let does = if yes { "resolves" } else { "does not resolve" };
        say!("`{}` {}", host, does)
    });
    let port = fact.port.zip(fact.answers).map(|(port, yes)| {
        let does = if yes { "answers" } else { "does not answer" };
        say!("port {} of `{}` {}", port, host, does)
    });
    let parts: Vec<Clean> = name.into_iter().chain(port).collect();
    if parts.is_empty() {
        return None;
    }
    let text = say!("tried from inside: {}", Clean::join(&parts, ", "));
    let fact = Fact::Tried(fact);
    Some(evidence(key, container, Source::Network, text, fact))
}

/// None where either side does not say.
pub fn platform(key: &Key, container: &str, seen: &Platforms) -> Option<Evidence> {
    let (image, engine) = (seen.image.as_ref()?, seen.engine.as_ref()?);
    let text = say!(
        "its image is built for {}, the engine runs on {}",
        Name::new(image),
        Name::new(engine)
    );
    let fact = Fact::Platform(PlatformFact {
        fits: image == engine,
    });
    Some(evidence(key, container, Source::Inspect, text, fact))
}

pub fn machine(key: &Key, container: &str, fact: MachineFact) -> Evidence {
    let text = say!(
        "the host has {} of {} memory and {} disk left",
        bytes(fact.memory_available),
        bytes(fact.memory),
        bytes(fact.disk_available)
    );
    evidence(key, container, Source::Host, text, Fact::Machine(fact))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Redactor;

    #[test]
    fn reads_what_stat_writes() {
        let lines = Redactor::shapes_only().clean("16384 4096 64 0 /sessions\nstat: nonsense\n");
        let key = Key::new(None, "a");
        let told: Vec<String> = space(&key, "a-1", &lines)
            .iter()
            .map(|item| item.text.to_string())
            .collect();
        assert_eq!(told, ["/sessions has 64 MiB free, 0 of 64 inodes free"]);
    }
}
