//! `dogwatch demo`: an incident from alert to report, on a built-in engine. In a terminal a person
//! drives it; otherwise it plays itself.

use std::io::{IsTerminal, stdin};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use futures_util::StreamExt;
use tokio::signal::ctrl_c;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::{Failure, FormatArg, start};
use crate::access::{Caller, Policy};
use crate::action::events::EventQuery;
use crate::app::App;
use crate::bot::{Bot, Conduct, Outcome};
use crate::chat::console::{Leave, Screen, Session};
use crate::clock::Clock;
use crate::config::Config;
use crate::engine::{Endpoint, Events};
use crate::host::Fleet;
use crate::report::{Report, Templates};
use crate::sim::{Simulation, demo_world};
use crate::store::{Later, ReportFilter};
use crate::text::{Dialect, Line, Message, Style};
use crate::watch::alert::alert;

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Play it to the end even in a terminal
    #[arg(long)]
    auto: bool,
    /// Also write the last report into FILE, as a page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// The longest the staged outage and the recovery may take, each.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the self-playing demo types once the alert is there.
const SCRIPT: [&str; 2] = ["diagnose gateway", "restart db api gateway"];

pub(super) async fn run(args: DemoArgs, settings: &start::Settings) -> Result<Outcome, Failure> {
    let plays_itself = args.auto || !stdin().is_terminal();
    let directory = Scratch::new()?;
    let socket = directory.0.join("engine.sock");
    let failed = |error: &dyn std::fmt::Display| Failure::new(Outcome::Failed, error);
    let simulation =
        Simulation::start(demo_world(), &socket, Clock::System).map_err(|error| failed(&error))?;
    let mut demo = Demo::new(&socket, settings, &directory);
    let outcome = if plays_itself {
        tokio::select! {
            played = demo.play(&simulation) => played?,
            _ = ctrl_c() => return Err(Failure::new(Outcome::Failed, "stopped before its end")),
        }
    } else {
        demo.guide(&simulation).await?
    };
    if let Some(file) = args.html {
        demo.write_page(&file).await?;
    }
    Ok(outcome)
}

struct Demo {
    session: Session,
    history: PathBuf,
}

impl Demo {
    fn new(socket: &std::path::Path, settings: &start::Settings, directory: &Scratch) -> Self {
        let bot = Bot {
            fleet: Fleet::local(Endpoint::Unix(socket.to_owned())),
            clock: Clock::System,
            policy: Policy::default(),
            secrets: Vec::new(),
            store: Later::in_memory(),
            confirm_changes: true,
            conduct: Conduct::default(),
        };
        let app = App {
            config: Config::default(),
            bot: Arc::new(bot),
            templates: Arc::new(Templates::built_in()),
        };
        let screen = Screen::new(
            Arc::clone(&app.templates),
            FormatArg::Text.into(),
            settings.plain,
        );
        let session = Session {
            bot: watch::channel(app.bot).1,
            caller: Caller::console(&start::user()),
            screen,
            interactive: true,
            asked: None,
            leave: Leave::default(),
        };
        Self {
            session,
            history: directory.0.join("history"),
        }
    }

    /// From quiet to report, at a pace that can be read along.
    async fn play(&mut self, simulation: &Simulation) -> Result<Outcome, Failure> {
        self.tell(
            "a shop runs on a built-in engine; everything you see is computed, nothing is recorded",
        )
        .await;
        self.type_line("status").await?;
        self.outage(simulation).await?;
        for line in SCRIPT {
            self.type_line(line).await?;
        }
        let run = self.waiting_run().await?;
        let done = self.type_line(&format!("approve {run}")).await?;
        self.tell("that was all: `dogwatch console` does the same on your own engine")
            .await;
        Ok(done)
    }

    /// The person types; the outage begins while the status is still on the screen.
    async fn guide(&mut self, simulation: &Simulation) -> Result<Outcome, Failure> {
        self.tell("a shop runs on a built-in engine. `help` lists the words, Ctrl-D leaves")
            .await;
        self.type_line("status").await?;
        self.outage(simulation).await?;
        self.tell("your turn: `diagnose gateway` finds out why; `restart db api gateway` mends it")
            .await;
        Ok(self.session.converse(Some(self.history.clone())).await)
    }

    async fn outage(&mut self, simulation: &Simulation) -> Result<(), Failure> {
        let gone = || Failure::new(Outcome::Failed, "the built-in engine went away");
        let host = self
            .session
            .bot()
            .fleet
            .host(None)
            .await
            .map_err(|error| Failure::new(Outcome::Failed, error))?;
        let query = EventQuery {
            since: Some(simulation.world().now()),
            ..EventQuery::default()
        };
        let mut events = host.engine.watch(&query);
        simulation.world().begin_outage();
        let alerts = self.alerts(&mut events, "gateway");
        timeout(PATIENCE, alerts).await.map_err(|_| gone())?;
        Ok(())
    }

    /// Shows every alert until the service that people see is ill.
    async fn alerts(&mut self, events: &mut Events, last: &str) {
        while let Some(Ok(event)) = events.next().await {
            let Some(message) = alert(&event) else {
                continue;
            };
            self.show(&message);
            if event
                .attributes
                .get("com.docker.compose.service")
                .is_some_and(|service| service == last)
            {
                return;
            }
        }
    }

    /// As a person would: the prompt, the words, a moment to read, the answer.
    async fn type_line(&mut self, line: &str) -> Result<Outcome, Failure> {
        let shown = crate::text::Redactor::shapes_only().clean(line);
        self.show(&Message::new().line(Line::new().styled(Style::Dim, "\u{a0}")));
        self.show(&Message::new().line(Line::new().styled(Style::Good, "ops> ").strong(shown)));
        sleep(Duration::from_millis(600)).await;
        let outcome = self.session.line(line).await;
        sleep(Duration::from_millis(900)).await;
        if outcome == Outcome::Done {
            Ok(outcome)
        } else {
            Err(Failure::new(
                outcome,
                format!("`{line}` did not go as it should"),
            ))
        }
    }

    /// The start of the id of the run that waits for approval.
    async fn waiting_run(&self) -> Result<String, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::new(Outcome::Failed, error);
        let bot = self.session.bot();
        let store = bot.store.get().await.map_err(|error| failed(&error))?;
        let waiting = store
            .unfinished_runs()
            .await
            .map_err(|error| failed(&error))?;
        let run = waiting
            .last()
            .ok_or_else(|| failed(&"no run waits for approval"))?;
        Ok(crate::run::book::short(&run.id).to_owned())
    }

    /// The newest report as a page: what `dogwatch report export` does for reports that are kept.
    async fn write_page(&self, file: &std::path::Path) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::new(Outcome::Failed, error);
        let bot = self.session.bot();
        let store = bot.store.get().await.map_err(|error| failed(&error))?;
        let newest = ReportFilter {
            limit: Some(1),
            ..ReportFilter::default()
        };
        let records = store
            .reports(&newest)
            .await
            .map_err(|error| failed(&error))?;
        let record = records
            .first()
            .ok_or_else(|| failed(&"no report was made"))?;
        let report: Report =
            serde_json::from_str(&record.body_json).map_err(|error| failed(&error))?;
        let page = Templates::built_in()
            .report(&report, &Dialect::Html)
            .map_err(|error| failed(&error))?;
        std::fs::write(file, page.as_str())
            .map_err(|error| failed(&format!("cannot write `{}`: {error}", file.display())))
    }

    async fn tell(&mut self, text: &'static str) {
        self.show(&Message::new().line(Line::new().styled(Style::Dim, text)));
        sleep(Duration::from_millis(400)).await;
    }

    fn show(&mut self, message: &Message) {
        if self.session.screen.message(message).is_err() {
            tracing::debug!("nobody reads any more");
        }
    }
}

/// A directory of our own for the socket; gone with the demo.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("dogwatch-{}", Clock::System.id()));
        std::fs::create_dir(&path).map_err(|error| {
            Failure::new(
                Outcome::Failed,
                format!("cannot make `{}`: {error}", path.display()),
            )
        })?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::debug!(%error, "the demo's directory stays behind");
        }
    }
}
