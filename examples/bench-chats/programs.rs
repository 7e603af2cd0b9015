//! The programs that are measured, started and ended with us, and the engine that ours looks at.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dogwatch::sim::{Begins, Behaviour, ContainerSpec, World};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::Failure;
use crate::load::Sender;

pub(crate) const RUNS: usize = 50;
/// What was begun before has ended by then: memory is looked at when it is quiet.
const QUIET: Duration = Duration::from_mins(3);

/// Waits for somebody's word, so it is in progress for as long as we like.
const HOLD: &str = "name: hold\ntitle: Hold\nrisk: change\nparams:\n  stack: { type: stack, required: true }\nsteps:\n  - id: gate\n    gate: go on?\n  - id: restart\n    container.restart: { services: \"{{stack}}/api\" }\n";

/// What the chat was told, as far as it is counted.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) posts: AtomicU64,
    pub(crate) answers: AtomicU64,
    /// The messages of runs that have begun.
    running: Mutex<BTreeSet<String>>,
}

impl Told {
    fn runs(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message, or an edit of it; a run's tells of its first step.
    pub(crate) fn shows(&self, message: &str, text: &str) {
        if text.contains("step 1 of") {
            self.runs().insert(message.to_owned());
        }
    }

    pub(crate) async fn all_running(&self) -> Result<(), Failure> {
        let running = async {
            while self.runs().len() < RUNS {
                sleep(Duration::from_millis(100)).await;
            }
        };
        let begun = timeout(Duration::from_mins(3), running).await;
        begun.map_err(|_| format!("only {} of {RUNS} runs began", self.runs().len()).into())
    }

    /// When no answer has come for a second, nothing is worked on any more.
    pub(crate) async fn quiet(&self) -> Result<(), Failure> {
        let silence = async {
            let mut before = u64::MAX;
            loop {
                let now = self.answers.load(Ordering::Relaxed);
                if now == before {
                    return;
                }
                before = now;
                sleep(Duration::from_secs(1)).await;
            }
        };
        Ok(timeout(QUIET, silence).await?)
    }
}

/// One stack for each run, since a stack is changed by one run at a time.
pub(crate) fn world(services: &[&str]) -> World {
    let stacks = (0..RUNS).map(|number| format!("s{number:02}"));
    let containers = stacks.flat_map(|stack| {
        services.iter().map(move |service| {
            ContainerSpec::new(&format!("{stack}-{service}-1"), "example:1")
                .label("com.docker.compose.project", &stack)
                .label("com.docker.compose.service", service)
                .label("com.docker.compose.container-number", "1")
                .behaviour(Behaviour::idle())
                .begins(Begins::Running(Duration::from_hours(1)))
        })
    });
    containers.fold(World::new(), World::with)
}

/// A server on loopback, for as long as we live.
pub(crate) async fn serve(app: axum::Router) -> Result<String, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(base)
}

/// Something that listens, and is ended with us.
pub(crate) struct Listening {
    child: Child,
    pub(crate) base: String,
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark starts what it measures"
)]
fn program(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Ours, with this chat; `chat` and `hosts` are the values of those keys.
pub(crate) async fn dogwatch(
    binary: &Path,
    scratch: &Path,
    (chat, hosts): (&str, &str),
) -> Result<Listening, Failure> {
    let runbooks = scratch.join("runbooks");
    std::fs::create_dir(&runbooks)?;
    std::fs::write(runbooks.join("hold.yml"), HOLD)?;
    let config = format!(
        "http: {{ listen: \"127.0.0.1:0\" }}\nhosts: {hosts}\nchat: {chat}\n\
         runbooks: {{ directory: \"{}\", at_once: 60 }}\n\
         access: {{ roles: {{ all: {{ allow: [\"*:read\", \"*:change\"] }} }}, members: {{ \"slack:*\": [all], \"discord:*\": [all] }} }}\n",
        runbooks.display()
    );
    let file = scratch.join("dogwatch.yaml");
    std::fs::write(&file, config)?;
    let mut command = program(binary);
    command
        .arg("--config")
        .arg(&file)
        .args(["serve", "--headless"]);
    command
        .env("DOGWATCH_STATE", scratch)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let stderr = child.stderr.take().ok_or("no standard error")?;
    let line = until(stderr, "address=").await?;
    let address = line.split_once("address=").map(|(_, rest)| rest);
    let address = address.and_then(|rest| rest.split_whitespace().next());
    Ok(Listening {
        base: format!("http://{}", address.unwrap_or_default()),
        child,
    })
}

/// The app of a directory, given a free port and these arguments.
pub(crate) async fn node(directory: &Path, arguments: &[&str]) -> Result<Listening, Failure> {
    let free = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
    let mut command = program(Path::new("node"));
    command.arg("app.js").arg(free.to_string()).args(arguments);
    command
        .current_dir(directory)
        .env("NODE_ENV", "production")
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn()?;
    let stdout = child.stdout.take().ok_or("no standard output")?;
    until(stdout, "listening").await?;
    Ok(Listening {
        base: format!("http://127.0.0.1:{free}"),
        child,
    })
}

/// The first line with these words. The rest is read and dropped: a full pipe would hold it up.
async fn until(
    output: impl tokio::io::AsyncRead + Unpin + Send + 'static,
    words: &str,
) -> Result<String, Failure> {
    let mut lines = BufReader::new(output).lines();
    let found = timeout(Duration::from_secs(30), async {
        loop {
            match lines.next_line().await? {
                Some(line) if line.contains(words) => return Ok::<_, Failure>(line),
                Some(_) => {}
                None => return Err("it ended".into()),
            }
        }
    });
    let found = found.await??;
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(found)
}

impl Listening {
    /// Resident MiB.
    fn memory(&self) -> Result<f64, Failure> {
        let id = self.child.id().ok_or("it has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next());
        Ok(kilobytes.ok_or("no VmRSS")?.parse::<f64>()? / 1024.0)
    }

    /// What a tenth of the commands, and then all of them, do to it: a row of the table.
    pub(crate) async fn growth(
        &self,
        sender: &Sender,
        told: &Told,
        commands: u64,
    ) -> Result<String, Failure> {
        let first = commands / 10;
        sender.at_once(first).await?;
        told.quiet().await?;
        let early = self.memory()?;
        sender.at_once(commands).await?;
        told.quiet().await?;
        let late = self.memory()?;
        Ok(format!(
            "resident memory after {first} commands, and after {commands} more | {early:.1} MiB, {late:.1} MiB | no growth"
        ))
    }
}
