//! A bot on the demo's simulated shop, spoken to as a person would: lines in, words out.

use std::sync::Arc;
use std::time::Duration;

use dogwatch::access::{Caller, Policy};
use dogwatch::bot::{Bot, Conduct, Incoming, Outcome, Reply, Voice, What};
use dogwatch::clock::Clock;
use dogwatch::engine::Endpoint;
use dogwatch::host::Fleet;
use dogwatch::report::{Report, Templates};
use dogwatch::sim::{Simulation, demo_world};
use dogwatch::store::Later;
use dogwatch::text::{Dialect, write};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

pub(crate) struct Tester {
    pub(crate) bot: Arc<Bot>,
    pub(crate) simulation: Simulation,
    pub(crate) caller: Caller,
    pub(crate) interactive: bool,
    _scratch: tempfile::TempDir,
}

/// What came back for one line.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) reports: Vec<Report>,
    pub(crate) outcome: Option<Outcome>,
}

impl Tester {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Bot)) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let socket = scratch.path().join("engine.sock");
        let simulation = Simulation::start(demo_world(), &socket, Clock::System).unwrap();
        let mut bot = Bot {
            fleet: Fleet::local(Endpoint::Unix(socket)),
            clock: Clock::System,
            policy: Policy::default(),
            secrets: Vec::new(),
            store: Later::in_memory(),
            confirm_changes: false,
            conduct: Conduct::default(),
        };
        change(&mut bot);
        let caller = Caller::console("anna");
        Self {
            bot: Arc::new(bot),
            simulation,
            caller,
            interactive: true,
            _scratch: scratch,
        }
    }

    pub(crate) async fn say(&self, line: &str) -> Answer {
        self.say_until(line, &CancellationToken::new()).await
    }

    pub(crate) async fn say_until(&self, line: &str, cancel: &CancellationToken) -> Answer {
        let (voice, mut replies) = Voice::new();
        let incoming = Incoming {
            caller: self.caller.clone(),
            what: What::Typed(line.to_owned()),
            interactive: self.interactive,
        };
        let (bot, cancel) = (Arc::clone(&self.bot), cancel.clone());
        let work = tokio::spawn(async move { bot.handle(&incoming, &voice, &cancel).await });
        let mut answer = Answer::default();
        while let Some(reply) = timeout(Duration::from_mins(1), replies.recv())
            .await
            .expect("an answer in time")
        {
            answer.take(reply);
        }
        answer.outcome = Some(work.await.expect("no panic"));
        answer
    }

    /// The outage of the demo, until the gateway is unhealthy.
    pub(crate) async fn outage(&self) {
        self.simulation.world().begin_outage();
        for _ in 0..200 {
            if self.say("status gateway").await.text.contains("unhealthy") {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("the outage never came");
    }
}

impl Answer {
    fn take(&mut self, reply: Reply) {
        let text = match reply {
            Reply::Message(message) | Reply::Both { message, .. } => {
                write(&message, &Dialect::Plain).into_string()
            }
            Reply::Trouble(trouble) => write(&trouble.message(), &Dialect::Plain).into_string(),
            Reply::Streamed(line) => {
                line.0
                    .iter()
                    .map(|span| span.text.as_str())
                    .collect::<String>()
                    + "\n"
            }
            Reply::Report(report) => {
                let text = Templates::built_in()
                    .report(&report, &Dialect::Plain)
                    .unwrap()
                    .into_string();
                self.reports.push(*report);
                text
            }
            Reply::Progress(_) => return,
        };
        self.text.push_str(&text);
    }

    pub(crate) fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    /// The run that an answer offers to approve.
    pub(crate) fn run(&self) -> String {
        let after = self.text.split("approve ").nth(1).expect("an offer");
        after.split_whitespace().next().unwrap().to_owned()
    }
}
