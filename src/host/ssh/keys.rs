//! Host keys: which the host offers, by fingerprint. Reads only.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

use super::effective::{Effective, run};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OfferedKey {
    /// `ssh-ed25519`
    pub(super) kind: String,
    /// `SHA256:…`, as ssh shows it.
    pub(super) fingerprint: String,
}

/// The keys that the host shows to anybody who asks it directly.
pub(super) async fn offered(host: &Effective) -> Vec<OfferedKey> {
    let port = host.port.to_string();
    let arguments = ["-T", "4", "-p", &port, "--", &host.host].map(str::to_owned);
    let output = run("ssh-keyscan", &arguments).await.unwrap_or_default();
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
