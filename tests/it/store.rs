//! The store on real files: what is written stays written, and two that want the same thing do
//! not both get it.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

use dogwatch::store::{
    Before, Claim, Decision, EntryKind, LeaseTerms, Match, NewEntry, NewRun, ReportFilter,
    ReportRecord, RunFilter, RunState, StateChange, Store, StoreError, Verdict,
};
use insta::assert_snapshot;
use sqlx::Connection;
use tempfile::TempDir;

struct Disk {
    directory: TempDir,
}

impl Disk {
    fn new() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        Self { directory }
    }

    fn path(&self) -> std::path::PathBuf {
        self.directory.path().join("state").join("dogwatch.db")
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.path().display())
    }

    async fn open(&self) -> Store {
        Store::open(&self.url()).await.expect("the store opens")
    }

    /// Something only a foreign program would do to the file.
    async fn tamper(&self, sql: &'static str) {
        sqlx::any::install_default_drivers();
        let mut connection = sqlx::AnyConnection::connect(&self.url())
            .await
            .expect("the file opens");
        sqlx::query(sql)
            .execute(&mut connection)
            .await
            .expect("the statement runs");
        connection.close().await.expect("the connection ends");
    }

    /// The message, with the one part of it that differs each time replaced.
    fn scrubbed(&self, error: &StoreError) -> String {
        let directory = self.directory.path().display().to_string();
        error.to_string().replace(&directory, "DIR")
    }
}

fn report(id: &str, created_ms: i64, issue: &str) -> ReportRecord {
    ReportRecord {
        id: id.to_owned(),
        created_ms,
        host: "local".to_owned(),
        project: "shop".to_owned(),
        service: "db".to_owned(),
        cause: "oom-killed".to_owned(),
        confidence: "certain".to_owned(),
        issue: issue.to_owned(),
        summary: "db was killed for lack of memory".to_owned(),
        body_json: "{}".to_owned(),
    }
}

fn new_run(id: &str, created_ms: i64) -> NewRun {
    NewRun {
        id: id.to_owned(),
        created_ms,
        requested_by: "slack:U1".to_owned(),
        title: "restart db".to_owned(),
        stack_key: "local/shop".to_owned(),
        risk: "change".to_owned(),
        plan_hash: "7f3c".to_owned(),
        plan_json: "{}".to_owned(),
    }
}

fn entry(text: &str) -> NewEntry<'_> {
    NewEntry {
        at_ms: 1,
        kind: EntryKind::Intent,
        step: "restart",
        text,
        body_json: "{}",
    }
}

fn lease(owner: &str, now_ms: i64) -> LeaseTerms<'_> {
    LeaseTerms {
        owner,
        now_ms,
        until_ms: now_ms + 100,
    }
}

async fn claimed(store: &Store, id: &str) -> Claim {
    store
        .create_run(&new_run(id, 1))
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let claim = store.claim_run(id, &lease("worker", 0)).await;
    claim
        .expect("the store answers")
        .expect("nobody else has it")
}

async fn ids(store: &Store, filter: &ReportFilter) -> Vec<String> {
    let found = store.reports(filter).await.expect("the store answers");
    found.into_iter().map(|report| report.id).collect()
}

// Opening

#[tokio::test]
async fn a_new_store_is_made_with_its_directory_and_for_its_user_only() {
    let disk = Disk::new();
    let store = disk.open().await;
    store.ping().await.unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&disk.path()), 0o600);
    assert_eq!(mode(disk.path().parent().unwrap()), 0o700);
    let side = disk.path().with_extension("db-wal");
    assert_eq!(mode(&side), 0o600, "reports pass through the side file");
}

#[tokio::test]
async fn what_was_written_is_there_after_opening_again() {
    let disk = Disk::new();
    let store = disk.open().await;
    store
        .save_report(&report("r1", 1, "db is down"))
        .await
        .unwrap();
    store.close().await;
    let again = disk.open().await;
    assert_eq!(ids(&again, &ReportFilter::default()).await, ["r1"]);
    again.check_integrity().await.unwrap();
}

#[tokio::test]
async fn a_path_may_hold_signs_that_mean_something_in_a_url() {
    let disk = Disk::new();
    let path = disk.directory.path().join("a b?c#d%20é").join("x.db");
    let store = Store::open(&format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    store.ping().await.unwrap();
    assert!(path.is_file());
}

#[tokio::test]
async fn two_that_open_a_new_file_at_once_both_can_use_it() {
    let disk = Disk::new();
    let (a, b, c) = tokio::join!(disk.open(), disk.open(), disk.open());
    a.save_report(&report("a", 1, "")).await.unwrap();
    b.save_report(&report("b", 2, "")).await.unwrap();
    assert_eq!(ids(&c, &ReportFilter::default()).await, ["b", "a"]);
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_left_alone() {
    let disk = Disk::new();
    disk.open().await.close().await;
    disk.tamper(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (99, 'later', 1, x'00', 0)",
    )
    .await;
    let error = Store::open(&disk.url()).await.unwrap_err();
    let steps = regex::Regex::new("this one knows [0-9]+").unwrap();
    let said = disk.scrubbed(&error);
    let said = steps.replace(&said, "this one knows N");
    assert_snapshot!(said, @"the database `DIR/state/dogwatch.db` was written by a newer dogwatch (it has step 99, this one knows N); install that version, or set another `store.url`");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_kept() {
    let disk = Disk::new();
    std::fs::create_dir_all(disk.path().parent().unwrap()).unwrap();
    let content = "these are somebody's notes, not a database\n".repeat(100);
    std::fs::write(disk.path(), &content).unwrap();
    let error = Store::open(&disk.url()).await.unwrap_err();
    assert_snapshot!(disk.scrubbed(&error), @"cannot open the database `DIR/state/dogwatch.db`: file is not a database; the file is damaged or no database: move it away and restore a backup, or start anew without it");
    assert_eq!(std::fs::read_to_string(disk.path()).unwrap(), content);
}

#[tokio::test]
async fn a_damaged_database_is_noticed_by_the_integrity_check() {
    let disk = Disk::new();
    let store = disk.open().await;
    for n in 0..200 {
        let mut big = report(&format!("r{n}"), n, "db is down");
        big.body_json = "x".repeat(2000);
        store.save_report(&big).await.unwrap();
    }
    store.close().await;
    let mut bytes = std::fs::read(disk.path()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xAA);
    std::fs::write(disk.path(), bytes).unwrap();
    let store = disk.open().await;
    assert!(store.check_integrity().await.is_err());
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named_with_what_to_do() {
    let error = Store::open("sqlite:///proc/dogwatch/x.db")
        .await
        .unwrap_err();
    assert_snapshot!(error, @"cannot open the database `/proc/dogwatch/x.db`: No such file or directory (os error 2); give this user the right to write there, or set another `store.url`");
    let error = Store::open("sqlite:///proc/version").await.unwrap_err();
    assert_snapshot!(error, @"cannot open the database `/proc/version`: unable to open database file; give this user the right to write the file and its directory, or set another `store.url`");
}

#[tokio::test]
async fn a_password_is_not_repeated_in_an_error() {
    let error = Store::open("postgres://ops:hunter2@db.example.org/ops")
        .await
        .unwrap_err();
    assert_snapshot!(error, @"cannot open the database `postgres://db.example.org/ops`: this build has no driver for it; set `store.url` to `sqlite://FILE`");
}

// Reports

#[tokio::test]
async fn a_report_is_found_by_its_id_or_a_unique_beginning() {
    let store = Store::in_memory().await.unwrap();
    for id in ["01JD5AAA", "01JD5ABB", "01JE_"] {
        store.save_report(&report(id, 1, "")).await.unwrap();
    }
    let id = |found| match found {
        Match::One(ReportRecord { id, .. }) => id,
        Match::None => "none".to_owned(),
        Match::Many(ids) => format!("many: {}", ids.join(" ")),
    };
    let find = async |text: &str| id(store.report(text).await.unwrap());
    assert_eq!(find("01JD5AAA").await, "01JD5AAA");
    assert_eq!(find("01jd5aa").await, "01JD5AAA", "as people type it");
    assert_eq!(find("01JD5A").await, "many: 01JD5AAA 01JD5ABB");
    assert_eq!(find("02").await, "none");
    assert_eq!(find("").await, "none");
    assert_eq!(find("01J__").await, "none", "`_` is a sign like others");
}

#[tokio::test]
async fn a_report_saved_again_is_replaced_and_keeps_its_time() {
    let store = Store::in_memory().await.unwrap();
    store.save_report(&report("r1", 1, "first")).await.unwrap();
    store.save_report(&report("r1", 9, "second")).await.unwrap();
    let found = store.reports(&ReportFilter::default()).await.unwrap();
    assert_eq!(found, [report("r1", 1, "second")]);
}

#[tokio::test]
async fn reports_come_newest_first_and_page_by_page_without_gaps() {
    let store = Store::in_memory().await.unwrap();
    for (id, at) in [("a", 1), ("b", 2), ("c", 2), ("d", 2), ("e", 3)] {
        store.save_report(&report(id, at, "")).await.unwrap();
    }
    let mut filter = ReportFilter {
        limit: Some(2),
        ..ReportFilter::default()
    };
    let mut seen = Vec::new();
    loop {
        let page = store.reports(&filter).await.unwrap();
        let Some(last) = page.last() else { break };
        filter.before = Some(Before {
            created_ms: last.created_ms,
            id: last.id.clone(),
        });
        seen.extend(page.into_iter().map(|report| report.id));
    }
    assert_eq!(seen, ["e", "d", "c", "b", "a"]);
}

#[tokio::test]
async fn reports_are_found_by_words_and_signs_are_only_signs() {
    let store = Store::in_memory().await.unwrap();
    store
        .save_report(&report("percent", 1, "disk at 100% on vps"))
        .await
        .unwrap();
    store
        .save_report(&report("snake", 2, "disk_full on vps"))
        .await
        .unwrap();
    store
        .save_report(&report("plain", 3, "disk 1000 full! on VPS"))
        .await
        .unwrap();
    let find = async |text: &str| {
        let text = Some(text.to_owned());
        ids(
            &store,
            &ReportFilter {
                text,
                ..ReportFilter::default()
            },
        )
        .await
    };
    assert_eq!(find("100%").await, ["percent"]);
    assert_eq!(find("K_F").await, ["snake"]);
    assert_eq!(find("full!").await, ["plain"]);
    assert_eq!(find("on vps").await, ["plain", "snake", "percent"]);
    assert_eq!(
        find("LACK OF MEMORY").await.len(),
        3,
        "the summary counts too"
    );
    assert_eq!(find("'; DROP TABLE reports; --").await, [""; 0]);
}

#[tokio::test]
async fn every_filter_of_reports_holds() {
    let store = Store::in_memory().await.unwrap();
    store.save_report(&report("mine", 1, "")).await.unwrap();
    let others = [
        ReportRecord {
            host: "vps".into(),
            ..report("host", 2, "")
        },
        ReportRecord {
            project: "blog".into(),
            ..report("project", 2, "")
        },
        ReportRecord {
            service: "api".into(),
            ..report("service", 2, "")
        },
        ReportRecord {
            cause: "none".into(),
            ..report("cause", 2, "")
        },
    ];
    for other in &others {
        store.save_report(other).await.unwrap();
    }
    let filter = ReportFilter {
        host: Some("local".into()),
        project: Some("shop".into()),
        service: Some("db".into()),
        cause: Some("oom-killed".into()),
        ..ReportFilter::default()
    };
    assert_eq!(ids(&store, &filter).await, ["mine"]);
}

// Runs

#[tokio::test]
async fn a_run_goes_through_its_life_and_its_times_are_kept() {
    let store = Store::in_memory().await.unwrap();
    store.create_run(&new_run("r", 1)).await.unwrap();
    for (to, at_ms) in [
        (RunState::AwaitingApproval, 2),
        (RunState::Approved, 3),
        (RunState::Running, 4),
        (RunState::Unknown, 5),
        (RunState::Running, 6),
    ] {
        store
            .set_state("r", &StateChange::to(to, at_ms))
            .await
            .unwrap();
    }
    let end = StateChange {
        detail: "3 of 3 checks pass",
        report_id: "rep",
        ..StateChange::to(RunState::Succeeded, 7)
    };
    assert_eq!(store.set_state("r", &end).await.unwrap(), RunState::Running);
    let run = store.run("r").await.unwrap();
    assert_eq!(
        (run.state, run.started_ms, run.finished_ms),
        (RunState::Succeeded, Some(4), Some(7))
    );
    assert_eq!(
        (run.detail.as_str(), run.report_id.as_str()),
        ("3 of 3 checks pass", "rep")
    );
}

#[tokio::test]
async fn a_step_that_is_not_in_a_runs_life_is_refused() {
    let store = Store::in_memory().await.unwrap();
    for from in RunState::ALL {
        for to in RunState::ALL {
            let id = format!("{}-{}", from.word(), to.word());
            store.create_run(&new_run(&id, 1)).await.unwrap();
            for step in way_to(from) {
                store
                    .set_state(&id, &StateChange::to(*step, 1))
                    .await
                    .unwrap();
            }
            let done = store.set_state(&id, &StateChange::to(to, 2)).await;
            let now = store.run(&id).await.unwrap().state;
            match done {
                Ok(before) => assert_eq!((before, now), (from, to)),
                Err(error) => {
                    let refused = matches!(error, StoreError::Transition { .. });
                    assert!(refused && now == from, "{id}: {error}");
                }
            }
            assert_eq!(now == to, from.may_become(to) || from == to, "{id}");
        }
    }
    let early = store
        .set_state("planned-planned", &StateChange::to(RunState::Running, 2))
        .await;
    assert_snapshot!(early.unwrap_err(), @"the run `planned-planned` is planned and can't become running");
    let missing = store
        .set_state("nope", &StateChange::to(RunState::Running, 2))
        .await;
    assert_snapshot!(missing.unwrap_err(), @"there is no run `nope`");
}

fn way_to(state: RunState) -> &'static [RunState] {
    use RunState as S;
    match state {
        S::Planned => &[],
        S::AwaitingApproval => &[S::AwaitingApproval],
        S::Approved => &[S::Approved],
        S::Running => &[S::Approved, S::Running],
        S::Succeeded => &[S::Approved, S::Running, S::Succeeded],
        S::Failed => &[S::Approved, S::Running, S::Failed],
        S::Cancelled => &[S::Cancelled],
        S::Refused => &[S::Refused],
        S::Unknown => &[S::Approved, S::Running, S::Unknown],
    }
}

#[tokio::test]
async fn of_many_approvals_at_once_one_counts() {
    let disk = Disk::new();
    let (a, b) = (disk.open().await, disk.open().await);
    a.create_run(&new_run("r", 1)).await.unwrap();
    let tries = (0..10).map(|n| {
        let store = if n % 2 == 0 { a.clone() } else { b.clone() };
        tokio::spawn(async move {
            store
                .set_state("r", &StateChange::to(RunState::Approved, n))
                .await
                .is_ok()
        })
    });
    let mut counted = 0;
    for attempt in tries.collect::<Vec<_>>() {
        counted += usize::from(attempt.await.unwrap());
    }
    assert_eq!(counted, 1);
}

#[tokio::test]
async fn runs_are_listed_by_what_is_asked_for_and_unfinished_ones_oldest_first() {
    let store = Store::in_memory().await.unwrap();
    store.create_run(&new_run("old", 1)).await.unwrap();
    store.create_run(&new_run("new", 2)).await.unwrap();
    let other = NewRun {
        stack_key: "vps/blog".into(),
        ..new_run("other", 3)
    };
    store.create_run(&other).await.unwrap();
    store
        .set_state("old", &StateChange::to(RunState::Refused, 4))
        .await
        .unwrap();
    let list = async |filter: RunFilter| -> Vec<String> {
        store
            .runs(&filter)
            .await
            .unwrap()
            .into_iter()
            .map(|run| run.id)
            .collect()
    };
    assert_eq!(list(RunFilter::default()).await, ["other", "new", "old"]);
    let shop = Some("local/shop".to_owned());
    assert_eq!(
        list(RunFilter {
            stack_key: shop,
            ..RunFilter::default()
        })
        .await,
        ["new", "old"]
    );
    let refused = Some(RunState::Refused);
    assert_eq!(
        list(RunFilter {
            state: refused,
            ..RunFilter::default()
        })
        .await,
        ["old"]
    );
    let open: Vec<String> = store
        .unfinished_runs()
        .await
        .unwrap()
        .into_iter()
        .map(|run| run.id)
        .collect();
    assert_eq!(open, ["new", "other"]);
    let again = store.create_run(&new_run("new", 9)).await;
    assert_snapshot!(again.unwrap_err(), @"there is a run `new` already");
}

#[tokio::test]
async fn the_journal_and_the_decisions_keep_their_order() {
    let store = Store::in_memory().await.unwrap();
    let claim = claimed(&store, "r").await;
    for (number, kind) in [
        (1, EntryKind::Intent),
        (2, EntryKind::Outcome),
        (3, EntryKind::Note),
    ] {
        let line = NewEntry {
            kind,
            ..entry("restart db")
        };
        assert_eq!(store.append_journal(&claim, &line).await.unwrap(), number);
    }
    let kinds: Vec<_> = store
        .journal("r")
        .await
        .unwrap()
        .iter()
        .map(|line| line.kind)
        .collect();
    assert_eq!(
        kinds,
        [EntryKind::Intent, EntryKind::Outcome, EntryKind::Note]
    );
    let said = [
        ("slack:U2", Verdict::Denied),
        ("slack:U3", Verdict::Approve),
    ]
    .map(|(who, what)| Decision {
        at_ms: 1,
        who: who.to_owned(),
        what,
        reason: String::new(),
    });
    for decision in &said {
        store.record_decision("r", decision).await.unwrap();
    }
    assert_eq!(store.decisions("r").await.unwrap(), said);
    assert!(store.record_decision("nope", &said[0]).await.is_err());
}

// Leases and locks

#[tokio::test]
async fn a_run_has_one_worker_until_its_time_is_up() {
    let store = Store::in_memory().await.unwrap();
    store.create_run(&new_run("r", 1)).await.unwrap();
    let first = store.claim_run("r", &lease("a", 0)).await.unwrap().unwrap();
    assert_eq!(store.claim_run("r", &lease("b", 50)).await.unwrap(), None);
    assert_eq!(
        store.claim_run("r", &lease("a", 50)).await.unwrap(),
        None,
        "not even to itself"
    );
    assert!(store.renew_claim(&first, 150).await.unwrap());
    assert_eq!(store.claim_run("r", &lease("b", 149)).await.unwrap(), None);
    let second = store
        .claim_run("r", &lease("b", 150))
        .await
        .unwrap()
        .unwrap();
    assert!(second.fence > first.fence);

    // The first one wakes up late: nothing it does counts any more.
    assert!(!store.renew_claim(&first, 999).await.unwrap());
    store.release_claim(&first).await.unwrap();
    let late = store.append_journal(&first, &entry("late")).await;
    assert_snapshot!(late.unwrap_err(), @"the run `r` was taken over by another worker");
    let change = StateChange {
        fence: Some(first.fence),
        ..StateChange::to(RunState::Approved, 1)
    };
    let late = store.set_state("r", &change).await;
    assert!(matches!(late, Err(StoreError::TakenOver { .. })));
    assert_eq!(
        store.append_journal(&second, &entry("mine")).await.unwrap(),
        1
    );
    assert_eq!(store.run("r").await.unwrap().lease_owner, "b");
}

#[tokio::test]
async fn a_released_or_finished_run_is_free_or_done() {
    let store = Store::in_memory().await.unwrap();
    let claim = claimed(&store, "r").await;
    store.release_claim(&claim).await.unwrap();
    assert!(
        !store.renew_claim(&claim, 999).await.unwrap(),
        "given back is given back"
    );
    let again = store.claim_run("r", &lease("b", 1)).await.unwrap().unwrap();
    assert!(again.fence > claim.fence);
    store.release_claim(&again).await.unwrap();
    store
        .set_state("r", &StateChange::to(RunState::Cancelled, 2))
        .await
        .unwrap();
    assert_eq!(store.claim_run("r", &lease("c", 3)).await.unwrap(), None);
    assert_eq!(store.claim_run("nope", &lease("c", 3)).await.unwrap(), None);
}

#[tokio::test]
async fn a_lock_is_held_by_one_and_its_fence_only_grows() {
    let store = Store::in_memory().await.unwrap();
    let lock = async |owner: &str, now| {
        store
            .acquire_lock("shop", &lease(owner, now))
            .await
            .unwrap()
    };
    assert_eq!(lock("run-1", 0).await, Some(1));
    assert_eq!(lock("run-2", 99).await, None);
    assert_eq!(
        lock("run-1", 99).await,
        Some(2),
        "its owner after a restart"
    );
    assert!(
        !store.renew_lock("shop", 1, 500).await.unwrap(),
        "the life before the restart"
    );
    assert!(store.renew_lock("shop", 2, 500).await.unwrap());
    assert_eq!(lock("run-2", 499).await, None);
    assert_eq!(lock("run-2", 500).await, Some(3));
    store.release_lock("shop", 2).await.unwrap();
    assert_eq!(
        lock("run-1", 501).await,
        None,
        "an old fence releases nothing"
    );
    store.release_lock("shop", 3).await.unwrap();
    assert_eq!(lock("run-1", 501).await, Some(4));
}

#[tokio::test]
async fn a_whole_host_and_its_stacks_are_not_locked_at_once() {
    let store = Store::in_memory().await.unwrap();
    let lock = async |name: &str, owner: &str, now| {
        let got = store.acquire_lock(name, &lease(owner, now)).await;
        got.unwrap().is_some()
    };
    assert!(lock("local/shop", "a", 0).await);
    assert!(!lock("local/*", "c", 0).await);
    assert_eq!(
        store.lock_holder("local/*").await.unwrap().as_deref(),
        Some("a")
    );
    assert!(lock("local/", "b", 0).await, "a container of no stack");
    assert!(lock("local2/*", "c", 0).await, "another host");
    assert!(lock("local/*", "c", 100).await, "their time is up");
    assert!(!lock("local/shop", "a", 100).await);
    assert!(!lock("local/blog", "d", 199).await);
    assert_eq!(
        store.lock_holder("local/blog").await.unwrap().as_deref(),
        Some("c")
    );
    assert!(lock("local2/", "e", 100).await);
    assert!(lock("local/*", "c", 150).await, "its own again");
    assert!(lock("local/blog", "d", 250).await);
}

#[tokio::test]
async fn of_many_that_want_a_lock_at_once_one_gets_it() {
    let disk = Disk::new();
    let (a, b) = (disk.open().await, disk.open().await);
    let tries: Vec<_> = (0..12)
        .map(|n| {
            let store = if n % 2 == 0 { a.clone() } else { b.clone() };
            tokio::spawn(async move {
                store
                    .acquire_lock("shop", &lease(&format!("run-{n}"), 0))
                    .await
                    .unwrap()
            })
        })
        .collect();
    let mut got = Vec::new();
    for attempt in tries {
        got.extend(attempt.await.unwrap());
    }
    assert_eq!(got, [1]);
}

// Handled ids and the ledger

#[tokio::test]
async fn an_id_is_new_once_across_stores_and_restarts() {
    let disk = Disk::new();
    let (a, b) = (disk.open().await, disk.open().await);
    let tries: Vec<_> = (0..20)
        .map(|n| {
            let store = if n % 2 == 0 { a.clone() } else { b.clone() };
            tokio::spawn(async move { store.remember("slack", "Ev1", 10).await.unwrap() })
        })
        .collect();
    let mut first = 0;
    for attempt in tries {
        first += usize::from(attempt.await.unwrap());
    }
    assert_eq!(first, 1);
    assert!(
        a.remember("discord", "Ev1", 10).await.unwrap(),
        "another source, another id"
    );
    a.close().await;
    let later = disk.open().await;
    assert!(!later.remember("slack", "Ev1", 11).await.unwrap());
    assert_eq!(later.forget_before(10).await.unwrap(), 0);
    assert_eq!(later.forget_before(11).await.unwrap(), 2);
    assert!(later.remember("slack", "Ev1", 12).await.unwrap());
}

#[tokio::test]
async fn a_document_changes_only_from_its_latest_version() {
    let store = Store::in_memory().await.unwrap();
    assert_eq!(
        store.ledger_add("message", "42", "1", 5).await.unwrap(),
        Some(5)
    );
    assert_eq!(
        store.ledger_add("message", "42", "2", 6).await.unwrap(),
        None
    );
    let seen = store.ledger_get("message", "42").await.unwrap().unwrap();
    assert_eq!(
        store
            .ledger_replace("message", &seen, "3", 7)
            .await
            .unwrap(),
        Some(6)
    );
    assert_eq!(
        store
            .ledger_replace("message", &seen, "4", 8)
            .await
            .unwrap(),
        None
    );
    assert!(!store.ledger_remove("message", &seen).await.unwrap());
    let seen = store.ledger_get("message", "42").await.unwrap().unwrap();
    assert_eq!((seen.value_json.as_str(), seen.updated_ms), ("3", 7));
    assert!(store.ledger_remove("message", &seen).await.unwrap());
    assert_eq!(store.ledger_get("message", "42").await.unwrap(), None);

    store.ledger_add("message", "42", "1", 9).await.unwrap();
    assert_eq!(
        store
            .ledger_replace("message", &seen, "5", 10)
            .await
            .unwrap(),
        None
    );
    store.ledger_add("message", "41", "1", 9).await.unwrap();
    store.ledger_add("other", "40", "1", 9).await.unwrap();
    let names = store.ledger_list("message").await.unwrap();
    let names: Vec<_> = names.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["41", "42"]);
}

// Crashes

/// Where the child finds its database, and which run it writes to.
const CHILD_URL: &str = "DOGWATCH_TEST_STORE";
const CHILD_RUN: &str = "DOGWATCH_TEST_RUN";

#[tokio::test]
#[ignore = "is the child process of the test below"]
async fn child_writes_until_it_is_killed() {
    let (Some(url), Some(run)) = (std::env::var_os(CHILD_URL), std::env::var_os(CHILD_RUN)) else {
        return;
    };
    let (url, run) = (url.into_string().unwrap(), run.into_string().unwrap());
    let store = Store::open(&url).await.unwrap();
    let claim = claimed(&store, &run).await;
    for n in 1.. {
        let number = store
            .append_journal(&claim, &entry(&n.to_string()))
            .await
            .unwrap();
        println!("acknowledged {number}");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the child is this very test program"
)]
fn child(url: &str, run: &str) -> (Child, BufReader<ChildStdout>) {
    let program = std::env::current_exe().expect("this program has a path");
    let mut child = std::process::Command::new(program)
        .args([
            "--ignored",
            "--exact",
            "--nocapture",
            "store::child_writes_until_it_is_killed",
        ])
        .env(CHILD_URL, url)
        .env(CHILD_RUN, run)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the child starts");
    let out = BufReader::new(child.stdout.take().expect("its output is piped"));
    (child, out)
}

/// The last number that the child said was written, of at least `enough`.
fn acknowledged(out: &mut impl BufRead, enough: i64) -> i64 {
    let mut last = 0;
    for line in out.lines() {
        let line = line.expect("the child writes text");
        if let Some((_, number)) = line.split_once("acknowledged ") {
            last = number.parse().expect("a number");
            if last >= enough {
                break;
            }
        }
    }
    last
}

#[tokio::test]
async fn nothing_that_was_acknowledged_is_lost_when_two_writers_are_killed() {
    let disk = Disk::new();
    for (round, enough) in [1, 9, 40].into_iter().enumerate() {
        let names = [format!("a{round}"), format!("b{round}")];
        let mut children = names.clone().map(|run| child(&disk.url(), &run));
        let mut last = Vec::new();
        for (_, out) in &mut children {
            last.push(acknowledged(out, enough));
        }
        for (process, _) in &mut children {
            process.kill().unwrap();
            process.wait().unwrap();
        }
        for (index, (_, out)) in children.iter_mut().enumerate() {
            last[index] = acknowledged(out, i64::MAX).max(last[index]);
            assert!(last[index] >= enough, "the child has written");
        }
        let store = disk.open().await;
        store.check_integrity().await.unwrap();
        for (run, last) in names.iter().zip(last) {
            let lines = store.journal(run).await.unwrap();
            let numbers: Vec<i64> = lines.iter().map(|line| line.seq).collect();
            let wanted: Vec<i64> = (1..=numbers.len().try_into().unwrap()).collect();
            assert_eq!(numbers, wanted, "no gap");
            assert!(
                numbers.last() >= Some(&last),
                "{run}: {last} was acknowledged"
            );
        }
    }
}
