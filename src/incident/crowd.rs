//! The troubles of an incident beyond those it names. They are only counted, each known by a short
//! digest, so that an incident of thousands stays small and is not over before all of them are.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::alert::Fingerprint;

/// More than this are in the timeline only.
const MOST: usize = 20_000;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Crowd {
    firing: BTreeSet<u64>,
    over: BTreeSet<u64>,
}

impl Crowd {
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn len(&self) -> usize {
        self.firing.len() + self.over.len()
    }

    pub fn firing(&self) -> usize {
        self.firing.len()
    }

    pub fn holds(&self, print: &Fingerprint) -> bool {
        let key = key(print);
        self.firing.contains(&key) || self.over.contains(&key)
    }

    /// Whether that is news: a new one, or one that turned.
    pub(super) fn take(&mut self, print: &Fingerprint, firing: bool) -> bool {
        let key = key(print);
        let is_known = self.firing.contains(&key) || self.over.contains(&key);
        if !is_known && self.len() >= MOST {
            return false;
        }
        let (to, from) = if firing {
            (&mut self.firing, &mut self.over)
        } else {
            (&mut self.over, &mut self.firing)
        };
        from.remove(&key);
        to.insert(key)
    }

    pub(super) fn all_over(&mut self) {
        self.over.append(&mut self.firing);
    }
}

/// The same in every version and on every machine: it is kept.
fn key(print: &Fingerprint) -> u64 {
    let mut digest = Sha256::new();
    for part in [&print.host, &print.stack, &print.service, &print.what] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    let head = digest.finalize().into_iter().take(8);
    head.fold(0, |key, byte| (key << 8) | u64::from(byte))
}
