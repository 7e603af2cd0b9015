//! Every runbook there is at one moment: the built-in ones and those of a directory, each read and
//! checked by itself, then all together. What is wrong with one file hides no other.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::check::{self, All};
use super::language::RunbookFile;
use crate::action::Risk;
use crate::yaml::{Document, Problems, nearest};

/// One runbook that can be run.
#[derive(Debug, Clone)]
pub struct Runbook {
    pub file: RunbookFile,
    /// The directory it came from: `general`, or one of the owner's.
    pub pack: String,
    /// What problems call its file.
    pub origin: String,
    pub risk: Risk,
}

/// A file before it is read.
#[derive(Debug, Clone)]
pub struct Source {
    pub pack: String,
    pub origin: String,
    /// What could not be read as text comes with the reason.
    pub text: Result<String, String>,
}

#[derive(Debug, Clone, Default)]
pub struct Shelf {
    runbooks: BTreeMap<String, Arc<Runbook>>,
    /// One for each file that is wrong, in the order of the files.
    pub problems: Vec<Problems>,
}

/// A file that is YAML, with all that is known to be wrong with it so far.
struct Draft {
    source: Source,
    document: Document,
    text: String,
    file: RunbookFile,
}

impl Shelf {
    pub fn new(sources: Vec<Source>) -> Self {
        let mut problems = Vec::new();
        let mut drafts: Vec<Draft> = Vec::new();
        for source in sources {
            match draft(source) {
                Ok(mut draft) => {
                    refuse_twins(&mut draft, &drafts);
                    drafts.push(draft);
                }
                Err(wrong) => problems.push(wrong),
            }
        }
        let files: Vec<RunbookFile> = drafts.iter().map(|draft| draft.file.clone()).collect();
        let all: All<'_> = files
            .iter()
            .map(|file| (file.name.as_str(), file))
            .collect();
        let mut runbooks = BTreeMap::new();
        for mut draft in drafts {
            check::check_calls(&mut draft.document, &draft.text, &draft.file, &all);
            match draft.document.finish() {
                Ok(()) => {
                    let runbook = Runbook {
                        risk: check::risk_of(&draft.file, &all),
                        file: draft.file,
                        pack: draft.source.pack,
                        origin: draft.source.origin,
                    };
                    runbooks.insert(runbook.file.name.clone(), Arc::new(runbook));
                }
                Err(wrong) => problems.push(wrong),
            }
        }
        problems.sort_by(|a, b| a.file().cmp(b.file()));
        Self { runbooks, problems }
    }

    /// Sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Runbook>> {
        self.runbooks.values()
    }

    pub fn get(&self, name: &str) -> Option<&Arc<Runbook>> {
        self.runbooks.get(name)
    }

    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.runbooks.keys().map(String::as_str))
    }
}

fn draft(source: Source) -> Result<Draft, Problems> {
    let text = match &source.text {
        Ok(text) => text.clone(),
        Err(why) => return Err(Problems::unread(&source.origin, why.clone())),
    };
    let mut document = Document::parse(&source.origin, &text)?.unmasked();
    let file: RunbookFile = document.read().unwrap_or_default();
    check::check(&mut document, &text, &file);
    Ok(Draft {
        source,
        document,
        text,
        file,
    })
}

/// The first of a name stays; the second says whose name it has.
fn refuse_twins(draft: &mut Draft, before: &[Draft]) {
    let Some(twin) = before
        .iter()
        .find(|other| other.file.name == draft.file.name)
    else {
        return;
    };
    if let Some(entry) = draft.document.root().entry("name") {
        let at = entry.node.at.clone();
        let message = format!("`{}` has this name already", twin.source.origin);
        let problem = draft.document.report(at, message);
        problem.help = Some("give it another name".to_owned());
        // calls mean the first, and so must checks
        draft.file.name.clear();
    }
}
