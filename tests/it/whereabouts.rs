//! A name without its host: found where it is configured, or where it is seen, over a real sshd with
//! the real engine behind it, beside a simulated engine on this machine.

use std::sync::Arc;
use std::time::Duration;

use dogwatch::access::{Allow, Policy};
use dogwatch::bot::there::typeable;
use dogwatch::bot::{Bot, Outcome};
use dogwatch::engine::Endpoint;
use dogwatch::host::Fleet;
use dogwatch::host::fleet::Reach;
use dogwatch::sim::{Simulation, demo_world};
use dogwatch::stack::{Site, Sites};
use tokio::time::Instant;

use crate::support::compose_shop::with_environments;
use crate::support::real_engine::{real_engine, within};
use crate::support::real_stack::{POLITE, Real};
use crate::support::sim_fixture::simulate;
use crate::support::sshd::Sshd;

/// A stack that runs on the host `vps`, and the shop of the demo on `local`.
struct Two {
    real: Real,
    _simulation: (Simulation, tempfile::TempDir),
    _sshd: Sshd,
}

/// Nothing that is waited for takes longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_mins(2);

/// Says it again until every host has answered in time, which a busy machine may keep them from.
async fn patient(real: &Real, line: &str) -> (Outcome, String) {
    let until = Instant::now() + PATIENCE;
    loop {
        let answer = real.says(line).await;
        if answer.0 != Outcome::Unreachable || Instant::now() > until {
            return answer;
        }
    }
}

impl Two {
    async fn new() -> Option<Self> {
        real_engine().await?;
        let sshd = Sshd::start()?;
        let simulation = simulate(demo_world());
        let here = Endpoint::Unix(simulation.0.socket().to_path_buf());
        let fleet = Fleet::new([
            ("local".to_owned(), Reach::Socket(here)),
            ("vps".to_owned(), Reach::Ssh(sshd.settings())),
        ]);
        let real = Real::through(fleet).await?;
        real.service("depot", &[], POLITE);
        Some(Self {
            real,
            _simulation: simulation,
            _sshd: sshd,
        })
    }

    fn change(&mut self, change: impl FnOnce(&mut Bot)) {
        change(Arc::get_mut(&mut self.real.bot).unwrap());
    }

    /// The stack is called `store` in the configuration, and something else by compose.
    fn configured(&mut self) {
        let site = Site {
            stack: "store".into(),
            project: self.real.stack.clone(),
            host: "vps".into(),
            environment: Some("prod".into()),
            ..Site::default()
        };
        self.change(|bot| {
            bot.conduct.sites = Sites::of([site]);
            with_environments(bot);
            // one person confirms in these tests
            bot.confirm_changes = false;
        });
    }
}

#[tokio::test]
async fn a_configured_stack_is_found_on_its_host_by_every_word() {
    let Some(mut two) = Two::new().await else {
        return;
    };
    two.configured();
    let real = &two.real;
    for line in [
        "status store",
        "health store",
        "stats store",
        "events store",
        "logs store/depot",
        "inspect store/depot",
        "top store/depot",
        "diagnose store/depot",
        "plan restart service=store/depot",
        "plan soft-restart stack=store",
        "status vps:store",
        "status STACK",
    ] {
        let (outcome, text) = real.says(line).await;
        assert_eq!(outcome, Outcome::Done, "{line}: {text}");
    }
    let (_, text) = real.says("status store").await;
    let place = format!("{} (prod) on vps: all 1 services are well", real.stack);
    assert!(text.starts_with(&place), "{text}");
    let (_, text) = real.says("plan soft-restart stack=store").await;
    assert!(text.contains("vps") && text.contains("(prod)"), "{text}");
    let before = real.started("depot");
    let (_, text) = real.says("restart store/depot").await;
    assert!(text.contains("(prod)"), "{text}");
    let (outcome, text) = real.approved("").await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    assert!(real.started("depot") > before);
    let there = real.bot.there(None).await;
    let names = typeable(&there, &real.bot.conduct.sites);
    for name in ["store", &format!("{}/depot", real.stack)] {
        assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
    }
}

#[tokio::test]
async fn what_is_on_one_host_only_needs_no_host_in_front() {
    let Some(two) = Two::new().await else { return };
    let real = &two.real;
    for line in [
        "status STACK",
        "logs STACK/depot",
        "inspect STACK-depot-1",
        "plan restart service=STACK/depot",
        "plan soft-restart stack=STACK",
        "plan soft-restart stack=vps:STACK",
        "status shop",
    ] {
        let (outcome, text) = patient(real, line).await;
        assert_eq!(outcome, Outcome::Done, "{line}: {text}");
    }
    let before = real.started("depot");
    let (outcome, text) = patient(real, "restart STACK/depot").await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    assert!(real.started("depot") > before);
    let (outcome, text) = patient(real, "logs STACK/depott").await;
    assert_eq!(outcome, Outcome::Usage, "{text}");
    let words = format!(
        "there is no `{0}/depott` on local, vps; did you mean `vps:{0}/depot`?",
        real.stack
    );
    assert!(text.contains(&words), "{text}");
}

#[tokio::test]
async fn what_is_on_several_hosts_is_asked_about() {
    let (Some(_), Some(near), Some(far)) = (real_engine().await, Sshd::start(), Sshd::start())
    else {
        return;
    };
    let fleet = Fleet::new([
        ("far".to_owned(), Reach::Ssh(far.settings())),
        ("near".to_owned(), Reach::Ssh(near.settings())),
    ]);
    let Some(mut real) = Real::through(fleet).await else {
        return;
    };
    real.service("depot", &[], POLITE);
    let before = real.started("depot");
    for line in [
        "restart STACK/depot",
        "run restart service=STACK/depot",
        "restart near:STACK/depot STACK/depot",
    ] {
        let (outcome, text) = patient(&real, line).await;
        assert_eq!(outcome, Outcome::Usage, "{line}: {text}");
        let words = format!(
            "`{0}/depot` is in several places; say which: far:{0}/depot, near:{0}/depot",
            real.stack
        );
        assert!(text.contains(&words), "{line}: {text}");
    }
    assert_eq!(real.started("depot"), before, "nothing was guessed");
    let (outcome, text) = real.says("logs near:STACK/depot").await;
    assert_eq!(outcome, Outcome::Done, "{text}");

    let site = |host: &str, environment: &str| Site {
        stack: "store".into(),
        project: real.stack.clone(),
        host: host.into(),
        environment: Some(environment.into()),
        ..Site::default()
    };
    let sites = Sites::of([site("far", "dev"), site("near", "prod")]);
    Arc::get_mut(&mut real.bot).unwrap().conduct.sites = sites;
    let (outcome, text) = real.says("status store").await;
    assert_eq!(outcome, Outcome::Usage, "{text}");
    let words = format!("far:{0} (dev), near:{0} (prod)", real.stack);
    assert!(text.contains(&words), "{text}");
}

#[tokio::test]
async fn a_host_that_is_silent_hides_nothing_that_is_elsewhere() {
    let (Some(_), Some(sshd)) = (real_engine().await, Sshd::start()) else {
        return;
    };
    let mut dead = sshd.settings();
    dead.address.port = Some(1);
    let fleet = Fleet::new([
        ("dead".to_owned(), Reach::Ssh(dead)),
        ("vps".to_owned(), Reach::Ssh(sshd.settings())),
    ]);
    let Some(real) = Real::through(fleet).await else {
        return;
    };
    real.service("depot", &[], POLITE);
    let (outcome, text) = patient(&real, "status STACK").await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    let before = real.started("depot");
    within(PATIENCE, "only one host is silent", || async {
        let (outcome, text) = real.says("restart STACK/depot").await;
        assert_eq!(outcome, Outcome::Unreachable, "{text}");
        text.contains("but dead did not answer and may have one too; write `vps:")
    })
    .await;
    assert_eq!(real.started("depot"), before, "nothing was guessed");
    let (outcome, text) = real.says("status STACK-no-such").await;
    assert_eq!(outcome, Outcome::Unreachable, "{text}");
    assert!(
        text.contains("dead did not answer, so it may be there"),
        "{text}"
    );
    let (outcome, text) = real.says("health").await;
    assert_eq!(outcome, Outcome::Unreachable, "{text}");
    let first = text.lines().next().unwrap_or_default();
    assert!(
        first.contains("on 2 hosts") && first.ends_with("not seen: dead"),
        "{first}"
    );
    let (_, text) = real.says("health --all").await;
    let row = text
        .lines()
        .find(|line| line.contains(&real.stack) && line.contains("depot"));
    let row = row.unwrap_or_else(|| panic!("{text}"));
    assert!(row.contains("vps") && row.contains("running"), "{row}");
}

#[tokio::test]
async fn who_may_not_read_a_stack_does_not_learn_where_it_is() {
    let Some(mut two) = Two::new().await else {
        return;
    };
    let allow = Allow::parse("shop:read").unwrap();
    two.change(|bot| {
        bot.policy = Policy::new(
            vec![("guest".to_owned(), vec![allow])],
            vec![("console:anna".to_owned(), vec!["guest".to_owned()])],
        );
    });
    let real = &two.real;
    let known = patient(real, "status STACK").await;
    let hidden = patient(real, "status no-such-STACK").await;
    assert_eq!(known.0, hidden.0, "{}", known.1);
    assert_eq!(known.1, hidden.1.replace("no-such-", ""));
    assert!(!known.1.contains("vps:"), "{}", known.1);
}
