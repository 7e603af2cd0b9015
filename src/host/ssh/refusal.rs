//! Why ssh would not connect, and what to do about it. Keys are spoken of only where ssh spoke of
//! them: a host that says nothing has shown none.

use std::io;

use super::about_key::{Doubt, about_host_key};
use super::effective::{Effective, Way};
use super::{SshSettings, key_is_missing, one_line};
use crate::engine::EngineError;
use crate::say;
use crate::text::{Clean, Name, Redactor};

/// The last thing that was said, without the chain around it.
pub(super) fn last_line(error: &openssh::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        text = inner.to_string();
        source = inner.source();
    }
    text
}

pub(super) async fn explain(settings: &SshSettings, error: &openssh::Error) -> EngineError {
    let endpoint = Redactor::shapes_only().clean(&settings.address.to_string());
    let said = last_line(error);
    let kind = match error {
        openssh::Error::Connect(inner) | openssh::Error::Master(inner) => inner.kind(),
        _ => io::ErrorKind::Other,
    };
    let effective = Effective::of(settings).await;
    if let Some(doubt) = Doubt::read(&said) {
        let advice = about_host_key(settings, &effective, doubt).await;
        return EngineError::Denied { endpoint, advice };
    }
    if kind == io::ErrorKind::PermissionDenied || said.contains("Permission denied") {
        return EngineError::Denied {
            endpoint,
            advice: about_login(settings),
        };
    }
    EngineError::Unreachable {
        endpoint,
        why: say!("{}{}", what_it_said(&said), in_between(&effective.way)),
    }
}

/// Who has silenced ssh in the configuration hears nothing from it.
fn what_it_said(said: &str) -> Clean {
    let line = one_line(said);
    if line.is_empty() {
        return say!("ssh ended without a word");
    }
    line
}

/// The host in between speaks to a program of its own, whose words are lost.
fn in_between(way: &Way) -> Clean {
    match way {
        Way::Direct => Clean::default(),
        Way::Jump(hosts) => {
            let hosts = Redactor::shapes_only().clean(hosts);
            say!(
                "; it is behind `{}`, and `ssh {}` tells whether that one lets you in",
                hosts,
                hosts
            )
        }
        Way::Program => say!("; it is behind the `ProxyCommand` of your ssh configuration"),
    }
}

fn about_login(settings: &SshSettings) -> Clean {
    let user = settings
        .address
        .user
        .as_deref()
        .map_or_else(|| say!("the user"), |user| say!("`{}`", Name::new(user)));
    let file = settings.identity_file.as_ref();
    if let Some(file) = file.filter(|file| key_is_missing(file)) {
        return say!(
            "the key `{}` is not there, so the host refuses {}; put it there, or set `identity_file` to the right one",
            Redactor::shapes_only().clean(&file.display().to_string()),
            user
        );
    }
    let with = match file {
        Some(file) => say!(
            "the key `{}`",
            Redactor::shapes_only().clean(&file.display().to_string())
        ),
        None => say!("the keys of the agent and `~/.ssh`"),
    };
    say!(
        "the host refuses {} with {}; put the public key into its `~/.ssh/authorized_keys`, or set `identity_file`",
        user,
        with
    )
}
