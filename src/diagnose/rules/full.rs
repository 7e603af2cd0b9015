//! Which of the two ran out when there is "no space left": space, or inodes. The error is the same.

use crate::diagnose::view::View;
use crate::evidence::{Citation, Hit};
use crate::say;
use crate::text::Name;

pub(super) struct Full {
    pub(super) is_inodes: bool,
    /// The file system, where it is known.
    pub(super) place: Option<Name>,
    pub(super) proof: Vec<Citation>,
}

/// Less than this left of a file system is nothing left.
const NOTHING: u64 = 64 * 1024;

pub(super) fn of(view: &View<'_>, hit: &Hit) -> Full {
    measured(view)
        .or_else(|| configured(view, hit))
        .unwrap_or_else(|| Full {
            is_inodes: false,
            place: hit
                .name("file")
                .and_then(|file| mount_of(view, file.as_str())),
            proof: Vec::new(),
        })
}

/// What a look inside has shown.
fn measured(view: &View<'_>) -> Option<Full> {
    let no_inodes = view
        .spaces()
        .find(|(_, space)| space.inodes > 0 && space.free_inodes == 0);
    let no_bytes = view.spaces().find(|(_, space)| space.free_bytes < NOTHING);
    let (line, space) = no_inodes.or(no_bytes)?;
    Some(Full {
        is_inodes: no_inodes.is_some(),
        place: Some(Name::new(space.path.as_str())),
        proof: vec![line.cite()],
    })
}

/// A tmpfs is gone with its container; how it was made is still known. One with few inodes on which
/// a file cannot be created has run out of them.
fn configured(view: &View<'_>, hit: &Hit) -> Option<Full> {
    let file = hit.name("file").map(crate::text::Clean::as_str);
    let tmpfs = &view.setup()?.tmpfs;
    let over = |path: &&String| file.is_none_or(|file| file.starts_with(path.as_str()));
    let path = tmpfs.keys().filter(over).max_by_key(|path| path.len())?;
    let options = tmpfs.get(path)?;
    let is_inodes =
        options.contains("nr_inodes=") && (file.is_some() || !options.contains("size="));
    let text = say!("{} is a tmpfs with {}", Name::new(path), Name::new(options));
    Some(Full {
        is_inodes,
        place: Some(Name::new(path)),
        proof: vec![super::noted(view, text)],
    })
}

fn mount_of(view: &View<'_>, file: &str) -> Option<Name> {
    super::mount_over(view, file).map(|mount| mount.destination)
}
