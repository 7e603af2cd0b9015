//! The runbooks that are built in, as their files are.

use super::shelf::Source;

macro_rules! general {
    ($($name:literal),* $(,)?) => {
        &[$((
            concat!("runbooks/general/", $name, ".yml"),
            include_str!(concat!("../../runbooks/general/", $name, ".yml")),
        )),*]
    };
}

/// The pack `general`, sorted by name. A test holds this list to the directory.
const GENERAL: &[(&str, &str)] = general![
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

pub(super) fn sources() -> Vec<Source> {
    GENERAL
        .iter()
        .map(|(origin, text)| Source {
            pack: "general".to_owned(),
            origin: (*origin).to_owned(),
            text: Ok((*text).to_owned()),
        })
        .collect()
}
