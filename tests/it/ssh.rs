//! Hosts over SSH, through a real sshd on loopback and the real engine behind it.

use dogwatch::engine::EngineError;
use dogwatch::host::Fleet;
use dogwatch::host::fleet::Reach;
use dogwatch::host::ssh::SshHost;

use crate::support::real_engine::real_engine;
use crate::support::sshd::Sshd;
use crate::support::tester::Tester;

#[tokio::test]
async fn the_engine_behind_a_host_answers_and_so_does_the_machine() {
    let (Some(local), Some(sshd)) = (real_engine().await, Sshd::start()) else {
        return;
    };
    let host = SshHost::new(sshd.settings());
    let engine = host.engine().await.unwrap();
    assert_eq!(
        engine.about().await.unwrap().version,
        local.about().await.unwrap().version
    );
    let facts = host.facts().await.unwrap();
    assert!(
        facts.load.is_some() && facts.memory.is_some() && facts.disks.len() == 1,
        "{facts:?}"
    );
    let again = host.engine().await.unwrap();
    assert_eq!(
        again.endpoint(),
        engine.endpoint(),
        "the same session serves the second look"
    );
    let same = engine.endpoint();
    host.close_if_idle(std::time::Duration::from_hours(1)).await;
    assert_eq!(
        host.engine().await.unwrap().endpoint(),
        same,
        "it was not idle"
    );
    host.close_if_idle(std::time::Duration::ZERO).await;
    assert_ne!(
        host.engine().await.unwrap().endpoint(),
        same,
        "closed, and opened anew"
    );
}

#[tokio::test]
async fn a_key_that_is_not_known_is_refused_with_its_fingerprint() {
    let Some(sshd) = Sshd::start() else { return };
    std::fs::write(sshd.path("known_hosts"), "").unwrap();
    let said = refusal(&sshd).await;
    assert!(
        said.contains("the host's key is not known: it offers ssh-ed25519 SHA256:"),
        "{said}"
    );
    assert!(said.contains("ssh-keyscan -p"), "{said}");
    assert_eq!(
        std::fs::read_to_string(sshd.path("known_hosts")).unwrap(),
        "",
        "nothing was accepted in silence"
    );
}

#[tokio::test]
async fn a_key_that_changed_is_refused_and_said_to_have_changed() {
    let Some(sshd) = Sshd::start() else { return };
    sshd.trust("stranger");
    let said = refusal(&sshd).await;
    assert!(said.contains("has CHANGED"), "{said}");
    assert!(
        said.contains("SHA256:") && said.contains("ssh-keygen -R"),
        "{said}"
    );
}

#[tokio::test]
async fn a_login_that_is_refused_says_which_key_and_where_it_belongs() {
    let Some(sshd) = Sshd::start() else { return };
    let mut settings = sshd.settings();
    settings.identity_file = Some(sshd.path("stranger"));
    let host = SshHost::new(settings);
    let error = host.engine().await.unwrap_err();
    assert!(matches!(error, EngineError::Denied { .. }), "{error:?}");
    assert!(error.to_string().contains("authorized_keys"), "{error}");
}

#[tokio::test]
async fn a_dead_host_is_asked_once_and_then_left_alone_for_a_while() {
    let Some(mut sshd) = Sshd::start() else {
        return;
    };
    sshd.stop();
    // nobody else may listen there meanwhile
    let kept = sshd.kept_port();
    let host = SshHost::new(sshd.settings());
    let first = host.engine().await.unwrap_err();
    assert!(
        matches!(first, EngineError::Unreachable { .. }),
        "{first:?}"
    );
    drop(kept);
    sshd.restart();
    let second = host.engine().await.unwrap_err();
    assert_eq!(first, second, "within the pause nobody tries again");
}

#[tokio::test]
async fn a_session_that_died_is_rebuilt() {
    let (Some(_), Some(mut sshd)) = (real_engine().await, Sshd::start()) else {
        return;
    };
    let host = SshHost::new(sshd.settings());
    let before = host.engine().await.unwrap();
    sshd.restart();
    let mut rebuilt = None;
    for _ in 0..100 {
        if let Ok(engine) = host.engine().await
            && engine.endpoint() != before.endpoint()
        {
            rebuilt = Some(engine);
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(rebuilt.expect("a new session").about().await.is_ok());
}

#[tokio::test]
async fn one_dead_host_does_not_hide_the_others() {
    let (Some(_), Some(mut sshd)) = (real_engine().await, Sshd::start()) else {
        return;
    };
    let live = sshd.settings();
    let mut dead = sshd.settings();
    dead.address.port = Some(1);
    let shop = Tester::with(|bot| {
        bot.fleet = Fleet::new([
            ("alive".to_owned(), Reach::Ssh(live)),
            ("dead".to_owned(), Reach::Ssh(dead)),
        ]);
    });
    let status = shop.say("status").await;
    assert!(status.text.contains("alive"), "{}", status.text);
    assert!(
        status
            .text
            .contains("dead: host `dead`: no engine at `ssh://root@127.0.0.1:1`"),
        "{}",
        status.text
    );
    let hosts = shop.say("hosts").await;
    assert_eq!(hosts.first_line(), "1 of 2 hosts do not answer");
    sshd.stop();
}

async fn refusal(sshd: &Sshd) -> String {
    let error = SshHost::new(sshd.settings()).engine().await.unwrap_err();
    assert!(matches!(error, EngineError::Denied { .. }), "{error:?}");
    error.to_string()
}
