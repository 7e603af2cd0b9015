//! Why ssh would not connect, and what to do about it. An unknown or changed host key is shown
//! with its fingerprint and never accepted.

use std::io;

use super::keys::{self, Known};
use super::{SshSettings, one_line};
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
    let about_key = said.contains("Host key")
        || said.contains("HOST IDENTIFICATION")
        || kind == io::ErrorKind::ConnectionAborted;
    if about_key {
        return EngineError::Denied {
            endpoint,
            advice: about_host_key(settings).await,
        };
    }
    if kind == io::ErrorKind::PermissionDenied || said.contains("Permission denied") {
        return EngineError::Denied {
            endpoint,
            advice: about_login(settings),
        };
    }
    EngineError::Unreachable {
        endpoint,
        why: one_line(&said),
    }
}

fn about_login(settings: &SshSettings) -> Clean {
    let user = settings
        .address
        .user
        .as_deref()
        .map_or_else(|| say!("the user"), |user| say!("`{}`", Name::new(user)));
    let with = match &settings.identity_file {
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

async fn about_host_key(settings: &SshSettings) -> Clean {
    let offered = keys::offered(&settings.address).await;
    let shown: Vec<Clean> = offered
        .iter()
        .map(|key| say!("{} {}", Name::new(&key.kind), Name::new(&key.fingerprint)))
        .collect();
    let shown = if shown.is_empty() {
        say!("it could not be read")
    } else {
        Clean::join(&shown, ", ")
    };
    let file = settings.known_hosts_file.as_ref().map_or_else(
        || "~/.ssh/known_hosts".to_owned(),
        |file| file.display().to_string(),
    );
    let file = Redactor::shapes_only().clean(&file);
    let (host, port) = (
        Name::new(&settings.address.host),
        settings.address.port.unwrap_or(22),
    );
    match keys::known(settings).await {
        Known::Yes => say!(
            "the host's key has CHANGED: it is not the one in `{}`; it offers {}. someone may stand between, or the host was set up anew; if the fingerprint is right, remove the old key with `ssh-keygen -R [{}]:{} -f {}` and add the new one",
            file,
            shown,
            host,
            port,
            file
        ),
        Known::No => say!(
            "the host's key is not known: it offers {}. compare that with `ssh-keygen -lf` on the host itself, then add it: `ssh-keyscan -p {} {} >> {}`",
            shown,
            port,
            host,
            file
        ),
    }
}
