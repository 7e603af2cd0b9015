//! What is said of a host key that ssh did not take: its fingerprint, and how to compare and accept
//! it. Nothing is accepted here.

use super::SshSettings;
use super::effective::{Effective, Way, flags};
use super::keys;
use crate::say;
use crate::text::{Clean, Name, Redactor};

/// What ssh held against the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    Changed,
    Revoked,
    Unknown,
}

impl Doubt {
    /// From ssh's own words.
    pub(super) fn read(said: &str) -> Option<Self> {
        if said.contains("REVOKED HOST KEY") {
            Some(Self::Revoked)
        } else if said.contains("HOST IDENTIFICATION HAS CHANGED") {
            Some(Self::Changed)
        } else {
            said.contains("Host key verification failed")
                .then_some(Self::Unknown)
        }
    }
}

pub(super) async fn about_host_key(
    settings: &SshSettings,
    host: &Effective,
    doubt: Doubt,
) -> Clean {
    let shapes = Redactor::shapes_only();
    let file = shapes.clean(&host.known_hosts);
    let (offers, add) = match host.way {
        Way::Direct => (offer(host).await, adding(settings, host)),
        Way::Jump(_) | Way::Program => (behind(&host.way), asking(settings)),
    };
    match doubt {
        Doubt::Unknown => say!(
            "the host's key is not known: {}. compare that with `ssh-keygen -lf` on the host itself, then add it: {}",
            offers,
            add
        ),
        Doubt::Changed => say!(
            "the host's key has CHANGED: it is not the one in `{}`; {}. someone may stand between, or the host was set up anew; if the fingerprint is right, remove the old key with `ssh-keygen -R {} -f {}` and add the new one: {}",
            file,
            offers,
            shapes.clean(&host.known_as()),
            file,
            add
        ),
        Doubt::Revoked => say!(
            "the host's key is REVOKED in `{}`; {}. find out why it was revoked; the host needs a new key",
            file,
            offers
        ),
    }
}

async fn offer(host: &Effective) -> Clean {
    let offered = keys::offered(host).await;
    let shown: Vec<Clean> = offered
        .iter()
        .map(|key| say!("{} {}", Name::new(&key.kind), Name::new(&key.fingerprint)))
        .collect();
    if shown.is_empty() {
        say!("which it offers could not be read")
    } else {
        say!("it offers {}", Clean::join(&shown, ", "))
    }
}

fn behind(way: &Way) -> Clean {
    let what = match way {
        Way::Jump(hosts) => Redactor::shapes_only().clean(hosts),
        Way::Direct | Way::Program => say!("ProxyCommand"),
    };
    say!(
        "the host is behind `{}`, so which it offers cannot be asked for directly",
        what
    )
}

/// A scan knows the host by its address only, not by a name of the user's own.
fn adding(settings: &SshSettings, host: &Effective) -> Clean {
    if host.alias.is_some() {
        return asking(settings);
    }
    say!(
        "`ssh-keyscan -p {} {} >> {}`",
        host.port,
        Name::new(&host.host),
        Redactor::shapes_only().clean(&host.known_hosts)
    )
}

/// ssh itself shows the fingerprint and asks, whatever stands in between.
fn asking(settings: &SshSettings) -> Clean {
    let mut words = vec!["ssh -o StrictHostKeyChecking=ask".to_owned()];
    words.extend(flags(settings));
    words.push(settings.address.host.clone());
    let call = Redactor::shapes_only().clean(&words.join(" "));
    say!("`{}` shows its fingerprint and asks", call)
}

#[cfg(test)]
mod tests {
    use super::Doubt;

    #[test]
    fn only_what_ssh_says_of_a_key_is_about_a_key() {
        let silent = "Connection timed out during banner exchange\r\n\
                      Connection to 192.0.2.1 port 22 timed out";
        let lost = "kex_exchange_identification: Connection closed by remote host";
        let other = "Unable to negotiate: no matching host key type found. Their offer: ssh-dss";
        for said in [silent, lost, other, ""] {
            assert_eq!(Doubt::read(said), None, "{said}");
        }
        let failed = "Host key verification failed.";
        assert_eq!(Doubt::read(failed), Some(Doubt::Unknown));
        let changed = format!("WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!\n{failed}");
        assert_eq!(Doubt::read(&changed), Some(Doubt::Changed));
        let revoked = format!("WARNING: REVOKED HOST KEY DETECTED!\n{failed}");
        assert_eq!(Doubt::read(&revoked), Some(Doubt::Revoked));
    }
}
