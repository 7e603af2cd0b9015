//! Host keys: which the host offers, by fingerprint, and whether one is known. Reads only.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest, Sha256};
use tokio::process::Command;
use tokio::time::timeout;

use super::SshSettings;
use crate::host::settings::SshAddress;

const PATIENCE: Duration = Duration::from_secs(6);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OfferedKey {
    /// `ssh-ed25519`
    pub(super) kind: String,
    /// `SHA256:…`, as ssh shows it.
    pub(super) fingerprint: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Yes,
    No,
}

/// The keys that the host shows to anybody; none where it cannot be asked directly.
pub(super) async fn offered(address: &SshAddress) -> Vec<OfferedKey> {
    let port = address.port.unwrap_or(22).to_string();
    let output = run(
        "ssh-keyscan",
        &["-T", "4", "-p", &port, "--", &address.host],
    )
    .await
    .unwrap_or_default();
    let mut keys: Vec<OfferedKey> = output.lines().filter_map(read).collect();
    keys.sort_by(|a, b| a.kind.cmp(&b.kind));
    keys.dedup();
    keys
}

/// `host ssh-ed25519 AAAA…`
fn read(line: &str) -> Option<OfferedKey> {
    let mut words = line.split_whitespace();
    let (_, kind, key) = (
        words.next().filter(|host| !host.starts_with('#'))?,
        words.next()?,
        words.next()?,
    );
    let digest = Sha256::digest(STANDARD.decode(key).ok()?);
    Some(OfferedKey {
        kind: kind.to_owned(),
        fingerprint: format!("SHA256:{}", STANDARD_NO_PAD.encode(digest)),
    })
}

/// Whether any key of the host is in the file that is looked at.
pub(super) async fn known(settings: &SshSettings) -> Known {
    let SshAddress { host, port, .. } = &settings.address;
    let name = match port {
        Some(port) if *port != 22 => format!("[{host}]:{port}"),
        _ => host.clone(),
    };
    let file = settings.known_hosts_file.clone().or_else(usual_file);
    let Some(file) = file.as_ref().and_then(|file| file.to_str()) else {
        return Known::No;
    };
    match run("ssh-keygen", &["-F", &name, "-f", file]).await {
        Some(found) if !found.trim().is_empty() => Known::Yes,
        _ => Known::No,
    }
}

fn usual_file() -> Option<PathBuf> {
    nix::unistd::User::from_uid(nix::unistd::getuid())
        .ok()
        .flatten()
        .map(|user| user.dir.join(".ssh/known_hosts"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "programs of this machine start in `host`"
)]
async fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(PATIENCE, command.output()).await.ok()?.ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_those_that_ssh_shows() {
        // the digest is over whatever bytes the key has
        let line = "[127.0.0.1]:22022 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ7hSEg8rBh8BoCTGxLP3eEEGqA4tM3M4aD3fRmGHxC";
        let key = read(line).unwrap();
        assert_eq!(key.kind, "ssh-ed25519");
        assert!(
            key.fingerprint.starts_with("SHA256:") && key.fingerprint.len() == 50,
            "{}",
            key.fingerprint
        );
        assert_eq!(read("# 127.0.0.1:22 SSH-2.0-OpenSSH_9.2"), None);
        assert_eq!(read("host ssh-rsa not*base64"), None);
    }
}
