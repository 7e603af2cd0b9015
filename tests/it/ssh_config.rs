//! The ways in that people have set up for their own ssh: an agent, a host in between, certificates,
//! another name with another file of known hosts. A real sshd each time, and the real binary.

use std::fs;
use std::path::Path;

use crate::support::real_engine::program;
use crate::support::ssh_home::{Agent, SshHome};
use crate::support::sshd::Sshd;

fn two() -> Option<(SshHome, Sshd)> {
    Some((SshHome::new()?, Sshd::start()?))
}

fn address(sshd: &Sshd) -> String {
    format!("ssh: \"ssh://root@127.0.0.1:{}\"", sshd.port)
}

fn keygen(arguments: &[&str], file: &Path) {
    let made = program("ssh-keygen")
        .arg("-q")
        .args(arguments)
        .arg(file)
        .status();
    assert!(made.unwrap().success(), "ssh-keygen {arguments:?}");
}

#[test]
fn a_key_that_only_the_agent_has_opens_the_door() {
    let Some((mut home, sshd)) = two() else {
        return;
    };
    home.knows(&[&sshd]);
    home.host(&address(&sshd));
    let agent = Agent::beside(&sshd);
    agent.add(&sshd.path("user"));
    fs::remove_file(sshd.path("user")).unwrap();

    home.ask_agent(None);
    let refused = home.status().failed(3);
    assert!(
        refused.contains("refuses `root` with the keys of the agent and `~/.ssh`"),
        "{refused}"
    );
    home.ask_agent(Some(&agent.socket));
    home.status().done();
}

/// `inner` is reached through `gate`, as in the user's own `~/.ssh/config`.
fn behind(gate: &Sshd, inner: &Sshd) -> String {
    let host = |name: &str, sshd: &Sshd, more: &str| {
        let key = sshd.path("user");
        format!(
            "Host {name}\n  HostName 127.0.0.1\n  Port {}\n  User root\n  IdentityFile {}\n{more}",
            sshd.port,
            key.display()
        )
    };
    host("inner", inner, "  ProxyJump gate\n") + &host("gate", gate, "")
}

#[test]
fn a_host_in_between_is_passed_through() {
    let Some((home, inner)) = two() else { return };
    let Some(mut gate) = Sshd::start() else {
        return;
    };
    home.write("config", &behind(&gate, &inner));
    home.knows(&[&gate, &inner]);
    home.host("ssh: \"ssh://inner\"");
    home.status().done();

    home.knows(&[&gate]);
    let unknown = home.status().failed(3);
    for words in [
        "the host's key is not known",
        "behind `gate`",
        "`ssh -o StrictHostKeyChecking=ask inner` shows",
    ] {
        assert!(unknown.contains(words), "{words}: {unknown}");
    }
    assert!(!unknown.contains("ssh-keyscan"), "{unknown}");

    home.knows(&[&gate, &inner]);
    gate.stop();
    let closed = home.status().failed(3);
    assert!(
        closed.contains("`ssh://inner`") && closed.contains("behind `gate`"),
        "{closed}"
    );
    assert!(!closed.contains("key"), "{closed}");
}

#[test]
fn a_name_of_the_users_own_counts_with_its_file_of_known_hosts() {
    let Some((home, sshd)) = two() else { return };
    let known = sshd.path("known_by_name");
    let config = format!(
        "Host prod\n  HostName 127.0.0.1\n  Port {}\n  User root\n  IdentityFile {}\n  UserKnownHostsFile {}\n",
        sshd.port,
        sshd.path("user").display(),
        known.display()
    );
    home.write("config", &config);
    home.host("ssh: \"ssh://prod\"");
    fs::copy(sshd.path("known_hosts"), &known).unwrap();
    home.status().done();

    fs::write(&known, "").unwrap();
    let refused = home.status().failed(3);
    let fingerprint = fingerprint(&sshd);
    for words in [
        "is not known: it offers ssh-ed25519",
        &fingerprint,
        &format!(
            "ssh-keyscan -p {} 127.0.0.1 >> {}",
            sshd.port,
            known.display()
        ),
    ] {
        assert!(refused.contains(words), "{words}: {refused}");
    }

    let stranger = fs::read_to_string(sshd.path("stranger.pub")).unwrap();
    fs::write(&known, format!("{} {stranger}", sshd.known_as())).unwrap();
    let changed = home.status().failed(3);
    let remove = format!(
        "ssh-keygen -R [127.0.0.1]:{} -f {}",
        sshd.port,
        known.display()
    );
    for words in ["has CHANGED", &fingerprint, &remove] {
        assert!(changed.contains(words), "{words}: {changed}");
    }
}

/// As ssh shows it.
fn fingerprint(sshd: &Sshd) -> String {
    let shown = program("ssh-keygen")
        .arg("-lf")
        .arg(sshd.path("host.pub"))
        .output()
        .unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    shown.split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn certificates_count_on_both_sides() {
    let Some((home, mut sshd)) = two() else {
        return;
    };
    sshd.make_key("authority");
    let authority = sshd.path("authority");
    let authority = authority.to_str().unwrap();
    fs::write(sshd.path("authorized_keys"), "").unwrap();
    let public = sshd.path("authority.pub");
    sshd.configure(&format!("TrustedUserCAKeys {}", public.display()));
    let of_host = sshd.path("host-cert.pub");
    sshd.configure(&format!("HostCertificate {}", of_host.display()));
    keygen(
        &["-s", authority, "-I", "host", "-h", "-n", "127.0.0.1"],
        &sshd.path("host.pub"),
    );
    sshd.restart();
    let public = fs::read_to_string(public).unwrap();
    let trusted = format!("@cert-authority {} {public}", sshd.known_as());
    home.write("known_hosts", &trusted);
    let key = sshd.path("user");
    home.host(&format!(
        "{}, identity_file: \"{}\"",
        address(&sshd),
        key.display()
    ));
    let unsigned = home.status().failed(3);
    assert!(unsigned.contains("refuses `root`"), "{unsigned}");

    keygen(
        &["-s", authority, "-I", "anna", "-n", "root"],
        &sshd.path("user.pub"),
    );
    home.status().done();

    // the host's own certificate is gone: nobody vouches for its key any more
    home.write(
        "known_hosts",
        &trusted.replace("@cert-authority", "@revoked"),
    );
    let refused = home.status().failed(3);
    assert!(refused.contains("key"), "{refused}");
    let stranger = fs::read_to_string(sshd.path("stranger.pub")).unwrap();
    let other = format!("@cert-authority {} {stranger}", sshd.known_as());
    home.write("known_hosts", &other);
    let refused = home.status().failed(3);
    assert!(refused.contains("the host's key is not known"), "{refused}");
}

#[test]
fn a_key_that_is_not_there_is_told() {
    let Some((home, sshd)) = two() else { return };
    home.knows(&[&sshd]);
    let missing = sshd.path("nokey");
    let settings = format!(
        "{}, identity_file: \"{}\"",
        address(&sshd),
        missing.display()
    );
    home.host(&settings);
    let words = format!("the key `{}` is not there", missing.display());
    let refused = home.status().failed(3);
    assert!(refused.contains(&words), "{refused}");
    let doctor = home.call(&["doctor"]);
    assert_eq!(doctor.code, 3, "{doctor:?}");
    assert!(doctor.out.contains(&words), "{doctor:?}");
}
