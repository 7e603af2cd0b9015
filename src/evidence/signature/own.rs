//! Signatures of the owner's own beside those that are built in. They come first, and each must keep
//! its own word: it knows its examples and takes none of the lines it says are not its.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::pack::{self, PackProblem};
use super::{Signature, Signatures};

pub(super) fn joined(files: &[(String, String)]) -> (Arc<Signatures>, Vec<PackProblem>) {
    let mut problems = Vec::new();
    let mut sound: Vec<&(String, String)> = Vec::new();
    for source in files {
        match pack::parse(&source.0, &source.1) {
            Ok(_) => sound.push(source),
            Err(wrong) => problems.push(wrong),
        }
    }
    // a file that breaks its word is left out, and the others are held to theirs without it
    loop {
        let all = behind(&sound);
        let broken = sound
            .iter()
            .enumerate()
            .find_map(|(at, (file, text))| Some((at, complaints(file, text, &all)?)));
        match broken {
            Some((at, wrong)) => {
                problems.push(wrong);
                sound.remove(at);
            }
            None => return (Arc::new(all), problems),
        }
    }
}

fn behind(sources: &[&(String, String)]) -> Signatures {
    let own = sources
        .iter()
        .filter_map(|(file, text)| pack::parse(file, text).ok())
        .flatten()
        .map(Arc::new);
    let built_in = Signatures::built_in();
    Signatures::new(own.chain(built_in.iter().cloned()).collect())
}

/// What a file says of itself and is not so.
fn complaints(file: &str, text: &str, all: &Signatures) -> Option<PackProblem> {
    let own = pack::parse(file, text).ok()?;
    let mut ids = BTreeSet::new();
    let wrong = own.iter().flat_map(|signature| {
        let twice = !ids.insert(signature.id.clone()) || is_built_in(signature);
        let twice = twice.then(|| "another one has this id".to_owned());
        twice
            .into_iter()
            .chain(broken_words(signature, all))
            .map(|why| (signature.id.clone(), why))
            .collect::<Vec<_>>()
    });
    let wrong: Vec<_> = wrong.collect();
    pack::reject(file, text, &wrong)
}

fn is_built_in(signature: &Signature) -> bool {
    Signatures::built_in()
        .iter()
        .any(|other| other.id == signature.id)
}

fn broken_words(signature: &Signature, all: &Signatures) -> Vec<String> {
    let known_as = |line: &String| all.find(line).map(|(_, found)| found.id.clone());
    let examples = signature
        .examples
        .iter()
        .filter_map(|line| match known_as(line) {
            Some(id) if id == signature.id => None,
            Some(other) => Some(format!(
                "`{other}` stands before it and takes its example {line:?}"
            )),
            None => Some(format!("it does not know its example {line:?}")),
        });
    let taken = |line: &&String| known_as(line).as_ref() == Some(&signature.id);
    let counter = signature.counterexamples.iter().filter(taken);
    let counter = counter.map(|line| format!("it takes {line:?}, which it must not"));
    examples.chain(counter).collect()
}
