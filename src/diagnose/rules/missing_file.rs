//! A file that it needs is not there.

use super::Rule;
use super::{again_and_again, by_hand, named, recreate, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::MissingFile,
    why: "The file was not copied into the image, the path is wrong, or the mount that should bring it is missing.",
    example: "ENOENT: no such file or directory, open '/etc/app/config.yml'",
    verify: "the file is there in the container, and the service stays up",
    prevention: &[
        "let the start fail early with a message that names the file, and copy or mount it in the same place in every environment",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::MissingFile])?;
    let file = named(said.1, "file", "a file");
    let summary = say!(
        "{} needs {}, which is not there{}",
        view.name(),
        file,
        again_and_again(view)
    );
    let mut finding = said_finding(view, Cause::MissingFile, said, summary);
    let mount = said
        .1
        .name("file")
        .and_then(|file| super::mount_over(view, file.as_str()));
    let text = match mount {
        Some(mount) => {
            finding.evidence.push(super::noted(
                view,
                say!("{} is mounted from {}", mount.destination, mount.source),
            ));
            say!(
                "put {} into {} on the host, which is mounted at {}",
                file,
                mount.source,
                mount.destination
            )
        }
        None => say!(
            "copy {} into the image of {} or mount it there, or correct the path",
            file,
            view.name()
        ),
    };
    finding.fixes.push(by_hand(text, Risk::Change));
    finding.fixes.push(recreate(view));
    Some(finding)
}
