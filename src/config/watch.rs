//! Reloading: a signal or a changed file makes a new configuration, and a wrong one changes
//! nothing.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::load::load;
use super::{Config, Loaded, Problems};

/// How often files are looked at.
const EVERY: Duration = Duration::from_secs(2);

/// What came of a change.
#[derive(Debug)]
pub enum Reload {
    New(Box<Config>),
    /// The file is wrong; what was in force stays in force.
    Rejected(Problems),
}

/// Waits for changes of one configuration file and of the files it names.
#[derive(Debug)]
pub struct Watcher {
    path: PathBuf,
    files: BTreeSet<PathBuf>,
    /// What the files looked like when they were last read.
    read: Look,
    /// What they looked like at the last glance: a file that is still being written is left alone
    /// until two glances agree.
    glanced: Look,
    current: Config,
    rejected: bool,
    hangup: Signal,
    ticks: Interval,
}

impl Watcher {
    /// Starts from what was loaded from `path`. Needs a tokio runtime.
    pub fn new(path: &Path, loaded: Loaded) -> io::Result<Self> {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let look = Look::at(&loaded.files);
        Ok(Self {
            path: path.to_owned(),
            files: loaded.files,
            read: look.clone(),
            glanced: look,
            current: loaded.config,
            rejected: false,
            hangup: signal(SignalKind::hangup())?,
            ticks,
        })
    }

    /// The next change. A file that was written again with the same settings is none.
    pub async fn changed(&mut self) -> Reload {
        loop {
            let asked = tokio::select! {
                _ = self.hangup.recv() => true,
                _ = self.ticks.tick() => false,
            };
            let look = Look::at(&self.files);
            let settled = look == self.glanced;
            self.glanced = look.clone();
            if !asked && (look == self.read || !settled) {
                continue;
            }
            if let Some(reload) = self.reload(asked) {
                return reload;
            }
        }
    }

    /// Who asked gets an answer even if nothing is new, and so does who was told of a wrong file.
    fn reload(&mut self, asked: bool) -> Option<Reload> {
        let (files, config) = load(&self.path);
        self.files = files;
        self.read = Look::at(&self.files);
        self.glanced = self.read.clone();
        match config {
            Ok(config) => {
                let told = std::mem::take(&mut self.rejected);
                if config == self.current && !asked && !told {
                    return None;
                }
                self.current = config.clone();
                Some(Reload::New(Box::new(config)))
            }
            Err(problems) => {
                self.rejected = true;
                Some(Reload::Rejected(problems))
            }
        }
    }
}

/// What tells that a file is another one, without reading it. Links are followed, so a swapped
/// link shows as another inode.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look(Vec<Option<(u64, i64, i64, u64)>>);

impl Look {
    fn at(files: &BTreeSet<PathBuf>) -> Self {
        let look = |path: &PathBuf| {
            let found = fs::metadata(path).ok()?;
            Some((found.ino(), found.mtime(), found.mtime_nsec(), found.len()))
        };
        Self(files.iter().map(look).collect())
    }
}
