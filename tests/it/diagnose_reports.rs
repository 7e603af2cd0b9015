//! What a report says beside its cause, told of recorded incidents: the change that keeps it from
//! coming back, what must be true again, and every place that was looked at.

use std::collections::BTreeMap;

use dogwatch::diagnose::checklist::Outcome;
use dogwatch::live::brief::brief;
use dogwatch::report::{CheckResult, Report, Templates};
use dogwatch::text::{Clean, Dialect, write};
use insta::assert_snapshot;

use crate::diagnose_incidents::{incidents, told};

async fn report_of(name: &str) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let mut named = incidents().into_iter().filter(|one| one.name == name);
    told(
        named.next().expect("an incident of that name"),
        folder.path(),
    )
    .await
}

/// One change for each file and cause: a later incident of the same kind adds nothing.
#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_a_small_diff_with_the_real_names() {
    let folder = tempfile::tempdir().unwrap();
    let mut shown = BTreeMap::new();
    for incident in incidents() {
        let name = incident.name.clone();
        let report = told(incident, folder.path()).await;
        for change in &report.changes {
            let lines: Vec<&str> = change.diff.iter().map(Clean::as_str).collect();
            let kind = (report.root_cause.cause.id(), change.file.clone());
            shown
                .entry(kind)
                .or_insert_with(|| format!("{name}\n{}", lines.join("\n")));
        }
    }
    let all: Vec<String> = shown
        .iter()
        .map(|((cause, file), diff)| format!("# {cause}, {file}: {diff}\n"))
        .collect();
    assert_snapshot!(all.join("\n"), @r#"
    # dependency-missing, package.json: node-package-missing
    +    "express": "*"

    # dependency-missing, requirements.txt: nginx-without-its-upstream
    +flask

    # dependency-not-ready, docker-compose.yml: started-before-the-database
     services:
       api:
         depends_on:
    +      db:
    +        condition: service_healthy

    # disk-full, docker-compose.yml: gateway-api-db-disk-full
     services:
       db:
         tmpfs:
    -      - /tmp:size=8m
    +      - /tmp:size=64m

    # dns-failure, docker-compose.yml: celery-asks-a-name-nobody-has
     services:
       worker:
         environment:
    -      BROKER: …reddis:6379…
    +      BROKER: …redis:6379…

    # exits-immediately, docker-compose.yml: ends-well-for-ever
     services:
       web:
    -    restart: always
    +    restart: "no"

    # fd-exhausted, docker-compose.yml: too-many-open-files
     services:
       proxy:
         ulimits:
    +      nofile: 65536

    # healthcheck-start-period, docker-compose.yml: check-begins-before-a-slow-start-ends
     services:
       model:
         healthcheck:
    +      start_period: 90s

    # healthcheck-timeout, docker-compose.yml: check-sleeps
     services:
       worker:
         healthcheck:
    -      timeout: 1s
    +      timeout: 5s

    # healthcheck-tool-missing, Dockerfile: check-needs-curl-busybox
    +RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*

    # healthcheck-wrong-target, docker-compose.yml: check-on-the-wrong-port
     services:
       api:
         healthcheck:
    -      test: …8080…
    +      test: …3000…

    # inodes-full, docker-compose.yml: inodes-used-up
     services:
       sessions:
         tmpfs:
    -      - /sessions:nr_inodes=64
    +      - /sessions:nr_inodes=512

    # localhost-misuse, docker-compose.yml: localhost-python
     services:
       consumer:
         environment:
    -      NATS_URL: …127.0.0.1:4222…
    +      NATS_URL: …broker:4222…

    # missing-env, docker-compose.yml: api-db-missing-env
     services:
       db:
         environment:
    +      POSTGRES_PASSWORD: "${POSTGRES_PASSWORD:?set it in .env}"

    # mount-missing, docker-compose.yml: mounted-directory-instead-of-file
     services:
       web:
         volumes:
    -      - ./nginx-prod.conf:/etc/nginx/nginx.conf
    +      - type: bind
    +        source: ./nginx-prod.conf
    +        target: /etc/nginx/nginx.conf
    +        bind: {create_host_path: false}

    # network-isolated, docker-compose.yml: no-network-at-all
     services:
       job:
         networks:
    +      - default

    # oom-killed, docker-compose.yml: api-redis-oom
     services:
       cache:
    -    mem_limit: 24m
    +    mem_limit: 600m

    # pids-exhausted, docker-compose.yml: no-more-processes
     services:
       runner:
    -    pids_limit: 12
    +    pids_limit: 200

    # port-conflict, docker-compose.yml: port-taken-by-another-service
     services:
       second:
         ports:
    -      - "28787:80"
    +      - "28788:80"

    # read-only-filesystem, docker-compose.yml: mount-is-read-only
     services:
       writer:
         volumes:
    -      - data:/out:ro
    +      - data:/out

    # sigterm-ignored, docker-compose.yml: stop-ignored-by-a-trap
     services:
       worker:
    +    init: true

    # volume-permission, Dockerfile: api-db-volume-permission
    +RUN mkdir -p /var/lib/pg && chown postgres /var/lib/pg
    "#);
}

fn checks(report: &Report) -> String {
    let lines: Vec<String> = report
        .verification
        .iter()
        .map(|check| {
            let result = match check.result {
                CheckResult::Passed => "passed",
                CheckResult::Failed => "failed",
                CheckResult::NotRun => "not run",
            };
            format!(
                "{result}: {}\n  {}\n  {}",
                check.text, check.command, check.expect
            )
        })
        .collect();
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_true_again_can_be_pasted_and_says_how_it_is_now() {
    let cascade = report_of("gateway-api-db-disk-full").await;
    assert_snapshot!(checks(&cascade), @"
    failed: causegatewayapidbdiskfull_db_1 runs
      docker inspect -f '{{.State.Status}}' causegatewayapidbdiskfull_db_1
      running
    passed: causegatewayapidbdiskfull_api_1 runs
      docker inspect -f '{{.State.Status}}' causegatewayapidbdiskfull_api_1
      running
    failed: the health check of causegatewayapidbdiskfull_gateway_1 passes
      docker inspect -f '{{.State.Health.Status}}' causegatewayapidbdiskfull_gateway_1
      healthy
    passed: causegatewayapidbdiskfull_gateway_1 runs
      docker inspect -f '{{.State.Status}}' causegatewayapidbdiskfull_gateway_1
      running
    ");
    let well = report_of("well-with-alarming-words").await;
    assert_snapshot!(checks(&well), @"
    passed: the health check of causewellwithalarmingwords_api_1 passes
      docker inspect -f '{{.State.Health.Status}}' causewellwithalarmingwords_api_1
      healthy
    passed: causewellwithalarmingwords_api_1 runs
      docker inspect -f '{{.State.Status}}' causewellwithalarmingwords_api_1
      running
    ");
}

/// The eight points, each with its mark; every point has been the one somewhere.
#[tokio::test(flavor = "multi_thread")]
async fn the_checklist_says_of_every_place_how_it_came_out() {
    let mut lines = Vec::new();
    for name in [
        "crash-node-typeerror",
        "env-missing-in-node",
        "port-taken-by-another-service",
        "volume-owned-by-root",
        "oom-node-buffers",
        "two-networks",
        "nginx-unknown-directive",
        "stopped-redis",
        "well-with-alarming-words",
    ] {
        let report = report_of(name).await;
        let points: Vec<String> = report
            .checklist
            .iter()
            .map(|point| format!("{} {}", point.outcome.mark(), point.point))
            .collect();
        lines.push(format!("{name}: {}", points.join(", ")));
    }
    assert_snapshot!(lines.join("\n"), @"
    crash-node-typeerror: ! logs, ✓ environment, ✓ ports, ✓ volume permissions, ✓ memory and cpu, ✓ network, ✓ configuration, ✓ engine
    env-missing-in-node: ✓ logs, ! environment, ✓ ports, ✓ volume permissions, – memory and cpu, ✓ network, ✓ configuration, ✓ engine
    port-taken-by-another-service: ✓ logs, ✓ environment, ! ports, ✓ volume permissions, ✓ memory and cpu, ✓ network, ✓ configuration, ✓ engine
    volume-owned-by-root: ✓ logs, ✓ environment, ✓ ports, ! volume permissions, – memory and cpu, ✓ network, ✓ configuration, ✓ engine
    oom-node-buffers: ✓ logs, ✓ environment, ✓ ports, ✓ volume permissions, ! memory and cpu, ✓ network, ✓ configuration, ✓ engine
    two-networks: ✓ logs, ✓ environment, ✓ ports, ✓ volume permissions, ✓ memory and cpu, ! network, ✓ configuration, ✓ engine
    nginx-unknown-directive: ✓ logs, ✓ environment, ✓ ports, ✓ volume permissions, ✓ memory and cpu, ✓ network, ! configuration, ✓ engine
    stopped-redis: ✓ logs, ✓ environment, ✓ ports, ✓ volume permissions, ✓ memory and cpu, ✓ network, ✓ configuration, ! engine
    well-with-alarming-words: ✓ logs, ✓ environment, ✓ ports, ✓ volume permissions, – memory and cpu, ✓ network, ✓ configuration, ✓ engine
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_report_shows_each_point_with_what_was_seen_there() {
    let report = report_of("volume-owned-by-root").await;
    assert_eq!(report.checklist.len(), 8);
    let cause = report
        .checklist
        .iter()
        .filter(|point| point.outcome == Outcome::Cause);
    assert_eq!(cause.count(), 1, "one place is where the cause was");
    let templates = Templates::built_in();
    for dialect in [Dialect::Plain, Dialect::Markdown, Dialect::Html] {
        let text = templates.report(&report, &dialect).unwrap().to_string();
        for point in &report.checklist {
            assert!(
                text.contains(point.point.as_str()),
                "{}: {text}",
                point.point
            );
        }
    }
    let plain = templates
        .report(&report, &Dialect::Plain)
        .unwrap()
        .to_string();
    let checked: Vec<&str> = plain
        .lines()
        .skip_while(|line| !line.starts_with("Checked"))
        .take_while(|line| !line.is_empty())
        .collect();
    assert_snapshot!(checked.join("\n"), @"
    Checked    ✓  logs                1 telling lines in the life that was judged, the last: Error:
                                      EACCES: permission denied, open '/data/state.json'
               ✓  environment         1 variables set, 0 of them empty
               ✓  ports               0 published; listens on no port
               !  volume permissions  1 mounts, 0 of them read-only
               –  memory and cpu      could not be looked at
               ✓  network             on causevolumeownedbyroot_default; needs 0 other services
               ✓  configuration       runs `node`, restart policy on-failure, has no health check
               ✓  engine              last recorded: die, exit 1
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_brief_form_has_the_answer_the_proof_the_change_and_the_checklist() {
    let report = report_of("api-redis-oom").await;
    assert_snapshot!(write(&brief(&report), &Dialect::Plain), @"
    cache was killed for lack of memory (limit 24 MiB); api fails because it needs it
    Root cause oom-killed · cache · likely

      inspect cache: exited, exit 0, OOMKilled true, restart policy no
      events cache: oom: the kernel killed a process at the memory limit
      inspect cache: memory limit 24 MiB (25165824 bytes)
      logs api: redis getaddrinfo ENOTFOUND cache

    Affected
    - cache exited 0 exited, exit 0, OOMKilled true, restart policy no
    - api running running, restarted 2 times; needs cache (named in REDIS_HOST)

    Fix
    - raise the memory limit of cache from 24 MiB to at least 600 MiB (its use plus 200 MiB, never under 600 MiB) (change)
    - recreate cache with the corrected settings docker compose up -d cache (change)
    - start cache again /ops run start service=causeapiredisoom/cache (change)
    - when cache is well, watch api recover; restart what does not (change)

    Verify
    - ✗ causeapiredisoom_cache_1 runs
    - ✓ causeapiredisoom_api_1 runs

    Prevent
    - set the limit to the measured use plus at least 200 MiB, and never under 600 MiB
    - alert when memory stays above 85 % of the limit

      docker-compose.yml
       services:
         cache:
      -    mem_limit: 24m
      +    mem_limit: 600m

    Checked ✓ logs · ✓ environment · ✓ ports · ✓ volume permissions · ! memory and cpu · ✓ network · ✓ configuration · ✓ engine
    report 1 · all
    ");
}
