//! Mounts that can be written to, are large enough, and never appear as an empty directory.

use super::{Add, Change, Remove, in_service};
use crate::action::container::Mount;
use crate::diagnose::Cause;
use crate::diagnose::view::View;
use crate::say;
use crate::text::Name;

pub(super) fn writable(view: &View<'_>) -> Option<Change> {
    let said = view.decisive_of(&[Cause::ReadOnlyFilesystem])?;
    let file = said.1.name("file")?.as_str();
    if let Some(mount) = mount_of(view, file) {
        let (source, place) = (source(view, mount), Name::new(&mount.destination));
        let edits = vec![
            Remove(say!("- {}:{}:ro", source, place)),
            Add(say!("- {}:{}", source, place)),
        ];
        return in_service(view, &["volumes"], edits);
    }
    let (directory, _) = file
        .rsplit_once('/')
        .filter(|(above, _)| !above.is_empty())?;
    in_service(
        view,
        &["tmpfs"],
        vec![Add(say!("- {}", Name::new(directory)))],
    )
}

/// The long form does not make what is missing on the host.
pub(super) fn no_directory_in_its_place(view: &View<'_>) -> Option<Change> {
    let mounts = &view.setup()?.mounts;
    let named = |mount: &&Mount| {
        let shown = |text: &str| text.contains(&mount.destination);
        let error = view
            .state()
            .is_some_and(|(_, state)| shown(state.error.as_str()));
        let said = view.decisive_of(&[Cause::MountMissing]);
        error
            || said.is_some_and(|said| said.1.name("file").is_some_and(|file| shown(file.as_str())))
    };
    let binds = || mounts.iter().filter(|mount| mount.kind == "bind");
    let mount = binds()
        .find(named)
        .or_else(|| binds().next().filter(|_| binds().count() == 1))?;
    let (source, place) = (source(view, mount), Name::new(&mount.destination));
    let edits = vec![
        Remove(say!("- {}:{}", source, place)),
        Add(say!("- type: bind")),
        Add(say!("  source: {}", source)),
        Add(say!("  target: {}", place)),
        Add(say!("  bind: {{create_host_path: false}}")),
    ];
    in_service(view, &["volumes"], edits)
}

/// Eight times what it has, of what it has too little of.
pub(super) fn larger_tmpfs(view: &View<'_>) -> Option<Change> {
    let full = crate::diagnose::rules::full::place(view)?;
    let options = view.setup()?.tmpfs.get(full.path.as_str())?;
    let key = if full.is_inodes {
        "nr_inodes="
    } else {
        "size="
    };
    let option = options
        .split(',')
        .find_map(|option| option.strip_prefix(key))?;
    let unit = option.trim_start_matches(|c: char| c.is_ascii_digit());
    let size: u64 = option.trim_end_matches(unit).parse().ok()?;
    let (place, unit) = (full.path, Name::new(unit));
    let edits = vec![
        Remove(say!("- {}:{}{}{}", place, key, size, unit)),
        Add(say!("- {}:{}{}{}", place, key, size * 8, unit)),
    ];
    in_service(view, &["tmpfs"], edits)
}

fn mount_of<'e>(view: &View<'e>, file: &str) -> Option<&'e Mount> {
    let mounts = view.setup()?.mounts.iter();
    mounts
        .filter(|mount| file.starts_with(&mount.destination))
        .max_by_key(|mount| mount.destination.len())
}

/// A volume's name, and of a file on the host only its own, both as the compose file has them.
fn source(view: &View<'_>, mount: &Mount) -> Name {
    if let Some(name) = &mount.name {
        let stack = view.service.stack.as_ref();
        let own = stack.and_then(|stack| name.strip_prefix(&format!("{stack}_")));
        return Name::new(own.unwrap_or(name));
    }
    let file = mount.source.rsplit('/').next().unwrap_or_default();
    Name::new(&format!("./{file}"))
}
