//! Configuration files mounted into containers: they name upstreams that nothing else names.

use futures_util::stream::{self, StreamExt};

use super::Survey;
use super::gather::limited;
use crate::action::container::{Container, Mount};
use crate::engine::Engine;
use crate::stack::Key;
use crate::stack::graph::Texts;
use crate::text::Raw;

const AT_ONCE: usize = 8;
/// More mounts than these of one container are not read.
const MOST: usize = 6;

const ENDINGS: &[&str] = &[
    "conf",
    "cfg",
    "cnf",
    "ini",
    "toml",
    "yaml",
    "yml",
    "json",
    "env",
    "properties",
    "xml",
    "js",
    "mjs",
    "cjs",
    "ts",
    "py",
    "rb",
    "php",
    "sh",
    "template",
    "Caddyfile",
    ".d",
    "config",
    "conf.d",
];

/// The files of every container in the stacks asked about, by container id.
pub(super) async fn mounted(engine: &Engine, survey: &Survey, asked: &[Key]) -> Texts {
    let stacks: Vec<_> = asked.iter().map(|key| &key.stack).collect();
    let concerned =
        |key: &Key| asked.contains(key) || (key.stack.is_some() && stacks.contains(&&key.stack));
    let services = survey
        .inventory
        .services
        .iter()
        .filter(|service| concerned(&service.key));
    let wanted: Vec<(&Container, &Mount)> = services
        .flat_map(|service| &service.replicas)
        .flat_map(|replica| {
            replica
                .mounts
                .iter()
                .filter(|mount| is_configuration(mount))
                .take(MOST)
                .map(move |mount| (replica, mount))
        })
        .collect();
    let reads: Vec<_> = wanted
        .into_iter()
        .map(|(container, mount)| read(engine, container, mount))
        .collect();
    let mut texts = Texts::new();
    let mut found = stream::iter(reads).buffered(AT_ONCE);
    while let Some((id, path, files)) = found.next().await {
        let entry = texts.entry(id).or_default();
        entry.extend(files.into_iter().map(|text| (path.clone(), text)));
    }
    texts
}

fn is_configuration(mount: &Mount) -> bool {
    mount.kind == "bind"
        && ENDINGS
            .iter()
            .any(|ending| mount.destination.ends_with(ending))
}

/// A file that cannot be read is left out: it could only have added to what is known.
async fn read(engine: &Engine, container: &Container, mount: &Mount) -> (String, String, Vec<Raw>) {
    let texts = limited(engine.texts(&container.id, &mount.destination)).await;
    (
        container.id.clone(),
        mount.destination.clone(),
        texts.unwrap_or_default(),
    )
}
