//! Two people, one bot, a built-in engine: who may, who must say yes, who waits for whom.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use dogwatch::access::ApprovalSettings;
use dogwatch::access::{Allow, Caller, Policy, Surface};
use dogwatch::bot::What;
use dogwatch::bot::{Bot, Conduct, Incoming, Outcome, Reply, Voice};
use dogwatch::clock::Clock;
use dogwatch::engine::Endpoint;
use dogwatch::host::Fleet;
use dogwatch::runbook::Library;
use dogwatch::setting::Wait;
use dogwatch::sim::{Begins, Behaviour, ContainerSpec, OnTerm, Simulation, World};
use dogwatch::store::{Later, RunState, Verdict};
use dogwatch::text::dialect::Dialect;
use dogwatch::text::write::write;
use tokio_util::sync::CancellationToken;

use crate::support::real_engine::eventually;

struct Place {
    bot: Arc<Bot>,
    simulation: Simulation,
    directory: tempfile::TempDir,
}

fn service(stack: &str, name: &str, behaviour: Behaviour) -> ContainerSpec {
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
    fn new(expires: Option<Duration>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("engine.sock");
        let world = World::new()
            .with(service("shop", "api", slow()))
            .with(service("shop", "db", Behaviour::idle()).volume("shop_data", "/data"))
            .with(service("blog", "web", slow()));
        let simulation = Simulation::start(world, &socket, Clock::System).unwrap();
        let own = directory.path().join("own");
        std::fs::create_dir(&own).unwrap();
        std::fs::write(own.join("two.yml"), OWN).unwrap();
        let bot = Bot {
            fleet: Fleet::local(Endpoint::Unix(socket)),
            clock: Clock::System,
            policy: policy(expires),
            secrets: Vec::new(),
            store: Later::in_memory(),
            confirm_changes: false,
            conduct: Conduct {
                library: Library::new(Some(own)),
                directory: directory.path().to_owned(),
                ..Conduct::default()
            },
        };
        Self {
            bot: Arc::new(bot),
            simulation,
            directory,
        }
    }

    async fn says(&self, who: &str, line: &str) -> (Outcome, String) {
        says(Arc::clone(&self.bot), who.to_owned(), line.to_owned()).await
    }

    fn later(&self, who: &str, line: &str) -> tokio::task::JoinHandle<(Outcome, String)> {
        tokio::spawn(says(Arc::clone(&self.bot), who.to_owned(), line.to_owned()))
    }

    /// The short id of the newest run.
    async fn newest(&self) -> String {
        let runs = self.bot.store.get().await.unwrap();
        let runs = runs
            .runs(&dogwatch::store::RunFilter::default())
            .await
            .unwrap();
        dogwatch::run::book::short(&runs[0].id).to_owned()
    }

    async fn states(&self) -> Vec<(String, RunState)> {
        let store = self.bot.store.get().await.unwrap();
        let runs = store
            .runs(&dogwatch::store::RunFilter::default())
            .await
            .unwrap();
        runs.into_iter().map(|run| (run.title, run.state)).collect()
    }

    async fn running(&self) {
        eventually("a run goes on", || async {
            self.states()
                .await
                .iter()
                .any(|(_, state)| *state == RunState::Running)
        })
        .await;
    }
}

fn policy(expires: Option<Duration>) -> Policy {
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
        ApprovalSettings {
            expires: expires.map(Wait),
            ..ApprovalSettings::default()
        },
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
            Reply::Streamed(_) | Reply::Progress(_) => continue,
        };
        text.push_str(write(&message, &Dialect::Plain).as_str());
    }
    (work.await.unwrap(), text)
}

#[tokio::test]
async fn rights_name_a_runbook_and_denials_are_written_down() {
    let place = Place::new(None);
    let (outcome, text) = place.says("cora", "run restart service=db").await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    let (outcome, text) = place.says("cora", "run stop service=db").await;
    assert_eq!(outcome, Outcome::Denied);
    assert!(
        text.contains("`slack:cora` needs the right `change` on `shop` for `stop`"),
        "{text}"
    );
    let (_, listed) = place.says("cora", "runbooks").await;
    assert!(
        listed.contains("restart") && !listed.contains("full-reset"),
        "{listed}"
    );
    let (outcome, _) = place.says("stranger", "run restart service=db").await;
    assert_eq!(outcome, Outcome::Denied);
    let states = place.states().await;
    assert_eq!(states[0].1, RunState::Refused);
    let store = place.bot.store.get().await.unwrap();
    let newest = store
        .runs(&dogwatch::store::RunFilter::default())
        .await
        .unwrap();
    let said = store.decisions(&newest[0].id).await.unwrap();
    assert_eq!(
        (said[0].what, said[0].who.as_str()),
        (Verdict::Denied, "slack:stranger")
    );
}

#[tokio::test]
async fn what_is_destructive_needs_a_second_person_and_the_name() {
    let place = Place::new(None);
    let (outcome, asked) = place.says("anna", "run full-reset stack=shop").await;
    assert_eq!(outcome, Outcome::Done);
    assert!(
        asked.contains("needs a second person") && asked.contains("deletes for good"),
        "{asked}"
    );
    let run = place.newest().await;
    let (outcome, text) = place.says("anna", &format!("approve {run} shop")).await;
    assert_eq!(outcome, Outcome::Denied);
    assert!(text.contains("needs a second person"), "{text}");
    let (outcome, _) = place.says("cora", &format!("approve {run} shop")).await;
    assert_eq!(outcome, Outcome::Denied);
    let (outcome, text) = place.says("ben", &format!("approve {run}")).await;
    assert_eq!(outcome, Outcome::Usage);
    assert!(text.contains(&format!("approve {run} shop")), "{text}");
    let (outcome, text) = place.says("ben", &format!("approve {run} shop")).await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    let store = place.bot.store.get().await.unwrap();
    let id = store
        .runs(&dogwatch::store::RunFilter::default())
        .await
        .unwrap()[0]
        .id
        .clone();
    let said: Vec<_> = store.decisions(&id).await.unwrap();
    let said: Vec<_> = said
        .iter()
        .map(|said| (said.who.as_str(), said.what))
        .collect();
    let expected = [
        ("slack:anna", Verdict::Denied),
        ("slack:cora", Verdict::Denied),
        ("slack:ben", Verdict::Approve),
    ];
    assert_eq!(said, expected);
    assert!(!store.run(&id).await.unwrap().report_id.is_empty());
}

#[tokio::test]
async fn a_change_in_production_waits_for_a_word_of_whoever_asked() {
    let place = Place::new(None);
    let (_, asked) = place.says("anna", "restart web").await;
    assert!(asked.contains("needs approval"), "{asked}");
    let run = place.newest().await;
    let (outcome, text) = place.says("anna", &format!("approve {run}")).await;
    assert_eq!(outcome, Outcome::Done, "{text}");
}

#[tokio::test]
async fn an_old_plan_is_no_plan() {
    let place = Place::new(Some(Duration::from_millis(1)));
    place.says("anna", "restart web").await;
    let run = place.newest().await;
    eventually("it has expired", || async {
        let (_, text) = place.says("ben", &format!("approve {run}")).await;
        text.contains("waited too long")
    })
    .await;
}

#[tokio::test]
async fn a_changed_world_is_not_what_was_approved() {
    let place = Place::new(None);
    place.says("anna", "restart web").await;
    let run = place.newest().await;
    let engine = place.bot.fleet.host(None).await.unwrap().engine;
    engine.remove("blog-web-1", true).await.unwrap();
    place
        .simulation
        .world()
        .add(service("blog", "web", Behaviour::idle()));
    let (outcome, text) = place.says("ben", &format!("approve {run}")).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(
        text.contains("blog-web-1 is another container now"),
        "{text}"
    );
    assert_eq!(place.states().await[0].1, RunState::Refused);
}

#[tokio::test]
async fn one_run_a_stack_and_the_second_may_queue() {
    let place = Place::new(None);
    let first = place.later("anna", "restart api");
    place.running().await;
    let (outcome, text) = place.says("ben", "restart db").await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(text.contains("`shop` is being changed by run"), "{text}");
    let queued = place.later("ben", "run restart service=db --queue");
    // another stack is in nobody's way
    let (outcome, text) = place.says("ben", "run restart service=web --yes").await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    assert_eq!(first.await.unwrap().0, Outcome::Done);
    assert_eq!(queued.await.unwrap().0, Outcome::Done);
}

#[tokio::test]
async fn a_gate_waits_for_a_word_and_a_cancelled_run_cleans_up() {
    let place = Place::new(None);
    let going = place.later("anna", "run two-steps stack=shop");
    let gate = || async {
        let runs = place
            .bot
            .store
            .get()
            .await
            .unwrap()
            .unfinished_runs()
            .await
            .unwrap();
        let Some(run) = runs.first() else {
            return false;
        };
        let journal = place
            .bot
            .store
            .get()
            .await
            .unwrap()
            .journal(&run.id)
            .await
            .unwrap();
        journal.last().is_some_and(|entry| entry.step == "gate")
    };
    eventually("it waits at the gate", gate).await;
    let run = place.newest().await;
    let (outcome, text) = place.says("ben", &format!("approve {run}")).await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    let (outcome, text) = going.await.unwrap();
    assert_eq!(outcome, Outcome::Done, "{text}");

    let going = place.later("anna", "run two-steps stack=shop");
    eventually("it waits at the gate again", gate).await;
    let run = place.newest().await;
    let (outcome, text) = place.says("ben", &format!("cancel {run}")).await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    let (outcome, text) = going.await.unwrap();
    assert_eq!(outcome, Outcome::Failed);
    assert!(
        text.contains("was cancelled") && text.contains("roll back: start shop-api-1: done"),
        "{text}"
    );
    assert_eq!(place.states().await[0].1, RunState::Cancelled);
}

#[tokio::test]
async fn a_plan_is_only_looked_at() {
    let place = Place::new(None);
    let (outcome, text) = place.says("cora", "plan full-reset stack=shop").await;
    assert_eq!(outcome, Outcome::Done);
    assert!(
        text.contains("remove the volume shop_data") && text.contains("destructive"),
        "{text}"
    );
    assert!(place.states().await.is_empty());
    let (outcome, text) = place.says("anna", "run bundle shop").await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    let bundles = place.directory.path().join("bundles");
    let of_run = std::fs::read_dir(bundles)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let file = std::fs::read_to_string(of_run.join("shop-db-1.txt")).unwrap();
    assert!(file.contains("status    running"), "{file}");
}
