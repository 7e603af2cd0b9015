//! Log signatures of the owner's own: `signatures.yml` in the directory of runbooks and in those in it,
//! read again when one of them changes.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::evidence::Signatures;
use crate::yaml::Problems;

const FILE: &str = "signatures.yml";
/// Larger files are a mistake.
const LARGEST: u64 = 1024 * 1024;
/// More directories than these hold no packs.
const MOST: usize = 500;

/// The signatures as they are now, and what keeps a file of them out.
#[derive(Debug, Clone)]
pub struct Known {
    pub signatures: Arc<Signatures>,
    pub files: usize,
    pub problems: Arc<Vec<Problems>>,
}

#[derive(Debug, Default)]
pub struct OwnSignatures {
    directory: Option<PathBuf>,
    read: Mutex<Option<(Stamp, Known)>>,
}

/// What tells that a file is another one, without reading it.
type Stamp = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

impl OwnSignatures {
    pub fn new(directory: Option<PathBuf>) -> Self {
        Self {
            directory,
            read: Mutex::new(None),
        }
    }

    /// Looking whether anything changed costs one `stat` a file.
    pub fn now(&self) -> Known {
        let stamp = self.directory.as_deref().map(stamp).unwrap_or_default();
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known_stamp, known)) = &*read
            && *known_stamp == stamp
        {
            return known.clone();
        }
        let known = known(stamp.keys());
        for problems in known.problems.iter() {
            tracing::warn!(
                file = problems.file(),
                "its log signatures cannot be used; `dogwatch check` tells why"
            );
        }
        *read = Some((stamp, known.clone()));
        known
    }
}

fn known<'p>(paths: impl Iterator<Item = &'p PathBuf>) -> Known {
    let mut files = Vec::new();
    let mut unread = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        match text(path) {
            Ok(text) => files.push((name, text)),
            Err(why) => unread.push(Problems::unread(&name, why)),
        }
    }
    let (signatures, problems) = if files.is_empty() {
        (Signatures::built_in(), Vec::new())
    } else {
        Signatures::with_own(&files)
    };
    unread.extend(problems);
    Known {
        signatures,
        files: files.len(),
        problems: Arc::new(unread),
    }
}

fn stamp(directory: &Path) -> Stamp {
    let entries = fs::read_dir(directory).into_iter().flatten().take(MOST);
    let inner = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir());
    let places = std::iter::once(directory.to_owned()).chain(inner);
    let files = places
        .map(|place| place.join(FILE))
        .filter(|path| path.is_file());
    files
        .map(|path| {
            let about = fs::metadata(&path).ok();
            let look = about.and_then(|about| Some((about.modified().ok()?, about.len())));
            (path, look)
        })
        .collect()
}

fn text(path: &Path) -> Result<String, String> {
    let unread = |error: std::io::Error| format!("cannot read it: {error}");
    let mut text = String::new();
    let file = fs::File::open(path).map_err(unread)?;
    let length = file
        .take(LARGEST + 1)
        .read_to_string(&mut text)
        .map_err(unread)?;
    if length as u64 > LARGEST {
        return Err("it is larger than 1 MiB".to_owned());
    }
    Ok(text)
}
