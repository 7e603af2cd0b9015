//! What the image must bring: programs, packages, execute bits, directories of the right owner.

use super::{Add, Change, in_file};
use crate::diagnose::Cause;
use crate::diagnose::rules::mount_over;
use crate::diagnose::view::View;
use crate::say;
use crate::text::{Clean, Name};

const DOCKERFILE: &str = "Dockerfile";

/// Only tools whose package has the same name.
pub(super) fn tool(view: &View<'_>) -> Option<Change> {
    const TOOLS: &[&str] = &["curl", "wget"];
    let (_, health) = view.health()?;
    let tool = TOOLS.iter().find(|tool| {
        health.test.as_str().contains(**tool) && health.output.as_str().contains(**tool)
    })?;
    let line = say!(
        "RUN apt-get update && apt-get install -y --no-install-recommends {} && rm -rf /var/lib/apt/lists/*",
        *tool
    );
    Some(in_file(DOCKERFILE, vec![Add(line)]))
}

pub(super) fn execute_bit(view: &View<'_>) -> Option<Change> {
    let said = view.decisive_of(&[Cause::ExecPermission]);
    let command = said.and_then(|said| said.1.name("command")).cloned();
    let file = command.or_else(|| Some(view.state()?.1.program.clone()))?;
    let mut in_memory = view.setup()?.tmpfs.keys();
    let in_image = file.as_str().starts_with('/')
        && mount_over(view, file.as_str()).is_none()
        && !in_memory.any(|path| file.as_str().starts_with(path.as_str()));
    in_image.then(|| in_file(DOCKERFILE, vec![Add(say!("RUN chmod +x {}", file))]))
}

/// In the list that the language's own tool reads.
pub(super) fn package(view: &View<'_>) -> Option<Change> {
    let said = view.decisive_of(&[Cause::DependencyMissing])?;
    let module = said.1.name("module")?;
    let change = match said.1.signature.as_str() {
        "python-module" => in_file("requirements.txt", vec![Add(top_level(module))]),
        "ruby-gem" => in_file("Gemfile", vec![Add(say!("gem \"{}\"", module))]),
        "node-module" => in_file("package.json", vec![Add(say!("    \"{}\": \"*\"", module))]),
        _ => return None,
    };
    Some(change)
}

/// `celery` of `celery.app`.
fn top_level(module: &Clean) -> Clean {
    module.map(|text| text.split('.').next().unwrap_or(text))
}

/// A new volume takes the owner of the image's directory at its place.
pub(super) fn owner(view: &View<'_>) -> Option<Change> {
    let said = view.decisive_of(&[Cause::VolumePermission])?;
    let file = said.1.name("file").or_else(|| said.1.name("directory"))?;
    let setup = view.setup()?;
    let mount = setup
        .mounts
        .iter()
        .filter(|mount| file.as_str().starts_with(&mount.destination))
        .find(|mount| mount.kind == "volume")?;
    if setup.settings.user.is_empty() {
        return None;
    }
    let (place, user) = (
        Name::new(&mount.destination),
        Name::new(&setup.settings.user),
    );
    let line = say!("RUN mkdir -p {} && chown {} {}", place, user, place);
    Some(in_file(DOCKERFILE, vec![Add(line)]))
}
