//! Log patterns as data: which words mean which cause, and what they name. All patterns look at a
//! line in one pass. Whether a hit matters is for `diagnose` to say: a healthy program logs too.

mod literal;
mod own;
mod pack;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;
use serde::{Deserialize, Serialize};

use super::Cause;
use crate::text::{Clean, Name, Redactor};

pub use pack::PackProblem;

/// How much a line says.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Says that something went wrong, not what.
    Hint,
    #[default]
    Error,
    /// What programs say last: they end because of it.
    Dying,
}

/// One kind of line.
#[derive(Debug)]
pub struct Signature {
    pub id: Name,
    pub cause: Cause,
    pub level: Level,
    pattern: Lazy,
    unless: Option<Lazy>,
    /// Lines it must know, and lines it must not take.
    pub examples: Vec<String>,
    pub counterexamples: Vec<String>,
}

/// Compiled when a line first needs it: most never are.
#[derive(Debug)]
struct Lazy {
    pattern: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Lazy {
    fn new(pattern: String) -> Self {
        Self {
            pattern,
            compiled: OnceLock::new(),
        }
    }

    fn regex(&self) -> Option<&Regex> {
        self.compiled
            .get_or_init(|| Regex::new(&self.pattern).ok())
            .as_ref()
    }
}

/// A line that a signature knows, with the names it gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub signature: Name,
    pub cause: Cause,
    pub level: Level,
    names: BTreeMap<String, Clean>,
}

impl Hit {
    /// What the line calls `host`, `port`, `variable`, `file`, `module` and so on.
    pub fn name(&self, what: &str) -> Option<&Clean> {
        self.names.get(what)
    }

    pub fn names_something(&self) -> bool {
        !self.names.is_empty()
    }

    pub fn port(&self) -> Option<u16> {
        self.name("port")?.as_str().parse().ok()
    }
}

/// All signatures, in order of precedence: of several that know a line, the first speaks.
#[derive(Debug)]
pub struct Signatures {
    list: Vec<Arc<Signature>>,
    words: AhoCorasick,
    /// For each word, the signature it belongs to.
    owners: Vec<usize>,
}

static BUILT_IN: LazyLock<Arc<Signatures>> = LazyLock::new(|| {
    let packs = pack::BUILT_IN
        .iter()
        .filter_map(|(file, text)| pack::parse(file, text).ok());
    let list = packs.flatten().map(Arc::new).collect();
    Arc::new(Signatures::new(list))
});

impl Signatures {
    pub fn built_in() -> Arc<Self> {
        Arc::clone(&BUILT_IN)
    }

    /// The built-in ones behind those of the owner's files, each a name and its text. What is wrong
    /// with one file keeps only that file out.
    pub fn with_own(files: &[(String, String)]) -> (Arc<Self>, Vec<PackProblem>) {
        own::joined(files)
    }

    /// The files that are built in, by name.
    pub fn built_in_files() -> &'static [(&'static str, &'static str)] {
        pack::BUILT_IN
    }

    fn new(list: Vec<Arc<Signature>>) -> Self {
        let mut words = Vec::new();
        let mut owners = Vec::new();
        for (at, signature) in list.iter().enumerate() {
            for word in pack::words(&signature.pattern.pattern) {
                words.push(word);
                owners.push(at);
            }
        }
        let words = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            // one step for each byte, at the price of memory
            .kind(Some(AhoCorasickKind::DFA))
            .build(&words);
        // building fails only beyond two thousand million words
        let words = words.unwrap_or_else(|_| {
            AhoCorasick::new([""; 0]).unwrap_or_else(|_| unreachable!("no words"))
        });
        Self {
            list,
            words,
            owners,
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Signature>> {
        self.list.iter()
    }

    /// The first signature that knows the line, and its place among all.
    pub fn find(&self, line: &str) -> Option<(usize, &Arc<Signature>)> {
        let mut candidates: Vec<usize> = self
            .words
            .find_overlapping_iter(line)
            .filter_map(|found| self.owners.get(found.pattern().as_usize()).copied())
            .collect();
        candidates.sort_unstable();
        candidates.dedup();
        candidates
            .into_iter()
            .filter_map(|at| Some((at, self.list.get(at)?)))
            .find(|(_, signature)| signature.knows(line))
    }
}

impl Signature {
    pub fn pattern(&self) -> &str {
        &self.pattern.pattern
    }

    fn knows(&self, line: &str) -> bool {
        let fits = |pattern: &Lazy| pattern.regex().is_some_and(|regex| regex.is_match(line));
        fits(&self.pattern) && !self.unless.as_ref().is_some_and(fits)
    }

    /// What the line says, in words that may be shown.
    pub fn hit(&self, line: &str, redactor: &Redactor) -> Hit {
        let regex = self.pattern.regex();
        let found = regex.and_then(|regex| Some((regex, regex.captures(line)?)));
        let mut names = BTreeMap::new();
        if let Some((regex, captures)) = found {
            for name in regex.capture_names().flatten() {
                if let Some(group) = captures.name(name).filter(|group| !group.is_empty()) {
                    // `host2` is the host again in another form of the same message
                    let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
                    names
                        .entry(name.to_owned())
                        .or_insert_with(|| redactor.clean(group.as_str()));
                }
            }
        }
        Hit {
            signature: self.id.clone(),
            cause: self.cause,
            level: self.level,
            names,
        }
    }
}
