//! The engine that a test describes: one container for each service of the stack `demo`.

use std::time::Duration;

use crate::action::operate::KeptImage;
use crate::runbook::language::{Behaves, TestSpec};
use crate::sim::{Begins, Behaviour, ContainerSpec, HealthSpec, Reply, Restart, World};
use crate::stack::{Groups, Previous, Revisions, Site, Sites};
use crate::text::Name;

const STACK: &str = "demo";
const UP: Duration = Duration::from_hours(2);
/// Longer than any test, shorter than what is up already has been.
const NEVER_AGAIN: u64 = 3_600_000;

pub(super) fn container(service: &str) -> String {
    format!("{STACK}-{service}-1")
}

pub(super) fn world(test: &TestSpec) -> World {
    let specs = test.engine.iter();
    specs
        .map(|(service, behaves)| spec(test, service, *behaves))
        .fold(World::new(), World::with)
}

pub(super) fn groups(test: &TestSpec) -> Groups {
    let groups = test.groups.iter().map(|(group, services)| {
        let members = services.iter().map(Name::from).collect();
        (group.clone(), members)
    });
    Groups::from([(STACK.to_owned(), groups.collect())])
}

/// The stack `demo` as a configuration would have it.
pub(super) fn sites(host: &str) -> Sites {
    Sites::of([Site {
        stack: STACK.to_owned(),
        host: host.to_owned(),
        project: STACK.to_owned(),
        directory: Some("/srv/demo".into()),
        command: vec!["docker".to_owned(), "compose".to_owned()],
        tasks: [("job".to_owned(), vec!["job".to_owned()])].into(),
        ..Site::default()
    }])
}

/// Its checkout: one commit was pushed since, and one was there before.
pub(super) fn revisions() -> Revisions {
    let commit = |digit: &str| digit.repeat(40);
    Revisions {
        present: commit("1"),
        fetched: Some(commit("2")),
        previous: Some(Previous {
            commit: commit("0"),
            images: vec![KeptImage {
                service: format!("{STACK}/api"),
                name: "example:1".to_owned(),
                id: format!("sha256:{}", commit("0")),
            }],
        }),
        ..Revisions::default()
    }
}

fn spec(test: &TestSpec, service: &str, behaves: Behaves) -> ContainerSpec {
    let needs = test.needs.get(service).map(|needs| {
        let needs: Vec<String> = needs
            .iter()
            .map(|need| format!("{need}:service_started:false"))
            .collect();
        needs.join(",")
    });
    let name = container(service);
    let base = ContainerSpec::new(&name, "example:1")
        .label("com.docker.compose.project", STACK)
        .label("com.docker.compose.service", service)
        .label("com.docker.compose.container-number", "1")
        .label("com.docker.compose.depends_on", &needs.unwrap_or_default())
        .network("demo_default", &[service])
        .restart(Restart::UnlessStopped)
        .begins(Begins::Running(UP));
    let healthy = |spec: ContainerSpec| spec.health(check());
    let idle = answering(test, Behaviour::idle());
    match behaves {
        Behaves::Healthy => healthy(base).behaviour(idle),
        Behaves::Plain => base.behaviour(idle),
        Behaves::Stopped => healthy(base).behaviour(idle).begins(Begins::Created),
        Behaves::Unhealthy => healthy(base).behaviour(idle.never_ready()),
        Behaves::UnhealthyAfterRestart => healthy(base).behaviour(idle.ready_after(NEVER_AGAIN)),
        Behaves::WithVolume => {
            let volume = format!("{STACK}_{service}-data");
            base.behaviour(idle).volume(&volume, "/data")
        }
    }
}

fn check() -> HealthSpec {
    HealthSpec {
        interval: Duration::from_millis(100),
        ..HealthSpec::shell("exit 0").prints("ok", "not ready")
    }
}

/// Programs that every container has: the harmless ones, and those that try a connection.
fn answering(test: &TestSpec, behaviour: Behaviour) -> Behaviour {
    let said = |text: &str| Reply::stdout(text);
    let mut behaviour = behaviour;
    for program in [
        "date", "df", "hostname", "id", "mount", "ps", "uptime", "whoami",
    ] {
        behaviour = behaviour.answers(&[program], said(program), said(program));
    }
    let ports = test
        .run
        .get("port")
        .map(crate::runbook::template::OneOrMany::texts);
    for port in ports.into_iter().flatten() {
        for (service, behaves) in &test.engine {
            let known = said(&format!("10.0.0.2 {service}"));
            behaviour = behaviour.answers(&["getent", "hosts", service], known.clone(), known);
            let code = i64::from(*behaves == Behaves::Stopped);
            let tried = Reply::fails(code, if code == 0 { "" } else { "connection refused" });
            let argv = ["nc", "-z", "-w", "3", service, &port];
            behaviour = behaviour.answers(&argv, tried.clone(), tried);
        }
    }
    behaviour
}
