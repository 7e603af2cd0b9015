//! Two people, one bot, a built-in engine: what they type, and what the store keeps of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use dogwatch::access::{Allow, ApprovalSettings, Caller, Policy, Surface};
use dogwatch::bot::{Bot, Conduct, Incoming, Outcome, Reply, Voice, What};
use dogwatch::clock::Clock;
use dogwatch::engine::Endpoint;
use dogwatch::host::Fleet;
use dogwatch::runbook::Library;
use dogwatch::setting::Wait;
use dogwatch::sim::{Begins, Behaviour, ContainerSpec, OnTerm, Simulation, World};
use dogwatch::store::{Later, LeaseTerms, RunFilter, RunRecord, RunState, StateChange, Store};
use dogwatch::text::dialect::Dialect;
use dogwatch::text::write::write;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::real_engine::eventually;

pub(crate) struct Place {
    pub(crate) bot: Arc<Bot>,
    pub(crate) simulation: Simulation,
    pub(crate) directory: tempfile::TempDir,
}

pub(crate) fn service(stack: &str, name: &str, behaviour: Behaviour) -> ContainerSpec {
    ContainerSpec::new(&format!("{stack}-{name}-1"), "example:1")
        .label("com.docker.compose.project", stack)
        .label("com.docker.compose.service", name)
        .label("com.docker.compose.container-number", "1")
        .behaviour(behaviour)
        .begins(Begins::Running(Duration::from_hours(1)))
}

/// Leaves a second after it was asked to.
fn slow() -> Behaviour {
    Behaviour::idle().on_term(OnTerm::exits(1000, 0, &[]))
}

const OWN: &str = "name: two-steps\ntitle: Two\nrisk: change\nparams:\n  stack: { type: stack, required: true }\nsteps:\n  - id: first\n    container.restart: { services: api }\n  - id: gate\n    gate: is the queue empty?\n  - id: second\n    container.restart: { services: db }\nrollback:\n  - id: undo\n    container.start: { services: api }\n";

impl Place {
    pub(crate) fn new(expires: Option<Duration>) -> Self {
        Self::with(&[], |bot| bot.policy = policy(expires))
    }

    /// With further runbooks, and whatever else is to be different.
    pub(crate) fn with(runbooks: &[&str], change: impl FnOnce(&mut Bot)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("engine.sock");
        let world = World::new()
            .with(service("shop", "api", slow()))
            .with(service("shop", "db", Behaviour::idle()).volume("shop_data", "/data"))
            .with(service("blog", "web", slow()));
        let simulation = Simulation::start(world, &socket, Clock::System).unwrap();
        let own = directory.path().join("own");
        std::fs::create_dir(&own).unwrap();
        for (number, text) in runbooks.iter().chain(&[OWN]).enumerate() {
            std::fs::write(own.join(format!("{number}.yml")), text).unwrap();
        }
        let mut bot = Bot {
            fleet: Fleet::local(Endpoint::Unix(socket)),
            clock: Clock::System,
            policy: policy(None),
            secrets: Vec::new(),
            store: Later::in_memory(),
            confirm_changes: false,
            conduct: Conduct {
                library: Library::new(Some(own)),
                directory: directory.path().to_owned(),
                ..Conduct::default()
            },
        };
        change(&mut bot);
        Self {
            bot: Arc::new(bot),
            simulation,
            directory,
        }
    }

    pub(crate) async fn says(&self, who: &str, line: &str) -> (Outcome, String) {
        says(Arc::clone(&self.bot), who.to_owned(), line.to_owned()).await
    }

    pub(crate) fn later(&self, who: &str, line: &str) -> JoinHandle<(Outcome, String)> {
        tokio::spawn(says(Arc::clone(&self.bot), who.to_owned(), line.to_owned()))
    }

    pub(crate) async fn store(&self) -> &Store {
        self.bot.store.get().await.unwrap()
    }

    /// Newest first.
    pub(crate) async fn runs(&self) -> Vec<RunRecord> {
        let store = self.store().await;
        store.runs(&RunFilter::default()).await.unwrap()
    }

    /// The short id of the newest run.
    pub(crate) async fn newest(&self) -> String {
        let runs = self.runs().await;
        dogwatch::run::book::short(&runs[0].id).to_owned()
    }

    /// A run that was let go and begun, and nobody goes on with it.
    pub(crate) async fn cut_short(&self, line: &str) -> String {
        self.says("anna", line).await;
        let store = self.store().await;
        let run = self.runs().await[0].clone();
        assert_eq!(run.state, RunState::AwaitingApproval, "{line}");
        let now_ms = self.bot.clock.now().as_millisecond();
        for state in [RunState::Approved, RunState::Running] {
            let change = StateChange::to(state, now_ms);
            store.set_state(&run.id, &change).await.unwrap();
        }
        let terms = LeaseTerms {
            owner: "died",
            now_ms: 0,
            until_ms: 1,
        };
        store.claim_run(&run.id, &terms).await.unwrap().unwrap();
        run.id
    }

    /// The short id of the run that waits at a gate.
    pub(crate) async fn at_gate(&self) -> String {
        eventually("a run waits at a gate", || async {
            self.gated().await.is_some()
        })
        .await;
        let run = self.gated().await.unwrap();
        dogwatch::run::book::short(&run.id).to_owned()
    }

    async fn gated(&self) -> Option<RunRecord> {
        let store = self.store().await;
        for run in store.unfinished_runs().await.unwrap() {
            let journal = store.journal(&run.id).await.unwrap();
            if journal.last().is_some_and(|entry| entry.step == "gate") {
                return Some(run);
            }
        }
        None
    }

    pub(crate) async fn states(&self) -> Vec<(String, RunState)> {
        let runs = self.runs().await;
        runs.into_iter().map(|run| (run.title, run.state)).collect()
    }

    pub(crate) async fn running(&self) {
        eventually("a run goes on", || async {
            self.states()
                .await
                .iter()
                .any(|(_, state)| *state == RunState::Running)
        })
        .await;
    }
}

/// `anna` and `ben` may do everything, `cora` may restart, and `web` is in production.
pub(crate) fn policy(expires: Option<Duration>) -> Policy {
    policy_asking(ApprovalSettings {
        expires: expires.map(Wait),
        ..ApprovalSettings::default()
    })
}

pub(crate) fn policy_asking(approval: ApprovalSettings) -> Policy {
    let allow = |texts: &[&str]| texts.iter().filter_map(|text| Allow::parse(text)).collect();
    let member = |who: &str, role: &str| (format!("slack:{who}"), vec![role.to_owned()]);
    Policy::new(
        vec![
            (
                "admin".into(),
                allow(&["*:read", "*:change", "*:destructive"]),
            ),
            ("restarter".into(), allow(&["*:read", "*/restart:change"])),
        ],
        vec![
            member("anna", "admin"),
            member("ben", "admin"),
            member("cora", "restarter"),
        ],
    )
    .asking(
        approval,
        BTreeMap::from([("blog".to_owned(), "prod".to_owned())]),
    )
}

async fn says(bot: Arc<Bot>, who: String, line: String) -> (Outcome, String) {
    let (voice, mut replies) = Voice::new();
    let incoming = Incoming {
        caller: Caller {
            surface: Surface::Slack,
            ..Caller::console(&who)
        },
        what: What::Typed(line),
        interactive: true,
    };
    let work = tokio::spawn(async move {
        bot.handle(&incoming, &voice, &CancellationToken::new())
            .await
    });
    let mut text = String::new();
    while let Some(reply) = replies.recv().await {
        let message = match reply {
            Reply::Message(message) | Reply::Both { message, .. } => message,
            Reply::Trouble(trouble) => trouble.message(),
            Reply::Report(report) => {
                text.push_str(report.issue.as_str());
                continue;
            }
            Reply::Progress(progress) => {
                text.push_str(progress.doing.as_str());
                text.push('\n');
                continue;
            }
            Reply::Streamed(_) => continue,
        };
        text.push_str(write(&message, &Dialect::Plain).as_str());
    }
    (work.await.unwrap(), text)
}
