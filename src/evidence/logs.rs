//! Facts from log lines. Which lines mean something is for `diagnose` to say; here a line becomes
//! clean and keeps its place.

use super::{Evidence, Fact, Source};
use crate::action::logs::{LogLine, LogStream};
use crate::stack::Key;
use crate::text::{Name, Redactor};

#[derive(Debug, Clone, PartialEq)]
pub struct LogFact {
    pub stream: LogStream,
}

pub fn read(key: &Key, container: &str, lines: &[LogLine], redactor: &Redactor) -> Vec<Evidence> {
    let line = |line: &LogLine| Evidence {
        source: Source::Logs,
        service: key.clone(),
        container: Name::new(container),
        at: line.at,
        text: redactor.raw(&line.text),
        fact: Fact::Log(LogFact {
            stream: line.stream,
        }),
    };
    lines
        .iter()
        .filter(|line| !line.text.expose().trim().is_empty())
        .map(line)
        .collect()
}
