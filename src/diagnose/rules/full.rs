//! "No space left": of the two that can run out, space and inodes, which one did, and where. The
//! error is the same for both.

use super::{again_and_again, by_hand, said_finding};
use crate::action::Risk;
use crate::diagnose::rank::find;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::evidence::{Citation, Evidence, Hit};
use crate::say;
use crate::stack::Key;
use crate::text::{Clean, Name};

struct Full {
    is_inodes: bool,
    /// The file system, where it is known.
    place: Option<Name>,
    proof: Vec<Citation>,
}

/// What the two causes say differently.
pub(super) struct Words {
    pub(super) cause: Cause,
    pub(super) lacks: &'static str,
    pub(super) look: &'static str,
    pub(super) mend: fn(&Clean) -> Clean,
}

pub(super) fn check(view: &View<'_>, words: &Words) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::DiskFull])?;
    let full = of(view, said.1);
    if full.is_inodes != (words.cause == Cause::InodesFull) {
        return None;
    }
    let server = super::server_beyond(view, said);
    if let Some(own) = server
        .as_ref()
        .and_then(|server| told_by(view, server, said.0))
    {
        return Some(own);
    }
    let file = said.1.name("file");
    let place = match (&full.place, file) {
        (Some(place), _) => say!("`{}`", place),
        (None, Some(file)) => say!("the disk of `{}`", file),
        (None, None) => say!("its disk"),
    };
    let who = server
        .as_ref()
        .map_or(view.name(), |server| &server.service);
    let again = again_and_again(view);
    let summary = say!("{} has no {} left in {}{}", who, words.lacks, place, again);
    let mut finding = said_finding(view, words.cause, said, summary);
    finding.evidence.extend(full.proof);
    finding.service = server.clone().unwrap_or_else(|| view.service.clone());
    finding.fixes.push(super::look(
        say!("see what is left"),
        say!("docker exec {} {}", view.container, words.look),
    ));
    finding
        .fixes
        .push(by_hand((words.mend)(&place), Risk::Change));
    finding.fixes.push(super::restart(view));
    Some(finding)
}

/// The server itself knows more than the client that repeats its words.
fn told_by(view: &View<'_>, server: &Key, line: &Evidence) -> Option<Finding> {
    let mut own = find(view.case, server, true)
        .filter(|own| matches!(own.cause, Cause::DiskFull | Cause::InodesFull))?;
    own.evidence.push(line.cite());
    Some(own)
}

/// The file system that is full, where it is known.
pub(in crate::diagnose) struct Place {
    pub(in crate::diagnose) path: Name,
    pub(in crate::diagnose) is_inodes: bool,
}

pub(in crate::diagnose) fn place(view: &View<'_>) -> Option<Place> {
    let said = view.decisive_of(&[Cause::DiskFull])?;
    let full = of(view, said.1);
    Some(Place {
        path: full.place?,
        is_inodes: full.is_inodes,
    })
}

/// Less than this left of a file system is nothing left.
const NOTHING: u64 = 64 * 1024;

fn of(view: &View<'_>, hit: &Hit) -> Full {
    measured(view)
        .or_else(|| configured(view, hit))
        .unwrap_or_else(|| Full {
            is_inodes: false,
            place: place_of(view, hit),
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
    let over = |path: &&String| {
        file.is_none_or(|file| !file.starts_with('/') || file.starts_with(path.as_str()))
    };
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

/// A server names its files from its own directory: then only one mount may be meant.
fn place_of(view: &View<'_>, hit: &Hit) -> Option<Name> {
    let mount = match hit.name("file").map(crate::text::Clean::as_str) {
        Some(file) if file.starts_with('/') => super::mount_over(view, file),
        _ => super::only_mount(view),
    };
    mount.map(|mount| mount.destination)
}
