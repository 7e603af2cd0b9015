//! From a file to a configuration. The one place where settings meet the environment and files.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::yaml::{Document, Lookup, Problems};

use super::{Config, checks};

/// Larger files are a mistake.
const LARGEST: u64 = 1 << 20;

/// Where a configuration is looked for when none is named, in this order.
const USUAL_PLACES: [&str; 2] = ["dogwatch.yaml", "/etc/dogwatch/dogwatch.yaml"];

/// A configuration, and the files it was made of: a change in any of them makes a new one.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    pub config: Config,
    pub files: BTreeSet<PathBuf>,
}

impl Config {
    /// Reads a file. All that is wrong with it comes back at once.
    pub fn load(path: &Path) -> Result<Loaded, Problems> {
        let (files, config) = load(path);
        config.map(|config| Loaded { config, files })
    }

    /// The configuration without any file.
    pub fn without_file() -> Loaded {
        let config = Self {
            state_directory: state_directory(&environment),
            ..Self::default()
        };
        Loaded {
            config,
            files: BTreeSet::new(),
        }
    }

    /// Reads a text. `file` is what problems call it.
    pub fn parse(text: &str, file: &str, around: &Lookup<'_>) -> Result<Self, Problems> {
        let mut document = Document::parse(file, text)?;
        document.fill(around);
        let mut config = document.read::<Self>().unwrap_or_default();
        checks::check(&mut document);
        document.finish()?;
        if config.hosts.is_empty() {
            config.hosts = Self::default().hosts;
        }
        config.state_directory = state_directory(around.environment);
        Ok(config)
    }
}

/// Reads a file, and says which files were asked for even where the result is no configuration:
/// one of them may be what is missing.
pub(super) fn load(path: &Path) -> (BTreeSet<PathBuf>, Result<Config, Problems>) {
    let files = RefCell::new(BTreeSet::from([path.to_owned()]));
    let directory = path.parent().unwrap_or(Path::new(""));
    let around = Lookup {
        environment: &environment,
        file: &|named: &Path| {
            let file = directory.join(named);
            let content = read(&file);
            files.borrow_mut().insert(file);
            content
        },
    };
    let shown = path.display().to_string();
    let config = read(path)
        .map_err(|error| Problems::unread(&shown, format!("cannot read `{shown}`: {error}")))
        .and_then(|text| Config::parse(&text, &shown, &around));
    (files.into_inner(), config)
}

/// The configuration in one of the usual places, if there is one.
pub fn find() -> Option<PathBuf> {
    let own = environment("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| environment("HOME").map(|home| Path::new(&home).join(".config")))
        .map(|base| base.join("dogwatch").join("dogwatch.yaml"));
    let [here, machine] = USUAL_PLACES.map(PathBuf::from);
    [Some(here), own, Some(machine)]
        .into_iter()
        .flatten()
        .find(|place| place.is_file())
}

fn state_directory(environment: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty());
    if let Some(state) = set("DOGWATCH_STATE") {
        return state.into();
    }
    let base = match (set("XDG_STATE_HOME"), set("HOME")) {
        (Some(base), _) => PathBuf::from(base),
        (None, Some(home)) => Path::new(&home).join(".local").join("state"),
        (None, None) => PathBuf::from("/var/lib"),
    };
    base.join("dogwatch")
}

/// A text file of bearable size.
fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = fs::File::open(path)?;
    let length = file.take(LARGEST + 1).read_to_string(&mut text)?;
    if length as u64 > LARGEST {
        return Err(io::Error::other("larger than 1 MiB"));
    }
    Ok(text)
}

#[expect(clippy::disallowed_methods, reason = "settings may name variables")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
