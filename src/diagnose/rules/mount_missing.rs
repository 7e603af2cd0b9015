//! What should be mounted is not there on the host: the engine makes an empty directory in its place,
//! or cannot mount a directory over a file.

use super::Rule;
use super::{by_hand, recreate};
use crate::action::Risk;
use crate::action::container::Mount;
use crate::diagnose::Confidence;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;
use crate::text::Name;

pub const RULE: Rule = Rule {
    cause: Cause::MountMissing,
    why: "When the source of a bind mount does not exist, the engine creates an empty directory with its name. The program then finds a directory where it expects a file.",
    example: "EISDIR: illegal operation on a directory, read; Are you trying to mount a directory onto a file",
    verify: "the source is a file on the host, and the service stays up",
    prevention: &[
        "compose: volumes: - {type: bind, source: ./app.conf, target: /etc/app.conf, bind: {create_host_path: false}} fails when the source is missing",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    engine_refused(view).or_else(|| directory_in_its_place(view))
}

fn engine_refused(view: &View<'_>) -> Option<Finding> {
    const WORDS: &[&str] = &[
        "Are you trying to mount a directory onto a file",
        "bind source path does not exist",
        "error while mounting volume",
        "failed to mount",
        "error mounting",
    ];
    let (line, state) = view.state()?;
    let error = state.error.as_str();
    if !WORDS.iter().any(|word| error.contains(word)) {
        return None;
    }
    let mounts = view
        .setup()
        .map(|setup| setup.mounts.as_slice())
        .unwrap_or_default();
    let mount = mounts
        .iter()
        .find(|mount| error.contains(&mount.destination));
    let summary = match mount {
        Some(mount) => say!(
            "{} cannot start: what should be mounted at {} is missing on the host",
            view.name(),
            Name::new(&mount.destination)
        ),
        None => say!(
            "{} cannot start: a mount is missing on the host",
            view.name()
        ),
    };
    let finding = view.finding(Cause::MountMissing, Confidence::Certain, summary, &[line]);
    Some(with_advice(view, finding, mount))
}

fn directory_in_its_place(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::MountMissing])?;
    let file = said.1.name("file").map(crate::text::Clean::as_str);
    let mounts = view
        .setup()
        .map(|setup| setup.mounts.as_slice())
        .unwrap_or_default();
    let is_it = |mount: &&Mount| match file {
        Some(file) => mount.destination == file,
        None => {
            mount.kind == "bind"
                && mount
                    .destination
                    .rsplit('/')
                    .next()
                    .is_some_and(|name| name.contains('.'))
        }
    };
    let mount = mounts.iter().find(is_it);
    let (what, confidence) = match (mount, said.1.name("file")) {
        (Some(mount), _) => (
            say!("`{}`", Name::new(&mount.destination)),
            Confidence::Certain,
        ),
        (None, Some(file)) => (say!("`{}`", file), Confidence::Likely),
        (None, None) => return None,
    };
    let summary = say!(
        "{} finds a directory where it expects the file {}: its source is missing on the host",
        view.name(),
        what
    );
    let mut finding = super::said_finding(view, Cause::MountMissing, said, summary);
    finding.confidence = confidence;
    Some(with_advice(view, finding, mount))
}

fn with_advice(view: &View<'_>, mut finding: Finding, mount: Option<&Mount>) -> Finding {
    if let Some(mount) = mount {
        let (source, destination) = (Name::new(&mount.source), Name::new(&mount.destination));
        finding.evidence.push(super::noted(
            view,
            say!("{} is mounted at {}", source, destination),
        ));
        finding.fixes.push(super::look(
            say!("see what is there on the host"),
            say!("ls -ld {}", source),
        ));
        finding.fixes.push(by_hand(
            say!(
                "put the file at {} on the host; remove the empty directory the engine made",
                source
            ),
            Risk::Change,
        ));
    } else {
        finding.fixes.push(by_hand(
            say!("put what {} mounts in its place on the host", view.name()),
            Risk::Change,
        ));
    }
    finding.fixes.push(recreate(view));
    finding
}
