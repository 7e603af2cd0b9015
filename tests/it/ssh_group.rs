//! A user of the host who is not in the group of its engine's socket: a real account, a real
//! socket with real permissions, and what is advised helps.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

use dogwatch::engine::{Endpoint, EngineError};
use dogwatch::host::ssh::SshHost;
use tokio::net::{UnixListener, UnixStream};

use crate::support::real_engine::real_engine;
use crate::support::sshd::Sshd;

/// Numbers that no account of a machine has.
const USER: u32 = 54_321;
const GROUP: u32 = 54_399;

/// The host's list of accounts, with one that can log in and is in no group of note.
fn accounts(sshd: &mut Sshd, members: &str) {
    let with = |file: &str, line: &str| fs::read_to_string(file).unwrap() + line;
    let passwd = format!("outsider:*:{USER}:{USER}::/tmp:/bin/sh\n");
    fs::write(sshd.path("passwd"), with("/etc/passwd", &passwd)).unwrap();
    let group = format!("engineers:x:{GROUP}:{members}\noutsider:x:{USER}:\n");
    fs::write(sshd.path("group"), with("/etc/group", &group)).unwrap();
}

/// The socket of an engine for root and the group; what comes is handed to the engine that is there.
fn guarded(sshd: &Sshd, engine: std::path::PathBuf) {
    let path = sshd.path("guarded.sock");
    let listener = UnixListener::bind(&path).unwrap();
    chown(&path, Some(0), Some(GROUP)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o660)).unwrap();
    tokio::spawn(async move {
        while let Ok((mut came, _)) = listener.accept().await {
            let engine = engine.clone();
            tokio::spawn(async move {
                let mut there = UnixStream::connect(engine).await.unwrap();
                // either side may hang up
                let _ended = tokio::io::copy_bidirectional(&mut came, &mut there).await;
            });
        }
    });
}

#[tokio::test]
async fn who_is_not_in_the_group_is_told_which_one_and_that_helps() {
    let (Some(engine), Some(mut sshd)) = (real_engine().await, Sshd::start()) else {
        return;
    };
    let Endpoint::Unix(socket) = engine.endpoint().clone() else {
        return;
    };
    // its keys are read as the user
    fs::set_permissions(sshd.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    guarded(&sshd, socket);
    accounts(&mut sshd, "");
    sshd.put(sshd.path("passwd"), "/etc/passwd");
    sshd.put(sshd.path("group"), "/etc/group");
    sshd.put(sshd.path("guarded.sock"), "/var/run/docker.sock");
    sshd.restart();
    let mut settings = sshd.settings();
    settings.address.user = Some("outsider".into());
    let error = SshHost::new(settings.clone()).engine().await.unwrap_err();
    assert!(matches!(error, EngineError::Denied { .. }), "{error:?}");
    let said = error.to_string();
    for words in [
        "`outsider` may not use `/var/run/docker.sock`",
        "`usermod -aG engineers outsider`",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }

    accounts(&mut sshd, "outsider");
    let host = SshHost::new(settings);
    let behind = host.engine().await.unwrap();
    assert_eq!(
        behind.about().await.unwrap().version,
        engine.about().await.unwrap().version
    );
}
