//! The limits that a stack's services are meant to have on their host: the team's own profile for
//! its platform, else what the compose files say. Only sizes and counts come out of a profile.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::Path;

use super::resolved::{services, size};
use super::{Operator, Resolved};
use crate::say;
use crate::text::{Clean, Name};

/// What the platform of a host is called in a profile's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    Linux,
    Macos,
}

impl Platform {
    pub fn word(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::Macos => "macos",
        }
    }
}

/// `None`: the profile says nothing of it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limit {
    pub memory: Option<u64>,
    pub cpus: Option<f64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    pub platform: Platform,
    /// Where it stands; `None`: in the compose files, and what has no limit there is to have none.
    pub file: Option<Name>,
    pub limits: BTreeMap<String, Limit>,
    /// Names in the file that mean no service of the stack.
    pub unread: Vec<Name>,
}

/// What follows a service's name, in capitals, in a file of `NAME=value`.
const MEMORY: [&str; 4] = ["MEMORY", "MEM", "MEMORY_LIMIT", "MEM_LIMIT"];
const CPUS: [&str; 4] = ["CPUS", "CPU", "CPUS_LIMIT", "CPU_LIMIT"];

impl Operator<'_> {
    pub async fn profile(&self, resolved: &Resolved) -> Result<Profile, Clean> {
        let platform = match self.ask(&["uname", "-s"]).await?.trim() {
            "Darwin" => Platform::Macos,
            _ => Platform::Linux,
        };
        let resources = &self.site.resources;
        let file = match platform {
            Platform::Linux => resources.linux.as_deref(),
            Platform::Macos => resources.macos.as_deref(),
        };
        let Some(file) = file else {
            return Ok(Profile {
                platform,
                file: None,
                limits: of_files(resolved),
                unread: Vec::new(),
            });
        };
        let text = self.ask(&["cat", "--", file]).await?;
        let known = resolved.services.keys().map(String::as_str);
        let ending = Path::new(file).extension().and_then(OsStr::to_str);
        let (limits, unread) = if matches!(ending, Some("yml" | "yaml")) {
            fragment(&text, known)
        } else {
            lines(&text, known)
        };
        let name = Name::new(file);
        if limits.is_empty() {
            return Err(say!(
                "`{}` names no limit of a service here; a line looks like `API_MEMORY=512m` or `API_CPUS=1.5`, or it is a compose file with limits",
                name
            ));
        }
        Ok(Profile {
            platform,
            file: Some(name),
            limits,
            unread,
        })
    }
}

type Read = (BTreeMap<String, Limit>, Vec<Name>);

fn of_files(resolved: &Resolved) -> BTreeMap<String, Limit> {
    let one = |(name, wanted): (&String, &super::resolved::Wanted)| {
        let limit = Limit {
            memory: wanted.memory,
            cpus: wanted.cpus,
        };
        (name.clone(), limit)
    };
    resolved.services.iter().map(one).collect()
}

/// A compose file that holds limits and perhaps nothing else.
fn fragment<'k>(text: &str, known: impl Iterator<Item = &'k str>) -> Read {
    let known: BTreeSet<&str> = known.collect();
    let (mut limits, mut unread) = (BTreeMap::new(), Vec::new());
    for (service, wanted) in services(text).unwrap_or_default() {
        let limit = Limit {
            memory: wanted.memory,
            cpus: wanted.cpus,
        };
        if !known.contains(service.as_str()) {
            unread.push(Name::new(&service));
        } else if limit != Limit::default() {
            limits.insert(service, limit);
        }
    }
    (limits, unread)
}

/// `NATS_MEMORY=1g`, `NODE_WORKERS_CPUS=2`, quoted or exported as a shell would take it.
fn lines<'k>(text: &str, known: impl Iterator<Item = &'k str>) -> Read {
    let known: Vec<(String, &str)> = known.map(|name| (capitals(name), name)).collect();
    let (mut limits, mut unread) = (BTreeMap::<String, Limit>::new(), Vec::new());
    for line in text.lines() {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let value = value.split(" #").next().unwrap_or(value);
        let value = value.trim().trim_matches(['"', '\'']);
        let meant = known.iter().find_map(|(prefix, service)| {
            let what = name
                .trim()
                .strip_prefix(prefix.as_str())?
                .strip_prefix('_')?;
            let is_limit = MEMORY.contains(&what) || CPUS.contains(&what);
            // `API_WORKER_MEMORY` is not the `WORKER_MEMORY` of `api`
            is_limit.then_some((*service, what))
        });
        let read = meant.and_then(|(service, what)| {
            let memory = size(value).filter(|_| MEMORY.contains(&what));
            let cpus = value.parse::<f64>().ok();
            let cpus = cpus.filter(|cpus| CPUS.contains(&what) && cpus.is_finite());
            (memory.is_some() || cpus.is_some()).then_some((service, memory, cpus))
        });
        match read {
            Some((service, memory, cpus)) => {
                let limit = limits.entry(service.to_owned()).or_default();
                limit.memory = memory.or(limit.memory);
                limit.cpus = cpus.or(limit.cpus);
            }
            None => unread.push(Name::new(name.trim())),
        }
    }
    (limits, unread)
}

/// `node-worker.1` as a variable would be called: `NODE_WORKER_1`.
fn capitals(service: &str) -> String {
    let sign = |c: char| match c {
        c if c.is_ascii_alphanumeric() => c.to_ascii_uppercase(),
        _ => '_',
    };
    service.chars().map(sign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_profile_meet_the_services_they_mean() {
        let text = "# linux\nexport API_MEMORY=512m\nAPI_WORKER_MEM_LIMIT=\"1g\" # queue\nAPI_CPUS=1.5\nAPI_WORKER_CPU='2'\nNATS_STORE=5g\nAPI_MEM=lots\n";
        let (limits, unread) = lines(text, ["api", "api-worker", "nats"].into_iter());
        let limit = |memory, cpus| Limit {
            memory: Some(memory),
            cpus: Some(cpus),
        };
        let wanted = [
            ("api".to_owned(), limit(512 << 20, 1.5)),
            ("api-worker".to_owned(), limit(1 << 30, 2.0)),
        ];
        assert_eq!(limits, wanted.into());
        assert_eq!(unread, ["NATS_STORE", "API_MEM"]);
    }

    #[test]
    fn a_compose_file_of_limits_is_a_profile_too() {
        let text = "services:\n  api: { mem_limit: 64m }\n  gone: { mem_limit: 1g }\n  db: {}\n";
        let (limits, unread) = fragment(text, ["api", "db"].into_iter());
        assert_eq!(limits.keys().collect::<Vec<_>>(), ["api"]);
        assert_eq!(unread, ["gone"]);
    }
}
