//! A run whose program died in the middle of something that cannot be done twice: nothing is tried
//! again, the engine is looked at, and the report says what is not known.

use std::collections::BTreeMap;
use std::time::Duration;

use dogwatch::access::Caller;
use dogwatch::action::container::Container;
use dogwatch::clock::Clock;
use dogwatch::engine::Endpoint;
use dogwatch::host::Fleet;
use dogwatch::report::Report;
use dogwatch::run::{Book, Plan, Recovery};
use dogwatch::runbook::{Library, World, bind};
use dogwatch::sim::{self, Begins, ContainerSpec, Simulation};
use dogwatch::stack::{Graph, Inventory};
use dogwatch::store::{EntryKind, LeaseTerms, NewEntry, RunState, StateChange, Store};
use dogwatch::text::{Name, Redactor};

const LONG: Duration = Duration::from_mins(15);

struct Place {
    store: Store,
    fleet: Fleet,
    clock: Clock,
    directory: tempfile::TempDir,
    _simulation: Simulation,
}

impl Place {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("engine.sock");
        let api = ContainerSpec::new("shop-api-1", "example:1")
            .label("com.docker.compose.project", "shop")
            .label("com.docker.compose.service", "api")
            .begins(Begins::Running(Duration::from_hours(1)));
        let clock = Clock::System;
        let simulation = Simulation::start(sim::World::new().with(api), &socket, clock).unwrap();
        Self {
            store: Store::in_memory().await.unwrap(),
            fleet: Fleet::local(Endpoint::Unix(socket)),
            clock,
            directory,
            _simulation: simulation,
        }
    }

    async fn api(&self) -> Container {
        let host = self.fleet.host(None).await.unwrap();
        host.engine.container("shop-api-1").await.unwrap()
    }

    /// What a word like `restart` comes to for this one service.
    async fn plan(&self, runbook: &str) -> Plan {
        let shelf = Library::new(None).shelf();
        let inventory = Inventory::new(vec![self.api().await]);
        let world = World {
            host: &Name::new("local"),
            at: self.clock.now(),
            inventory: &inventory,
            graph: &Graph::new(&inventory),
            volumes: &[],
            secrets: &[],
            redactor: Redactor::shapes_only(),
            grounds: dogwatch::runbook::Grounds::default(),
        };
        let given = [("service".to_owned(), vec!["api".to_owned()])].into();
        bind(shelf.get(runbook).unwrap(), &shelf, &given, world).unwrap()
    }

    /// A run that is in the middle of its first step, and nobody is there any more.
    async fn cut_short(&self, runbook: &str, approved_only: bool) -> String {
        let plan = self.plan(runbook).await;
        let book = Book {
            store: &self.store,
            clock: self.clock,
            expires: LONG,
        };
        let caller = Caller::console("anna");
        let id = book.plan(&plan, &caller).await.unwrap();
        book.approve(&id, &caller, "").await.unwrap();
        if approved_only {
            return id;
        }
        let now_ms = self.clock.now().as_millisecond();
        let terms = LeaseTerms {
            owner: &id,
            now_ms,
            until_ms: now_ms,
        };
        let claim = self.store.claim_run(&id, &terms).await.unwrap().unwrap();
        let running = StateChange {
            fence: Some(claim.fence),
            ..StateChange::to(RunState::Running, now_ms)
        };
        self.store.set_state(&id, &running).await.unwrap();
        let step = plan.steps().next().unwrap();
        let entry = NewEntry {
            at_ms: now_ms,
            kind: EntryKind::Intent,
            step: &step.id,
            text: step.says.as_str(),
            body_json: "{}",
        };
        self.store.append_journal(&claim, &entry).await.unwrap();
        id
    }

    async fn recovered(&self) -> Vec<Report> {
        let recovery = Recovery {
            store: &self.store,
            fleet: &self.fleet,
            clock: self.clock,
            hidden: &[],
            sites: &dogwatch::stack::Sites::default(),
            secrets: &BTreeMap::new(),
            directory: self.directory.path().to_owned(),
            expires: LONG,
            waits: true,
        };
        Box::pin(recovery.run()).await.unwrap()
    }
}

#[tokio::test]
async fn what_cannot_be_repeated_is_unknown_and_told() {
    let place = Place::new().await;
    let started = place.api().await.state.started_at;
    let id = place.cut_short("kill", false).await;
    let reports = place.recovered().await;
    assert_eq!(reports.len(), 1);
    assert!(
        reports[0].issue.as_str().contains("outcome unknown"),
        "{}",
        reports[0].issue
    );
    let run = place.store.run(&id).await.unwrap();
    assert_eq!(
        (run.state, &run.report_id),
        (RunState::Failed, &reports[0].id)
    );
    assert_eq!(place.api().await.state.started_at, started);
    assert!(place.recovered().await.is_empty(), "once is enough");
}

#[tokio::test]
async fn a_restart_that_did_not_happen_is_not_tried_again() {
    let place = Place::new().await;
    let started = place.api().await.state.started_at;
    let id = place.cut_short("restart", false).await;
    place.recovered().await;
    let run = place.store.run(&id).await.unwrap();
    assert_eq!(run.state, RunState::Failed, "{}", run.detail);
    assert_eq!(place.api().await.state.started_at, started);
}

#[tokio::test]
async fn what_is_the_same_done_twice_is_done_and_the_run_goes_on() {
    let place = Place::new().await;
    let id = place.cut_short("stop", false).await;
    place.recovered().await;
    let run = place.store.run(&id).await.unwrap();
    assert_eq!(run.state, RunState::Succeeded, "{}", run.detail);
    assert_eq!(run.detail, "", "it ended well, whatever was before");
    let status = place.api().await.state.status;
    assert_eq!(status.word(), "exited");
}

#[tokio::test]
async fn a_fresh_approval_is_left_to_who_gave_it() {
    let place = Place::new().await;
    let id = place.cut_short("start", true).await;
    assert!(place.recovered().await.is_empty());
    assert_eq!(
        place.store.run(&id).await.unwrap().state,
        RunState::Approved
    );
}
