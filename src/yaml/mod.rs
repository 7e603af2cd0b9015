//! Reading YAML that people write by hand, so that every problem in a file is reported at once,
//! each at its place. The only home of the YAML parser. What a file means is for its reader.

mod tree;
mod parse;
mod fill;
mod read;
mod value;
mod mask;
mod problem;

use std::ops::Range;

use serde::de::DeserializeOwned;

pub use fill::Lookup;
pub use problem::{Problem, Problems, nearest};
pub use tree::{Entry, Node, Value};

/// One file on its way to becoming settings: the tree, and what was found wrong so far.
pub struct Document {
    file: String,
    text: String,
    root: Node,
    shades: Vec<mask::Shade>,
    problems: Vec<Problem>,
    /// Nodes that were reported already; they are read as if they were not there.
    rejected: read::Rejected,
}

impl Document {
    /// Fails only where the text is not YAML: nothing else can be said about it then.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        match parse::parse(text) {
            Ok(parse::Parsed {
                root,
                dropped,
                problems,
            }) => Ok(Self {
                file: file.to_owned(),
                text: text.to_owned(),
                shades: mask::shades(&root, &dropped, text),
                root,
                problems,
                rejected: read::Rejected::default(),
            }),
            Err(problem) => Err(Problems::unreadable(file, text, problem)),
        }
    }

    /// Puts the environment and files into the values that ask for them.
    pub fn fill(&mut self, lookup: &Lookup<'_>) {
        let mut missing = Vec::new();
        fill::fill(&mut self.root, &self.text, lookup, &mut missing);
        for (node, problem) in missing {
            self.rejected.add(node);
            self.problems.push(problem);
        }
    }

    /// Reads the tree as a `T`. What cannot be read is reported and left out, so the rest is
    /// still checked; `None` when not even the outermost shape fits.
    pub fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        read::read(&self.root, &mut self.rejected, &mut self.problems)
    }

    pub fn root(&self) -> &Node {
        &self.root
    }

    /// Adds what the reader found by looking at several places together.
    pub fn report(&mut self, at: Range<usize>, message: impl Into<String>) -> &mut Problem {
        self.problems.push(Problem::new(at, message));
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    /// All problems, or none.
    pub fn finish(self) -> Result<(), Problems> {
        if self.problems.is_empty() {
            return Ok(());
        }
        Err(Problems::new(
            &self.file,
            &self.text,
            &self.shades,
            self.problems,
        ))
    }
}
