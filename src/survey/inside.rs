//! Looks into running containers where that may decide: where they listen, what their health
//! check's address answers, how full their file systems are. Reads only; never through a shell.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::time::sleep;

use super::Survey;
use super::gather::{Subject, limited};
use crate::action::container::{Container, ExecResult, HealthStatus, Status};
use crate::engine::{Endpoint, Engine};
use crate::evidence::probe::{self, MachineFact};
use crate::evidence::sockets::SocketFact;
use crate::evidence::{Cause, Evidence, Fact, processes, sockets};
use crate::host::{MachineFacts, machine};

const AT_ONCE: usize = 8;
const LIMIT: Duration = Duration::from_secs(2);

pub(super) async fn look(
    engine: &Engine,
    survey: &Survey,
    subjects: &[Subject<'_>],
    evidence: &[Evidence],
) -> Vec<Evidence> {
    let running = subjects
        .iter()
        .filter(|(_, container)| container.state.status == Status::Running);
    let looks: Vec<_> = running
        .map(|subject| one(engine, survey, *subject, evidence))
        .collect();
    let seen: Vec<Vec<Evidence>> = stream::iter(looks).buffered(AT_ONCE).collect().await;
    seen.into_iter().flatten().collect()
}

/// Where others listen, as far as this machine can tell without asking them.
pub(super) async fn sockets(subjects: &[Subject<'_>]) -> Vec<Evidence> {
    let mut seen = Vec::new();
    for (key, container) in subjects {
        let Some(pid) = container.state.pid else {
            continue;
        };
        let tables = machine::tcp_tables(pid, &container.id).await;
        seen.extend(tables.map(|tables| sockets::read(key, &container.name, &tables)));
    }
    seen
}

async fn one(
    engine: &Engine,
    survey: &Survey,
    subject: Subject<'_>,
    evidence: &[Evidence],
) -> Vec<Evidence> {
    let (key, container) = subject;
    let (tables, answer, space, processes) = tokio::join!(
        tables_while_asked(engine, subject, evidence),
        answer(engine, survey, subject),
        space(engine, survey, subject, evidence),
        processes(engine, subject, evidence)
    );
    let sockets = tables.map(|tables| sockets::read(key, &container.name, &tables));
    let found = sockets.into_iter().chain(answer).chain(space);
    found.chain(processes).collect()
}

/// What runs there, where it has next to no process left to start.
async fn processes(
    engine: &Engine,
    (key, container): Subject<'_>,
    evidence: &[Evidence],
) -> Option<Evidence> {
    let tells = |fact: &Fact| match fact {
        Fact::Log(line) => line
            .hit
            .as_ref()
            .is_some_and(|hit| hit.cause == Cause::PidsExhausted),
        Fact::Usage(usage) => usage.stats.has_few_processes_left(),
        _ => false,
    };
    let mut mine = evidence
        .iter()
        .filter(|item| item.service == *key && item.container == container.name.as_str());
    if !mine.any(|item| tells(&item.fact)) {
        return None;
    }
    let top = limited(engine.top(&container.id)).await.ok()?;
    Some(processes::read(key, &container.name, &top))
}

/// What the image was built for, of each container that could not be executed.
pub(super) async fn platforms(
    engine: &Engine,
    subjects: &[Subject<'_>],
    evidence: &[Evidence],
) -> Vec<Evidence> {
    let refused = |fact: &Fact| match fact {
        Fact::State(state) => state.error.as_str().contains("exec format error"),
        Fact::Log(line) => line
            .hit
            .as_ref()
            .is_some_and(|hit| hit.cause == Cause::ExecFormatError),
        _ => false,
    };
    let mut seen = Vec::new();
    for (key, container) in subjects {
        let mut mine = evidence
            .iter()
            .filter(|item| item.service == **key && item.container == container.name.as_str());
        if mine.any(|item| refused(&item.fact))
            && let Ok(found) = limited(engine.platforms(&container.image_id)).await
        {
            seen.extend(probe::platform(key, &container.name, &found));
        }
    }
    seen
}

/// A check that hangs may wait for somebody else. It is asked by hand at the same time, and while that
/// lasts the tables show for whom.
async fn tables_while_asked(
    engine: &Engine,
    (key, container): Subject<'_>,
    evidence: &[Evidence],
) -> Option<String> {
    let hangs = |item: &Evidence| match &item.fact {
        Fact::Health(health) => {
            item.service == *key
                && item.container == container.name.as_str()
                && health.status == HealthStatus::Unhealthy
                && health.took_too_long()
        }
        _ => false,
    };
    let looks = if evidence.iter().any(hangs) { LOOKS } else { 1 };
    let mut seen = None;
    for look in 0..looks {
        if look > 0 {
            sleep(PAUSE).await;
        }
        seen = tables(engine, container).await.or(seen);
        let waits = |tables: &String| !SocketFact::parse(tables).asking.is_empty();
        if seen.as_ref().is_some_and(waits) {
            break;
        }
    }
    seen
}

/// Together less than a check by hand may take.
const LOOKS: usize = 8;
const PAUSE: Duration = Duration::from_millis(250);

/// The machine's own view where the engine is on it, else the container's.
async fn tables(engine: &Engine, container: &Container) -> Option<String> {
    if let Some(pid) = container.state.pid
        && let Some(tables) = machine::tcp_tables(pid, &container.id).await
    {
        return Some(tables);
    }
    let argv = ["cat", "/proc/net/tcp", "/proc/net/tcp6"];
    let seen = run(engine, container, &argv).await?;
    (!seen.stdout.is_empty()).then(|| seen.stdout.expose().to_owned())
}

async fn run(engine: &Engine, container: &Container, argv: &[&str]) -> Option<ExecResult> {
    let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
    limited(engine.exec(&container.id, &argv, LIMIT)).await.ok()
}

/// A check that only says "failed" is asked again for the status it got.
async fn answer(
    engine: &Engine,
    survey: &Survey,
    (key, container): Subject<'_>,
) -> Option<Evidence> {
    let health = container.state.health.as_ref()?;
    let test = container.settings.health_test.as_ref()?;
    if health.status != HealthStatus::Unhealthy {
        return None;
    }
    let words: Vec<&str> = test
        .test
        .iter()
        .skip(1)
        .flat_map(|word| word.expose().split_whitespace())
        .collect();
    let url = words
        .iter()
        .map(|word| word.trim_matches(['\'', '"', ';', ')', '(']))
        .find_map(plain)?;
    let url = url.as_str();
    let asks_with_curl = words.iter().any(|word| word.ends_with("curl"));
    let status = if asks_with_curl {
        let argv = [
            "curl",
            "-s",
            "-o",
            "/dev/null",
            "-m",
            "1",
            "-w",
            "%{http_code}",
            url,
        ];
        run(engine, container, &argv)
            .await?
            .stdout
            .expose()
            .trim()
            .parse()
            .ok()?
    } else {
        let argv = ["wget", "-S", "-T", "1", "-O", "/dev/null", url];
        status_line(run(engine, container, &argv).await?.stderr.expose())?
    };
    (status > 0).then(|| probe::answer(key, &container.name, survey.redactor.clean(url), status))
}

/// The address of a check; one that asks with TLS is tried without.
fn plain(word: &str) -> Option<String> {
    if let Some(rest) = word.strip_prefix("https://") {
        return Some(format!("http://{rest}"));
    }
    word.starts_with("http://").then(|| word.to_owned())
}

/// The last `HTTP/1.1 404` in what a tool tells.
fn status_line(told: &str) -> Option<u16> {
    let (_, after) = told.rsplit_once("HTTP/")?;
    after.split_whitespace().nth(1)?.parse().ok()
}

/// Which of the two ran out when there is no space left.
async fn space(
    engine: &Engine,
    survey: &Survey,
    (key, container): Subject<'_>,
    evidence: &[Evidence],
) -> Vec<Evidence> {
    let is_full = evidence.iter().any(|item| {
        let hit = matches!(&item.fact, Fact::Log(line) if line.hit.as_ref().is_some_and(|hit| hit.cause == Cause::DiskFull));
        hit && item.service == *key && item.container == container.name.as_str()
    });
    if !is_full {
        return Vec::new();
    }
    let places = container
        .tmpfs
        .keys()
        .chain(container.mounts.iter().map(|mount| &mount.destination));
    let mut argv = vec!["stat", "-f", "-c", "%a %S %c %d %n", "/"];
    argv.extend(places.map(String::as_str));
    let Some(seen) = run(engine, container, &argv).await else {
        return Vec::new();
    };
    probe::space(key, &container.name, &survey.redactor.raw(&seen.stdout))
}

/// Where the engine is on this machine: what is left of it.
pub(super) async fn machine(engine: &Engine) -> Option<MachineFact> {
    let Endpoint::Unix(_) = engine.endpoint() else {
        return None;
    };
    let facts = MachineFacts::read(vec![PathBuf::from("/var/lib/docker")]).await;
    let (memory, disk) = (facts.memory?, facts.disks.first()?);
    Some(MachineFact {
        memory: memory.total,
        memory_available: memory.available,
        disk_available: disk.available,
    })
}

#[cfg(test)]
mod tests {
    use super::status_line;

    #[test]
    fn the_last_status_counts() {
        let told = "  HTTP/1.1 302 Found\n  HTTP/1.1 404 Not Found\nwget: server returned error: HTTP/1.1 404 Not Found";
        assert_eq!(status_line(told), Some(404));
        assert_eq!(status_line("wget: connection refused"), None);
    }
}
