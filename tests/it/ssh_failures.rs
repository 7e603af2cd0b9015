//! Hosts that go wrong in the ways hosts do: nobody by that name, another key, a server that dies in
//! the middle of a command, a cable that is pulled in the middle of a run, one that says nothing.
//! A run keeps its promises through it: nothing is done twice, and what happened is found out.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use dogwatch::bot::Outcome;
use dogwatch::clock::Clock;
use dogwatch::engine::EngineError;
use dogwatch::host::Fleet;
use dogwatch::host::fleet::Reach;
use dogwatch::host::program::{Program, ProgramError};
use dogwatch::host::ssh::SshHost;
use dogwatch::run::Recovery;
use dogwatch::store::{RunFilter, RunRecord, RunState};

use crate::support::real_engine::{eventually, program, real_engine, within};
use crate::support::real_stack::Real;
use crate::support::sshd::Sshd;
use crate::support::tester::Tester;

/// Takes its time to stop, so that a restart can be caught in the middle.
const SLOW: &[&str] = &[
    "sh",
    "-c",
    "trap 'sleep 4; exit 0' TERM; while :; do sleep 0.1; done",
];

/// A dead host is tried again after a minute at the latest.
const PATIENCE: Duration = Duration::from_mins(2);

fn fleet(sshd: &Sshd) -> Fleet {
    Fleet::new([("vps".to_owned(), Reach::Ssh(sshd.settings()))])
}

#[tokio::test]
async fn nobody_by_that_name_is_said_with_the_name() {
    let Some(sshd) = Sshd::start() else { return };
    let mut settings = sshd.settings();
    settings.address.user = Some("no-such-person".into());
    let error = SshHost::new(settings).engine().await.unwrap_err();
    assert!(matches!(error, EngineError::Denied { .. }), "{error:?}");
    assert!(error.to_string().contains("`no-such-person`"), "{error}");
}

#[tokio::test]
async fn a_key_that_changes_while_we_are_connected_ends_it() {
    let (Some(_), Some(mut sshd)) = (real_engine().await, Sshd::start()) else {
        return;
    };
    let host = SshHost::new(sshd.settings());
    host.engine().await.unwrap();
    sshd.change_key();
    within(PATIENCE, "the new key is refused", || async {
        match host.engine().await {
            Err(EngineError::Denied { advice, .. }) => advice.as_str().contains("has CHANGED"),
            _ => false,
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_that_dies_under_a_command_is_said_to() {
    let (Some(_), Some(mut sshd)) = (real_engine().await, Sshd::start()) else {
        return;
    };
    let host = SshHost::new(sshd.settings());
    let place = host.place().await.unwrap();
    let started = sshd.path("started");
    let script = format!("touch {}; sleep 60", started.display());
    let sleeping = Program {
        argv: vec!["sh".into(), "-c".into(), script],
        directory: PathBuf::from("/"),
        variables: Vec::new(),
        limit: Duration::from_secs(40),
    };
    let work = tokio::spawn(async move { place.run(&sleeping, &|_| {}).await });
    eventually("it runs", || async { started.exists() }).await;
    sshd.restart();
    let error = work.await.unwrap().unwrap_err();
    assert!(matches!(error, ProgramError::Broken(_)), "{error}");
    within(PATIENCE, "the host is back again", || async {
        match host.engine().await {
            Ok(engine) => engine.about().await.is_ok(),
            Err(_) => false,
        }
    })
    .await;
}

/// A run of `restart` over SSH, the cable pulled while the container stops.
struct Cut {
    real: Real,
    sshd: Sshd,
    before: String,
    /// What the engine told of the container since then: its own memory is short.
    events: Events,
    answer: tokio::task::JoinHandle<(Outcome, String)>,
}

struct Events {
    listener: Child,
    file: PathBuf,
}

impl Events {
    fn count(&self, action: &str) -> usize {
        let told = std::fs::read_to_string(&self.file).unwrap();
        told.lines().filter(|line| *line == action).count()
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.listener.kill().unwrap();
        self.listener.wait().unwrap();
    }
}

impl Cut {
    async fn in_the_middle() -> Option<Self> {
        let sshd = Sshd::elsewhere()?;
        let real = Real::through(fleet(&sshd)).await?;
        real.service("api", &[], SLOW);
        let before = real.started("api");
        let file = sshd.path("events");
        let listener = program("docker")
            .args(["events", "--format", "{{.Action}}", "--filter"])
            .arg(format!("container={}", real.name("api")))
            .stdout(Stdio::from(std::fs::File::create(&file).unwrap()))
            .spawn()
            .unwrap();
        let events = Events { listener, file };
        let answer = real.later("run restart service=STACK/api grace=20s");
        eventually("it is told to stop", || async { events.count("kill") > 0 }).await;
        sshd.namespace().pull();
        Some(Self {
            real,
            sshd,
            before,
            events,
            answer,
        })
    }

    async fn run(&self) -> RunRecord {
        let store = self.real.bot.store.get().await.unwrap();
        store.runs(&RunFilter::default()).await.unwrap().remove(0)
    }

    /// Restarted once: how often the engine started it says so, and it did not start again since.
    async fn was_restarted_once(&self) {
        eventually("the engine has restarted it", || async {
            self.real.started("api") > self.before
        })
        .await;
        eventually("the engine has told of it", || async {
            self.events.count("restart") > 0
        })
        .await;
        assert_eq!(self.events.count("restart"), 1);
    }
}

#[tokio::test]
async fn a_cable_that_is_pulled_in_the_middle_and_put_back_costs_time_only() {
    if real_engine().await.is_none() {
        return;
    }
    let Some(mut cut) = Cut::in_the_middle().await else {
        return;
    };
    cut.was_restarted_once().await;
    cut.sshd.namespace().put_back();
    let (outcome, text) = (&mut cut.answer).await.unwrap();
    assert_eq!(outcome, Outcome::Done, "{text}");
    assert_eq!(cut.run().await.state, RunState::Succeeded);
    cut.was_restarted_once().await;
}

#[tokio::test]
async fn a_cable_that_stays_out_leaves_a_run_to_be_taken_up_when_the_host_is_back() {
    if real_engine().await.is_none() {
        return;
    }
    let Some(mut cut) = Cut::in_the_middle().await else {
        return;
    };
    let (outcome, text) = (&mut cut.answer).await.unwrap();
    assert_eq!(outcome, Outcome::Failed, "{text}");
    assert!(
        text.contains("vps went away in the middle of `restart api`"),
        "{text}"
    );
    assert_eq!(cut.run().await.state, RunState::Unknown);
    cut.sshd.namespace().put_back();
    let bot = &cut.real.bot;
    within(PATIENCE, "the run is taken up", || async {
        let recovery = Recovery {
            store: bot.store.get().await.unwrap(),
            fleet: &bot.fleet,
            clock: Clock::System,
            hidden: &[],
            sites: &bot.conduct.sites,
            secrets: &bot.conduct.secrets,
            directory: cut.real.directory.path().to_owned(),
            expires: Duration::from_mins(15),
            waits: true,
        };
        Box::pin(recovery.run()).await.unwrap().len() == 1
    })
    .await;
    let run = cut.run().await;
    assert_eq!(run.state, RunState::Succeeded, "{}", run.detail);
    cut.was_restarted_once().await;
}

#[tokio::test]
async fn one_that_says_nothing_keeps_nobody_from_the_others() {
    let (Some(_), Some(mute), Some(near), Some(far)) = (
        real_engine().await,
        Sshd::elsewhere(),
        Sshd::start(),
        Sshd::elsewhere(),
    ) else {
        return;
    };
    let hosts = [("far", &far), ("mute", &mute), ("near", &near)];
    let shop = Tester::with(|bot| {
        let reach = |(name, sshd): (&str, &Sshd)| (name.to_owned(), Reach::Ssh(sshd.settings()));
        bot.fleet = Fleet::new(hosts.map(reach));
    });
    mute.freeze(true);
    let frozen = format!("root@{}", mute.settings().address.host);
    // however busy the machine is, in the end the others answer in time
    within(PATIENCE, "the others answer", || async {
        let said = shop.say("hosts").await;
        assert!(said.text.contains(&frozen), "{}", said.text);
        for words in ["key", "CHANGED"] {
            assert!(!said.text.contains(words), "{words}: {}", said.text);
        }
        said.first_line() == "1 of 3 hosts do not answer"
    })
    .await;
    mute.freeze(false);
    within(PATIENCE, "it is back", || async {
        !shop.say("hosts").await.text.contains("do not answer")
    })
    .await;
}

/// Where the journal cannot be written, nothing is done.
#[tokio::test]
async fn a_full_disk_stops_a_change_before_it_begins() {
    let Some(real) = Real::new().await else {
        return;
    };
    if !nix::unistd::getuid().is_root() {
        eprintln!("NOT RUN: needs root");
        return;
    }
    real.service("api", &[], &["sleep", "600"]);
    let started = real.started("api");
    let disk = tempfile::tempdir().unwrap();
    let mounted = program("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "none"])
        .arg(disk.path())
        .status()
        .unwrap();
    assert!(mounted.success());
    let says = |line: &[&str]| {
        let output = program(env!("CARGO_BIN_EXE_dogwatch"))
            .args(line)
            .env("DOGWATCH_STATE", disk.path())
            .env("HOME", disk.path())
            .current_dir("/")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let made = says(&["console", "--", "runs"]);
    let fill = format!("of={}", disk.path().join("full").display());
    let _full = program("dd")
        .args(["if=/dev/zero", &fill, "bs=4k"])
        .output()
        .unwrap();
    let service = format!("service={}/api", real.stack);
    let (code, text) = says(&["run", "restart", "-p", &service, "--yes"]);
    let unmounted = program("umount").arg(disk.path()).status().unwrap();
    assert!(unmounted.success());
    assert_eq!(made.0, Some(0), "{}", made.1);
    assert!(
        code == Some(1) && text.contains("disk is full"),
        "{code:?} {text}"
    );
    assert_eq!(real.started("api"), started);
}
