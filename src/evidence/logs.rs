//! Facts from log lines: a line becomes clean, keeps its place, and brings along what a signature
//! reads out of it. Whether that matters is for `diagnose` to say.

use super::digest::Kept;
use super::{Evidence, Fact, Hit, Source};
use crate::action::logs::LogStream;
use crate::stack::Key;
use crate::text::{Name, Redactor};

#[derive(Debug, Clone, PartialEq)]
pub struct LogFact {
    pub stream: LogStream,
    /// Its place in the log, counted from the first line that was read.
    pub place: u64,
    pub hit: Option<Hit>,
}

pub fn read(key: &Key, container: &str, lines: &[Kept], redactor: &Redactor) -> Vec<Evidence> {
    let line = |kept: &Kept| Evidence {
        source: Source::Logs,
        service: key.clone(),
        container: Name::new(container),
        at: kept.line.at,
        text: redactor.raw(&kept.line.text),
        fact: Fact::Log(LogFact {
            stream: kept.line.stream,
            place: kept.place,
            hit: kept
                .signature
                .as_ref()
                .map(|signature| signature.hit(kept.line.text.expose(), redactor)),
        }),
    };
    lines
        .iter()
        .filter(|kept| !kept.line.text.expose().trim().is_empty())
        .map(line)
        .collect()
}
