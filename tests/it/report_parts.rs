//! The parts of a report that follow from a diagnosis, made of facts that are not easily met together:
//! what must be true again, who is told, which runbook mends it, where each cause would be found.

use std::collections::BTreeMap;

use dogwatch::action::Risk;
use dogwatch::action::container::{Container, Health, HealthResult, HealthStatus, Status};
use dogwatch::action::events::Event;
use dogwatch::action::stats::Stats;
use dogwatch::diagnose::checklist::{Outcome, checklist};
use dogwatch::diagnose::{Affected, Case, Cause, Confidence, Diagnosis, Finding, Fix};
use dogwatch::evidence::{Evidence, Fact, Signatures, Source, events, probe, state, stats};
use dogwatch::live::brief::brief;
use dogwatch::report::build::{Occasion, from_diagnosis};
use dogwatch::report::{CheckResult, Report, ResolutionStep, sample};
use dogwatch::stack::{Graph, Inventory, Key};
use dogwatch::text::{Clean, Dialect, Raw, Redactor, write};
use insta::assert_snapshot;
use jiff::Timestamp;

fn key(service: &str) -> Key {
    Key::new(Some("shop"), service)
}

fn clean(text: &str) -> Clean {
    Redactor::shapes_only().clean(text)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_143_600 + second).unwrap()
}

fn container(service: &str) -> Container {
    Container {
        name: format!("shop-{service}-1"),
        ..Container::default()
    }
}

fn described(service: &str, change: impl FnOnce(&mut Container)) -> Vec<Evidence> {
    let mut container = container(service);
    change(&mut container);
    let redactor = Redactor::shapes_only();
    state::read(&key(service), &container, redactor, &Signatures::built_in())
}

fn finding(cause: Cause, service: &str) -> Finding {
    Finding {
        cause,
        service: key(service),
        container: container(service).name.as_str().into(),
        confidence: Confidence::Certain,
        summary: clean(&format!("{service} is down")),
        evidence: Vec::new(),
        fixes: Vec::new(),
        prevention: Vec::new(),
        change: None,
        because_of: None,
    }
}

fn suffers(service: &str, because: &str) -> Affected {
    Affected {
        service: key(service),
        status: clean("unhealthy"),
        symptoms: vec![clean("503")],
        because: clean(because),
    }
}

/// `db` is at fault; `others` need it.
fn diagnosis(others: &[&str]) -> Diagnosis {
    let affected = others.iter().map(|other| suffers(other, "needs db"));
    Diagnosis {
        asked: key("db"),
        root: finding(Cause::OomKilled, "db"),
        contributing: Vec::new(),
        affected: std::iter::once(suffers("db", "")).chain(affected).collect(),
        related: Vec::new(),
        checklist: Vec::new(),
    }
}

fn occasion(host: &str) -> Occasion {
    Occasion {
        id: "1".to_owned(),
        created_at: at(0),
        host: host.into(),
        environment: dogwatch::text::Name::default(),
        looked_at: clean("all"),
        not_seen: Vec::new(),
    }
}

fn report(diagnosis: &Diagnosis, evidence: &[Evidence], host: &str) -> Report {
    from_diagnosis(diagnosis, evidence, occasion(host))
}

fn checked(evidence: &[Evidence], others: &[&str]) -> String {
    let report = report(&diagnosis(others), evidence, "local");
    let line = |check: &dogwatch::report::Verification| {
        let result = match check.result {
            CheckResult::Passed => "passed",
            CheckResult::Failed => "failed",
            CheckResult::NotRun => "not run",
        };
        format!(
            "{result}: {} ({}): {}",
            check.text, check.expect, check.command
        )
    };
    let lines: Vec<String> = report.verification.iter().map(line).collect();
    lines.join("\n")
}

fn with_status(status: Status) -> impl FnOnce(&mut Container) {
    move |container| container.state.status = status
}

fn with_health(status: HealthStatus) -> impl FnOnce(&mut Container) {
    move |container| {
        container.state.status = Status::Running;
        container.state.health = Some(Health {
            status,
            failing_streak: 3,
            log: vec![HealthResult {
                exit_code: 1,
                output: Raw::new("no"),
                ..HealthResult::default()
            }],
        });
    }
}

#[test]
fn each_service_affected_is_checked_for_how_it_runs_and_how_its_check_stands() {
    let mut evidence = described("db", with_status(Status::Exited));
    evidence.extend(described("api", with_health(HealthStatus::Healthy)));
    evidence.extend(described("web", with_health(HealthStatus::Starting)));
    evidence.extend(described("other", with_status(Status::Exited)));
    // seen twice, checked once
    evidence.extend(described("db", with_status(Status::Exited)));
    assert_snapshot!(checked(&evidence, &["api", "web"]), @"
    failed: shop-db-1 runs (running): docker inspect -f '{{.State.Status}}' shop-db-1
    passed: the health check of shop-api-1 passes (healthy): docker inspect -f '{{.State.Health.Status}}' shop-api-1
    passed: shop-api-1 runs (running): docker inspect -f '{{.State.Status}}' shop-api-1
    failed: the health check of shop-web-1 passes (healthy): docker inspect -f '{{.State.Health.Status}}' shop-web-1
    passed: shop-web-1 runs (running): docker inspect -f '{{.State.Status}}' shop-web-1
    ");
}

#[test]
fn what_was_tried_inside_is_checked_against_its_bound() {
    let (db, name) = (key("db"), "shop-db-1");
    let answers = [399, 400].map(|status| {
        probe::answer(
            &db,
            name,
            clean(&format!("http://127.0.0.1/{status}")),
            status,
        )
    });
    let full =
        "0 4096 100 50 /full\n9 4096 100 0 /no-inodes\n9 4096 0 0 /uncounted\n9 4096 9 9 /room\n";
    let spaces = probe::space(&db, name, &clean(full));
    let usage = [849, 850].map(|used| {
        let stats = Stats {
            memory_used: used,
            memory_limit: Some(1000),
            ..Stats::default()
        };
        stats::read(&db, &format!("shop-db-{used}"), &stats, at(0))
    });
    let unlimited = stats::read(&db, "shop-db-9", &Stats::default(), at(0));
    let all = answers.into_iter().chain(spaces).chain(usage);
    let evidence: Vec<Evidence> = all.chain([unlimited]).collect();
    assert_snapshot!(checked(&evidence, &[]), @"
    passed: http://127.0.0.1/399 of shop-db-1 answers (a status under 400): docker exec shop-db-1 curl -fsS -o /dev/null http://127.0.0.1/399
    failed: http://127.0.0.1/400 of shop-db-1 answers (a status under 400): docker exec shop-db-1 curl -fsS -o /dev/null http://127.0.0.1/400
    failed: shop-db-1 has room in /full (free space and free inodes): docker exec shop-db-1 df /full
    failed: shop-db-1 has room in /no-inodes (free space and free inodes): docker exec shop-db-1 df /no-inodes
    passed: shop-db-849 has memory to spare (under 85 % of its limit): docker stats --no-stream shop-db-849
    failed: shop-db-850 has memory to spare (under 85 % of its limit): docker stats --no-stream shop-db-850
    ");
}

fn fix(command: &str) -> Fix {
    Fix {
        text: clean("do it"),
        command: Some(clean(command)),
        risk: Risk::Change,
    }
}

#[test]
fn a_step_that_a_runbook_does_names_it_with_its_host() {
    let mut diagnosis = diagnosis(&["api", "web"]);
    // who suffers for no known reason is not told to wait
    diagnosis.affected.push(suffers("job", ""));
    diagnosis.root.fixes = [
        "docker start shop-db-1",
        "docker restart shop-db-1",
        "docker restarting shop-db-1",
        "docker compose up -d db",
    ]
    .map(fix)
    .to_vec();
    let lines = ["local", "vps"].map(|host| {
        let report = report(&diagnosis, &[], host);
        let steps = report.resolution_steps.iter().map(|step| {
            let runbook = step.runbook.as_ref().map_or("by hand", Clean::as_str);
            format!("{}: {runbook}", step.text)
        });
        format!("{host}\n{}", steps.collect::<Vec<_>>().join("\n"))
    });
    assert_snapshot!(lines.join("\n"), @"
    local
    do it: /ops run start service=shop/db
    do it: /ops run restart service=shop/db
    do it: by hand
    do it: by hand
    when db is well, watch api and web recover; restart what does not: by hand
    vps
    do it: /ops run start service=vps:shop/db
    do it: /ops run restart service=vps:shop/db
    do it: by hand
    do it: by hand
    when db is well, watch api and web recover; restart what does not: by hand
    ");
}

#[test]
fn the_first_line_names_all_who_suffer() {
    let issue = |others: &[&str]| report(&diagnosis(others), &[], "local").issue.to_string();
    let lines = [issue(&[]), issue(&["api"]), issue(&["api", "job", "web"])];
    assert_snapshot!(lines.join("\n"), @"
    db is down
    db is down; api fails because it needs it
    db is down; api, job and web fail because they need it
    ");
}

#[test]
fn what_else_is_wrong_and_who_is_to_be_watched_is_told() {
    let mut diagnosis = diagnosis(&["api"]);
    diagnosis.contributing = vec![finding(Cause::PortConflict, "web")];
    diagnosis.related = vec![(key("backup"), clean("same volume"))];
    let mut prod = report(&diagnosis, &[], "local");
    assert_eq!(prod.contributing.len(), 1);
    assert_eq!(prod.contributing[0].cause, Cause::PortConflict);
    assert_eq!(prod.related_services[0].why.as_str(), "same volume");
    let symptoms: Vec<&str> = prod.services_affected[1]
        .symptoms
        .iter()
        .map(Clean::as_str)
        .collect();
    assert_eq!(symptoms, ["503", "needs db"]);

    let issue = |environment: &str| {
        let occasion = Occasion {
            environment: environment.into(),
            ..occasion("local")
        };
        from_diagnosis(&diagnosis, &[], occasion).issue.to_string()
    };
    assert_eq!(issue("prod"), format!("prod: {}", issue("")));

    diagnosis.root.cause = Cause::None;
    prod = report(&diagnosis, &[], "local");
    assert!(prod.root_cause.service.is_empty() && prod.resolution_steps.is_empty());
}

fn event(second: i64, action: &str) -> Event {
    Event {
        at: at(second),
        kind: "container".to_owned(),
        action: action.to_owned(),
        actor: "db".to_owned(),
        attributes: BTreeMap::new(),
    }
}

#[test]
fn a_timeline_keeps_the_newest_and_puts_a_cause_before_its_effect() {
    let same = ["start", "stop", "die", "kill", "oom"].map(|action| event(100, action));
    let earlier = (0..60).map(|second| event(second, "start"));
    let recorded: Vec<Event> = earlier.chain(same).collect();
    let mut evidence = events::read(&key("db"), "shop-db-1", &recorded);
    evidence.extend(events::read(&key("other"), "shop-other-1", &recorded));
    let report = report(&diagnosis(&[]), &evidence, "local");
    let lines: Vec<String> = report
        .timeline
        .iter()
        .map(|entry| {
            format!(
                "{} {}",
                entry.at.as_second() - at(0).as_second(),
                entry.text
            )
        })
        .collect();
    assert_eq!(lines.len(), 40);
    assert_eq!(lines[0], "25 shop-db-1: start");
    let words = ["oom", "kill", "die", "stop", "start"];
    let last: Vec<&str> = lines[35..]
        .iter()
        .filter_map(|line| line.strip_prefix("100 shop-db-1: "))
        .map(|text| text.split(':').next().unwrap_or_default())
        .collect();
    assert_eq!(last, words);
}

/// Every cause has its place among the eight points.
#[test]
fn where_each_cause_would_have_been_found() {
    let evidence = described("db", with_status(Status::Exited));
    let graph = Graph::new(&Inventory::new(Vec::new()));
    let db = key("db");
    let case = Case {
        asked: &db,
        evidence: &evidence,
        graph: &graph,
        now: at(0),
    };
    let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for cause in Cause::ALL {
        let mut diagnosis = diagnosis(&[]);
        diagnosis.root.cause = *cause;
        let points = checklist(&case, &diagnosis);
        assert_eq!(points.len(), 8, "{}", cause.id());
        let found = points
            .iter()
            .filter(|point| point.outcome == Outcome::Cause);
        for point in found {
            places
                .entry(point.point.to_string())
                .or_default()
                .push(cause.id());
        }
    }
    let lines: Vec<String> = places
        .iter()
        .map(|(point, causes)| format!("{point}: {}", causes.join(" ")))
        .collect();
    assert_snapshot!(lines.join("\n"), @"
    configuration: sigterm-ignored command-not-found exec-permission exec-format-error exits-immediately config-invalid healthcheck-tool-missing healthcheck-timeout healthcheck-start-period config-missing
    engine: killed stopped-by-operator image-not-found image-pull-denied image-pull-timeout image-platform-mismatch build-failed engine-unreachable clock-skew unschedulable rbac-denied
    environment: missing-env env-file-missing
    logs: app-crash segfault aborted dependency-missing missing-file auth-failed connections-exhausted schema-missing database-missing consumer-lag lock-contention rate-limited
    memory and cpu: oom-killed heap-exhausted cpu-throttled memory-pressure fd-exhausted pids-exhausted host-memory-exhausted evicted
    network: dns-failure localhost-misuse network-isolated connection-refused connection-timeout subnet-overlap tls-error dependency-down dependency-not-ready host-unreachable service-no-endpoints ingress-misrouted
    ports: port-conflict healthcheck-wrong-target
    volume permissions: volume-permission mount-missing read-only-filesystem disk-full inodes-full volume-unbound
    ");
}

#[test]
fn a_point_says_what_was_seen_and_what_could_not_be() {
    let mut evidence = described("db", |container| {
        container.state.status = Status::Exited;
        container.state.oom_killed = true;
        container.state.error = Raw::new("no such device");
    });
    evidence.push(Evidence {
        source: Source::Inspect,
        service: key("db"),
        container: "shop-db-1".into(),
        at: None,
        text: clean("logs of shop-db-1: no answer within 4 s"),
        fact: Fact::NotSeen,
    });
    let graph = Graph::new(&Inventory::new(Vec::new()));
    let db = key("db");
    let case = Case {
        asked: &db,
        evidence: &evidence,
        graph: &graph,
        now: at(0),
    };
    let points = checklist(&case, &diagnosis(&[]));
    let lines: Vec<String> = points
        .iter()
        .map(|point| format!("{} {}: {}", point.outcome.mark(), point.point, point.text))
        .collect();
    assert_snapshot!(lines.join("\n"), @"
    – logs: could not be looked at
    ✓ environment: 0 variables set, 0 of them empty
    ✓ ports: 0 published
    ✓ volume permissions: 0 mounts, 0 of them read-only
    ! memory and cpu: it does not run, so it uses nothing; the kernel killed it for memory
    ✓ network: on none; needs 0 other services
    ✓ configuration: runs ``, restart policy , has no health check
    ✓ engine: nothing recorded in the last hour; it says: no such device
    ");
}

fn step(number: usize, runbook: &str, risk: Risk) -> ResolutionStep {
    ResolutionStep {
        text: clean(&format!("step {number}")),
        command: None,
        runbook: (!runbook.is_empty()).then(|| clean(runbook)),
        risk,
        taken: false,
    }
}

fn buttons(report: &Report) -> Vec<String> {
    let shown = |action: &dogwatch::text::Action| {
        format!("{:?} {}: {}", action.style, action.label, action.line)
    };
    brief(report).actions.iter().map(shown).collect()
}

#[test]
fn the_brief_form_offers_each_runbook_once_and_says_what_it_leaves_out() {
    let mut report = sample::fault();
    report.resolution_steps = (1..=14)
        .map(|number| step(number, "", Risk::Read))
        .collect();
    report.resolution_steps[0] = step(1, "run start service=shop/db", Risk::Change);
    report.resolution_steps[1] = step(2, "run start service=shop/db", Risk::Change);
    report.resolution_steps[2] = step(3, "run full-reset stack=shop", Risk::Destructive);
    assert_snapshot!(buttons(&report).join("\n"), @"
    Good step 1: run start service=shop/db
    Bad step 3: run full-reset stack=shop
    Plain Logs: logs local:shop/db --tail 50
    Plain Look again: diagnose local:shop/db
    ");
    report.project = dogwatch::text::Name::default();
    assert!(
        buttons(&report)
            .last()
            .is_some_and(|line| line.ends_with("diagnose local:db"))
    );

    report.verification.truncate(1);
    report.verification[0].result = CheckResult::NotRun;
    report.root_cause.confidence = Confidence::Likely;
    let text = write(&brief(&report), &Dialect::Plain).to_string();
    let check = report.verification[0].text.as_str();
    let wanted = [
        "step 12 ",
        "and 2 more",
        "db · likely",
        &format!("– {check}"),
    ];
    for part in wanted {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    assert!(!text.contains("step 13"), "{text}");
}

#[test]
fn the_brief_form_of_what_is_well_blames_nothing() {
    let mut report = sample::healthy();
    let taken = ResolutionStep {
        taken: true,
        ..step(1, "", Risk::Change)
    };
    report.resolution_steps = vec![taken];
    let text = write(&brief(&report), &Dialect::Plain).to_string();
    assert!(text.contains("Done") && !text.contains("Fix"), "{text}");
    assert!(!text.contains("Root cause"), "{text}");
}
