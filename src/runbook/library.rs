//! Where runbooks come from: those built in, and those of a directory, read again when it changes.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::pack;
use super::shelf::{Shelf, Source};

/// Larger files are a mistake.
const LARGEST: u64 = 256 * 1024;
/// More files than these are not a directory of runbooks.
const MOST: usize = 5000;

/// Log signatures lie beside the runbooks of a pack and are read elsewhere.
const SIGNATURES: &str = "signatures.yml";

/// Hands out the runbooks as they are now.
#[derive(Debug)]
pub struct Library {
    directory: Option<PathBuf>,
    read: Mutex<Option<(Stamp, Arc<Shelf>)>>,
}

impl Default for Library {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Library {
    pub fn new(directory: Option<PathBuf>) -> Self {
        Self {
            directory,
            read: Mutex::new(None),
        }
    }

    /// The runbooks. A directory that has changed since is read again; looking costs one `stat`
    /// a file.
    pub fn shelf(&self) -> Arc<Shelf> {
        let files = self.directory.as_deref().map(files).unwrap_or_default();
        let stamp = Stamp::of(&files);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, shelf)) = &*read
            && *known == stamp
        {
            return Arc::clone(shelf);
        }
        let mut sources = pack::sources();
        sources.extend(files.iter().map(|file| source(file)));
        if let Some(directory) = self.directory.as_deref().filter(|path| !path.is_dir()) {
            sources.push(Source {
                pack: String::new(),
                origin: directory.display().to_string(),
                text: Err("`runbooks.directory` is no directory".to_owned()),
            });
        }
        let shelf = Arc::new(Shelf::new(sources));
        for problems in &shelf.problems {
            tracing::warn!(
                file = problems.file(),
                "a runbook cannot be used; `dogwatch check` tells why"
            );
        }
        *read = Some((stamp, Arc::clone(&shelf)));
        shelf
    }
}

/// What tells that a file is another one, without reading it.
#[derive(Debug, PartialEq, Eq)]
struct Stamp(Vec<(PathBuf, Option<Look>)>);

/// Inode, time of the last change in seconds and nanoseconds, length.
type Look = (u64, i64, i64, u64);

impl Stamp {
    fn of(files: &[PathBuf]) -> Self {
        let look = |path: &PathBuf| {
            let found = fs::metadata(path).ok();
            let found = found.map(|of| (of.ino(), of.mtime(), of.mtime_nsec(), of.len()));
            (path.clone(), found)
        };
        Self(files.iter().map(look).collect())
    }
}

/// The YAML files of a directory and of the directories in it, sorted.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut inner = Vec::new();
    for path in entries(directory) {
        if path.is_dir() {
            inner.push(path);
        } else {
            found.push(path);
        }
    }
    for directory in inner {
        found.extend(
            entries(&directory)
                .into_iter()
                .filter(|path| path.is_file()),
        );
    }
    let is_yaml = |path: &PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        matches!(ending, Some("yml" | "yaml")) && !path.ends_with(SIGNATURES)
    };
    found.retain(is_yaml);
    found.sort();
    found.truncate(MOST);
    found
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect()
}

fn source(path: &Path) -> Source {
    let pack = path.parent().and_then(Path::file_name);
    Source {
        pack: pack.map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        origin: path.display().to_string(),
        text: read(path),
    }
}

fn read(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let unread = |error: std::io::Error| format!("cannot read it: {error}");
    let file = fs::File::open(path).map_err(unread)?;
    let length = file
        .take(LARGEST + 1)
        .read_to_string(&mut text)
        .map_err(unread)?;
    if length as u64 > LARGEST {
        return Err("it is larger than 256 KiB".to_owned());
    }
    Ok(text)
}
