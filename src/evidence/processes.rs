//! Facts from a container's process table: how many there are, and of which program most.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Evidence, Fact, Source};
use crate::action::stats::Top;
use crate::say;
use crate::stack::Key;
use crate::text::{Clean, Name, Raw};

/// Programs that are named.
const NAMED: usize = 3;
/// How tables mark a process that has ended and that nobody waited for.
const DEFUNCT: &str = "<defunct>";

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProcessFact {
    pub count: usize,
    /// Have ended, and nobody has waited for them.
    pub defunct: usize,
    /// The most frequent first.
    pub programs: Vec<(Name, usize)>,
}

impl ProcessFact {
    pub fn parse(top: &Top) -> Self {
        let is_command = |title: &String| matches!(title.as_str(), "CMD" | "COMMAND");
        let Some(column) = top.titles.iter().position(is_command) else {
            return Self::default();
        };
        let commands: Vec<&str> = top
            .rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(Raw::expose)
            .collect();
        let mut counts: BTreeMap<Name, usize> = BTreeMap::new();
        for command in &commands {
            *counts.entry(program(command)).or_default() += 1;
        }
        let mut programs: Vec<(Name, usize)> = counts.into_iter().collect();
        programs.sort_by_key(|(_, count)| Reverse(*count));
        let defunct = commands.iter().filter(|command| command.contains(DEFUNCT));
        Self {
            count: commands.len(),
            defunct: defunct.count(),
            programs,
        }
    }
}

/// Arguments may hold secrets and are left out.
fn program(command: &str) -> Name {
    let first = command.split_whitespace().next().unwrap_or_default();
    let bare = first.trim_matches(['[', ']', ':']);
    Name::new(bare.rsplit('/').next().unwrap_or(bare))
}

pub fn read(key: &Key, container: &str, top: &Top) -> Evidence {
    let fact = ProcessFact::parse(top);
    Evidence {
        source: Source::Stats,
        service: key.clone(),
        container: Name::new(container),
        at: None,
        text: text(&fact),
        fact: Fact::Processes(fact),
    }
}

fn text(fact: &ProcessFact) -> Clean {
    let named: Vec<Clean> = fact
        .programs
        .iter()
        .take(NAMED)
        .map(|(program, count)| say!("{} of {}", count, program))
        .collect();
    let dead = if fact.defunct > 0 {
        say!("; {} have ended and nobody waits for them", fact.defunct)
    } else {
        Clean::default()
    };
    say!(
        "runs {} processes, {}{}",
        fact.count,
        Clean::join(&named, ", "),
        dead
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_programs_and_shows_no_argument() {
        let row = |command: &str| vec![Raw::new("7"), Raw::new(command)];
        let top = Top {
            titles: vec!["PID".into(), "CMD".into()],
            rows: vec![
                row("/usr/bin/node server.js --token=abc"),
                row("[sleep] <defunct>"),
                row("[sleep] <defunct>"),
                row("sh -c job"),
            ],
        };
        let fact = ProcessFact::parse(&top);
        assert_eq!(
            text(&fact).as_str(),
            "runs 4 processes, 2 of sleep, 1 of node, 1 of sh; 2 have ended and nobody waits for them"
        );
        assert_eq!(ProcessFact::parse(&Top::default()).count, 0);
    }
}
