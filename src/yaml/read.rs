//! All problems instead of the first. Deserializing stops at the first bad value, so: report it,
//! reject its node, and read again as if it were not there, until nothing is left to report.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use serde::de::{self, DeserializeOwned, Expected, Unexpected};

use super::problem::{Problem, nearest};
use super::tree::Node;
use super::value::Reader;

/// Ids of nodes that were reported and are passed over.
#[derive(Debug, Default)]
pub(super) struct Rejected {
    nodes: BTreeSet<usize>,
    /// The file is somebody else's: what is unknown in it is no problem.
    pub(super) takes_unknown: bool,
}

impl Rejected {
    pub(super) fn add(&mut self, node: usize) {
        self.nodes.insert(node);
    }

    pub(super) fn has(&self, node: usize) -> bool {
        self.nodes.contains(&node)
    }
}

/// What the reader of one pass can tell without stopping.
pub(super) struct Pass<'a> {
    pub rejected: RefCell<&'a mut Rejected>,
    pub problems: RefCell<&'a mut Vec<Problem>>,
}

impl Pass<'_> {
    pub(super) fn passes_over(&self, node: &Node) -> bool {
        self.rejected.borrow().has(node.id)
    }

    pub(super) fn reject(&self, node: &Node, problem: Problem) {
        self.rejected.borrow_mut().add(node.id);
        self.problems.borrow_mut().push(problem);
    }
}

/// Every round rejects one node more, so it ends.
pub(super) fn read<T: DeserializeOwned>(
    root: &Node,
    rejected: &mut Rejected,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    loop {
        let pass = Pass {
            rejected: RefCell::new(rejected),
            problems: RefCell::new(problems),
        };
        match T::deserialize(Reader::new(root, &pass)) {
            Ok(value) => return Some(value),
            Err(fault) => {
                // A text that is the whole file is not pointed at: it may be all secret.
                let start = root.at.start..root.at.start;
                let (node, at) = fault.place.clone().unwrap_or((root.id, start));
                problems.push(fault.into_problem(at));
                if node == root.id || rejected.has(node) {
                    return None;
                }
                rejected.add(node);
            }
        }
    }
}

/// Why a value cannot be read. Never quotes the value: it may be a secret.
#[derive(Debug)]
pub(super) struct Fault {
    message: String,
    help: Option<String>,
    /// The node to reject and the place to point at.
    place: Option<(usize, Range<usize>)>,
    /// The value is a text where more was expected. It may be a secret in the wrong line, so the
    /// key is pointed at.
    pub is_text: bool,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
            place: None,
            is_text: false,
        }
    }

    /// For a text where a section or list was expected.
    pub(super) fn text_instead(message: &str) -> Self {
        Self {
            is_text: true,
            ..Self::new(message)
        }
    }

    /// Says where, unless something further inside has said so.
    #[must_use]
    pub(super) fn at(mut self, node: &Node, at: &Range<usize>) -> Self {
        self.place.get_or_insert_with(|| (node.id, at.clone()));
        self
    }

    fn into_problem(self, at: Range<usize>) -> Problem {
        let problem = Problem::new(at, self.message);
        Problem {
            help: self.help,
            ..problem
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {expected}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {expected}"))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {expected}"))
    }

    fn unknown_variant(written: &str, known: &'static [&'static str]) -> Self {
        let fault = Self::new(format!("expected {}", one_of(known)));
        Self {
            help: nearest(written, known.iter().copied()).map(did_you_mean),
            ..fault
        }
    }
}

/// Longer lists help nobody.
pub(super) const MOST_LISTED: usize = 12;

pub(super) fn one_of(words: &[&str]) -> String {
    if words.len() > MOST_LISTED {
        return format!("one of {} known words", words.len());
    }
    format!("one of `{}`", words.join("`, `"))
}

pub(super) fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}
