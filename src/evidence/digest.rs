//! Reads a log of any length in bounded memory. Kept are its first lines, its last lines, and the
//! lines that a signature knows with what stands before them: the cause may be thousands of lines
//! back, with nothing but noise behind it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::signature::{Signature, Signatures};
use crate::action::logs::LogLine;

const HEAD: usize = 20;
const TAIL: usize = 80;
/// Of each signature, this many of its first and of its last lines.
const FIRST: usize = 2;
const LAST: usize = 6;
/// Lines before a known one: a stack trace stands above its last line.
const BEFORE: usize = 8;

/// A line worth keeping.
#[derive(Debug, Clone)]
pub struct Kept {
    pub place: u64,
    pub line: LogLine,
    pub signature: Option<Arc<Signature>>,
}

#[derive(Debug)]
pub struct Digest {
    signatures: Arc<Signatures>,
    seen: u64,
    head: Vec<Kept>,
    tail: VecDeque<Kept>,
    known: BTreeMap<usize, Known>,
}

/// The lines of one signature, each with what stands before it.
#[derive(Debug, Default)]
struct Known {
    first: Vec<Vec<Kept>>,
    last: VecDeque<Vec<Kept>>,
}

impl Digest {
    pub fn new(signatures: Arc<Signatures>) -> Self {
        Self {
            signatures,
            seen: 0,
            head: Vec::new(),
            tail: VecDeque::new(),
            known: BTreeMap::new(),
        }
    }

    pub fn push(&mut self, line: LogLine) {
        let found = self
            .signatures
            .find(line.text.expose())
            .map(|(at, signature)| (at, Arc::clone(signature)));
        let kept = Kept {
            place: self.seen,
            line,
            signature: found.as_ref().map(|(_, signature)| Arc::clone(signature)),
        };
        self.seen += 1;
        if let Some((at, _)) = found {
            self.keep_known(at, &kept);
        }
        if self.head.len() < HEAD {
            self.head.push(kept.clone());
        }
        self.tail.push_back(kept);
        if self.tail.len() > TAIL {
            self.tail.pop_front();
        }
    }

    fn keep_known(&mut self, signature: usize, kept: &Kept) {
        let before = self.tail.len().saturating_sub(BEFORE);
        let mut group: Vec<Kept> = self.tail.range(before..).cloned().collect();
        group.push(kept.clone());
        let known = self.known.entry(signature).or_default();
        if known.first.len() < FIRST {
            known.first.push(group);
            return;
        }
        known.last.push_back(group);
        if known.last.len() > LAST {
            known.last.pop_front();
        }
    }

    /// How many lines were read.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// What was kept, in the log's order.
    pub fn finish(self) -> Vec<Kept> {
        let known = self
            .known
            .into_values()
            .flat_map(|known| known.first.into_iter().chain(known.last))
            .flatten();
        let kept: BTreeMap<u64, Kept> = self
            .head
            .into_iter()
            .chain(self.tail)
            .chain(known)
            .map(|kept| (kept.place, kept))
            .collect();
        kept.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::logs::LogStream;
    use crate::text::Raw;

    #[test]
    fn the_cause_survives_a_flood_on_both_sides() {
        let mut digest = Digest::new(Signatures::built_in());
        let mut push = |text: &str| {
            digest.push(LogLine {
                at: None,
                stream: LogStream::Stdout,
                text: Raw::new(text),
                cut: false,
            });
        };
        for number in 0..5000 {
            push(&format!("heartbeat {number}"));
        }
        push("Error: Cannot find module 'express'");
        for number in 0..5000 {
            push(&format!("heartbeat {number}"));
        }
        let kept = digest.finish();
        assert!(kept.len() <= HEAD + TAIL + BEFORE + 1);
        let known: Vec<&str> = kept
            .iter()
            .filter_map(|kept| Some(kept.signature.as_ref()?.id.as_str()))
            .collect();
        assert_eq!(known, ["node-module"]);
    }
}
