//! Hosts that take a connection and then say nothing: nobody has seen a key, so nobody speaks of one,
//! and nobody waits long for them.

use std::net::TcpListener;
use std::time::Duration;

use dogwatch::engine::EngineError;
use dogwatch::host::Fleet;
use dogwatch::host::fleet::Reach;
use dogwatch::host::ssh::{SshHost, SshSettings};

use crate::support::real_engine::{real_engine, within};
use crate::support::sshd::Sshd;
use crate::support::tester::Tester;

const PATIENCE: Duration = Duration::from_mins(2);

async fn is_unreachable(settings: SshSettings) {
    let error = SshHost::new(settings).engine().await.unwrap_err();
    assert!(
        matches!(error, EngineError::Unreachable { .. }),
        "{error:?}"
    );
    let said = error.to_string();
    assert!(said.contains("timed out"), "{said}");
    for words in ["key", "CHANGED", "stand between"] {
        assert!(!said.contains(words), "{words}: {said}");
    }
}

#[tokio::test]
async fn a_frozen_sshd_is_unreachable_and_its_key_has_not_changed() {
    let Some(sshd) = Sshd::start() else { return };
    sshd.freeze(true);
    is_unreachable(sshd.settings()).await;
    std::fs::write(sshd.path("known_hosts"), "").unwrap();
    is_unreachable(sshd.settings()).await;
    sshd.freeze(false);
}

#[tokio::test]
async fn a_listener_without_a_banner_is_unreachable() {
    let Some(sshd) = Sshd::start() else { return };
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = sshd.settings();
    settings.address.port = Some(mute.local_addr().unwrap().port());
    is_unreachable(settings).await;
}

#[tokio::test]
async fn what_answers_is_shown_first_with_how_many_there_are() {
    let (Some(local), Some(sshd)) = (real_engine().await, Sshd::start()) else {
        return;
    };
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = mute.local_addr().unwrap().port();
    let mut settings = sshd.settings();
    settings.address.port = Some(port);
    let shop = Tester::with(|bot| {
        bot.fleet = Fleet::new([
            ("a-mute".to_owned(), Reach::Ssh(settings)),
            ("here".to_owned(), Reach::Socket(local.endpoint().clone())),
        ]);
    });
    let address = format!("`ssh://root@127.0.0.1:{port}`");
    // however busy the machine is, in the end the local engine answers in time
    within(PATIENCE, "the one that answers is shown", || async {
        let said = shop.say("status").await;
        let text = &said.text;
        assert!(!text.contains("key"), "{text}");
        let first = said.first_line();
        first.starts_with("2 hosts: ")
            && first.ends_with("1 does not answer: a-mute")
            && text.contains(&address)
            && text.contains("here: ")
    })
    .await;
    within(PATIENCE, "and so in the list", || async {
        let said = shop.say("hosts").await;
        said.first_line() == "1 of 2 hosts do not answer" && said.text.contains(&address)
    })
    .await;
}

/// An established session is no better where the host stops answering on it.
#[tokio::test]
async fn a_host_that_falls_silent_under_a_session_is_named() {
    let (Some(_), Some(sshd)) = (real_engine().await, Sshd::elsewhere()) else {
        return;
    };
    let shop = Tester::with(|bot| {
        bot.fleet = Fleet::new([("vps".to_owned(), Reach::Ssh(sshd.settings()))]);
    });
    within(PATIENCE, "the session is there", || async {
        shop.say("status").await.text.contains("vps")
    })
    .await;
    sshd.namespace().pull();
    let said = shop.say("status").await;
    assert!(said.text.contains("host `vps`: "), "{}", said.text);
}
