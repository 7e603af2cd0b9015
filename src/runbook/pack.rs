//! The runbooks that are built in, as their files are.

use super::shelf::Source;

macro_rules! pack {
    ($pack:literal: $($name:literal),* $(,)?) => {
        &[$((
            $pack,
            concat!("runbooks/", $pack, "/", $name, ".yml"),
            include_str!(concat!("../../runbooks/", $pack, "/", $name, ".yml")),
        )),*]
    };
}

/// Pack, origin and text.
type Built = (&'static str, &'static str, &'static str);

/// The pack `general`, sorted by name. A test holds this list to the directory.
const GENERAL: &[Built] = pack![
    "general":
    "bundle",
    "connection-test",
    "exec",
    "full-reset",
    "hard-restart",
    "kill",
    "logs",
    "ordered-restart",
    "port-holder",
    "prune",
    "remove",
    "restart",
    "scale",
    "selective-reset",
    "soft-restart",
    "start",
    "stop",
];

/// The pack `compose`: what is done to a stack as a whole.
const COMPOSE: &[Built] = pack![
    "compose":
    "build",
    "config",
    "deploy",
    "down",
    "drift",
    "preflight",
    "pull",
    "rebuild",
    "rollback",
    "up",
];

pub(super) fn sources() -> Vec<Source> {
    COMPOSE
        .iter()
        .chain(GENERAL)
        .map(|(pack, origin, text)| Source {
            pack: (*pack).to_owned(),
            origin: (*origin).to_owned(),
            text: Ok((*text).to_owned()),
        })
        .collect()
}
