//! It may not write where it has to: the volume belongs to another user.

use super::Rule;
use super::{again_and_again, by_hand, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;
use crate::text::Name;

pub const RULE: Rule = Rule {
    cause: Cause::VolumePermission,
    why: "A volume or bind mount belongs to root, or to the user of another image, and the process runs as somebody else.",
    example: "EACCES: permission denied, open '/data/state.json'",
    verify: "the user of the container can write to the path",
    prevention: &[
        "Dockerfile: RUN mkdir -p /data && chown app /data before VOLUME and USER; a named volume takes over the owner of the directory it is mounted on",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::VolumePermission])?;
    let file = said.1.name("file").or_else(|| said.1.name("directory"));
    let mount = file
        .and_then(|file| super::mount_over(view, file.as_str()))
        .or_else(|| super::only_mount(view));
    let place = match (&mount, file) {
        (Some(mount), _) => say!("`{}`", mount.destination),
        (None, Some(file)) => say!("`{}`", file),
        (None, None) => say!("its data"),
    };
    let user = view
        .setup()
        .map(|setup| setup.settings.user.as_str())
        .filter(|user| !user.is_empty());
    let user = user.map_or_else(
        || say!("its user"),
        |user| say!("user `{}`", Name::new(user)),
    );
    let summary = say!(
        "{} may not write to {} as {}{}",
        view.name(),
        place,
        user,
        again_and_again(view)
    );
    let mut finding = said_finding(view, Cause::VolumePermission, said, summary);
    if let Some(mount) = mount {
        finding.evidence.push(super::noted(
            view,
            say!(
                "{} is mounted at {}; the process runs as {}",
                mount.source,
                mount.destination,
                user
            ),
        ));
        finding.fixes.push(super::look(
            say!("see who owns it"),
            say!(
                "docker run --rm --volumes-from {} --entrypoint ls {} -ldn {}",
                view.container,
                Name::new(view.setup().map_or("", |setup| &setup.image)),
                mount.destination
            ),
        ));
    }
    finding.fixes.push(by_hand(
        say!(
            "give {} to the user that {} runs as (chown on the volume), or run it as the owner",
            place,
            view.name()
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::restart(view));
    Some(finding)
}
