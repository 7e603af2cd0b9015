//! A stack of a test's own on the real engine, and a bot with its own store that is talked to.

use std::sync::Arc;
use std::time::Duration;

use dogwatch::access::{Caller, Policy};
use dogwatch::bot::{Bot, Conduct, Incoming, Outcome, Reply, Voice, What};
use dogwatch::clock::Clock;
use dogwatch::engine::Engine;
use dogwatch::host::Fleet;
use dogwatch::runbook::Library;
use dogwatch::store::{Later, RunFilter};
use dogwatch::text::dialect::Dialect;
use dogwatch::text::write::write;
use tokio_util::sync::CancellationToken;

use super::real_engine::{IMAGE, Sandbox, docker, real_engine};

/// Ends at once when asked to.
pub(crate) const POLITE: &[&str] = &[
    "sh",
    "-c",
    "trap 'exit 0' TERM; while :; do sleep 0.1; done",
];
/// Healthy in its first life only.
pub(crate) const ONCE: &[&str] = &[
    "sh",
    "-c",
    "trap 'exit 0' TERM; test -f /tmp/born || touch /tmp/ready; test -f /tmp/born && rm -f /tmp/ready; touch /tmp/born; while :; do sleep 0.1; done",
];
pub(crate) const CHECKED: &[&str] = &[
    "--health-cmd",
    "test -f /tmp/ready",
    "--health-interval",
    "300ms",
    "--health-retries",
    "1",
];

pub(crate) struct Real {
    pub(crate) sandbox: Sandbox,
    pub(crate) engine: Engine,
    pub(crate) bot: Arc<Bot>,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) stack: String,
}

impl Real {
    pub(crate) async fn new() -> Option<Self> {
        let engine = real_engine().await?;
        Some(Self::on(engine))
    }

    /// The same engine, reached another way.
    pub(crate) async fn through(fleet: Fleet) -> Option<Self> {
        let mut real = Self::new().await?;
        Arc::get_mut(&mut real.bot).unwrap().fleet = fleet;
        Some(real)
    }

    pub(crate) fn on(engine: Engine) -> Self {
        let sandbox = Sandbox::new();
        let stack = sandbox.name("run").to_lowercase();
        let directory = tempfile::tempdir().unwrap();
        let bot = Bot {
            fleet: Fleet::local(engine.endpoint().clone()),
            clock: Clock::System,
            policy: Policy::default(),
            secrets: Vec::new(),
            store: Later::in_memory(),
            confirm_changes: false,
            conduct: Conduct {
                library: Library::new(Some(directory.path().to_owned())),
                directory: directory.path().join("state"),
                ..Conduct::default()
            },
        };
        Self {
            sandbox,
            engine,
            bot: Arc::new(bot),
            directory,
            stack,
        }
    }

    pub(crate) fn name(&self, service: &str) -> String {
        format!("{}-{service}-1", self.stack)
    }

    /// A service of the stack, as compose would make it.
    pub(crate) fn service(&self, name: &str, options: &[&str], program: &[&str]) -> String {
        let network = ["--network", "none"];
        self.service_on(name, &[&network, options].concat(), program)
    }

    /// On the networks that its options name.
    pub(crate) fn service_on(&self, name: &str, options: &[&str], program: &[&str]) -> String {
        self.service_of(IMAGE, name, options, program)
    }

    pub(crate) fn service_of(
        &self,
        image: &str,
        name: &str,
        options: &[&str],
        program: &[&str],
    ) -> String {
        let labels = [
            format!("com.docker.compose.project={}", self.stack),
            format!("com.docker.compose.service={name}"),
            "com.docker.compose.container-number=1".to_owned(),
        ];
        let container = self.name(name);
        let mut all = vec!["--name", &container];
        for label in &labels {
            all.extend(["--label", label]);
        }
        all.extend(options);
        self.sandbox.run_image(image, &all, program)
    }

    /// The same while other things happen.
    pub(crate) fn later(&self, line: &str) -> tokio::task::JoinHandle<(Outcome, String)> {
        tokio::spawn(answer(
            Arc::clone(&self.bot),
            line.replace("STACK", &self.stack),
        ))
    }

    pub(crate) async fn says(&self, line: &str) -> (Outcome, String) {
        answer(Arc::clone(&self.bot), line.replace("STACK", &self.stack)).await
    }

    /// Approves the newest run, with the word that shows it is meant.
    pub(crate) async fn approved(&self, word: &str) -> (Outcome, String) {
        let store = self.bot.store.get().await.unwrap();
        let run = store.runs(&RunFilter::default()).await.unwrap().remove(0);
        let id = dogwatch::run::book::short(&run.id);
        self.says(&format!("approve {id} {word}")).await
    }

    pub(crate) fn started(&self, service: &str) -> String {
        docker(&[
            "inspect",
            "--format",
            "{{.State.StartedAt}}",
            &self.name(service),
        ])
    }

    /// The first line of the newest report.
    pub(crate) async fn report(&self) -> String {
        let store = self.bot.store.get().await.unwrap();
        let run = store.runs(&RunFilter::default()).await.unwrap().remove(0);
        match store.report(&run.report_id).await.unwrap() {
            dogwatch::store::Match::One(report) => report.issue,
            other => panic!("every run ends in a report: {other:?}"),
        }
    }

    pub(crate) async fn healthy(&self, service: &str) {
        let name = self.name(service);
        self.engine
            .wait_healthy(&name, Duration::from_secs(30))
            .await
            .unwrap();
    }
}

async fn answer(bot: Arc<Bot>, line: String) -> (Outcome, String) {
    let (voice, mut replies) = Voice::new();
    let incoming = Incoming {
        caller: Caller::console("anna"),
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
