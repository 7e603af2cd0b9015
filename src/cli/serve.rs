//! `dogwatch serve`: everything that stays: HTTP, reload on change, and the console where there is
//! a terminal.

use std::io::{IsTerminal, stderr, stdin};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{interval, timeout};
use tokio_util::sync::CancellationToken;

use super::watching::{self, Director};
use super::{Failure, FormatArg, recover, start};
use crate::app::App;
use crate::bot::{Bot, Outcome};
use crate::chat::discord::Discord;
use crate::config::watch::{Reload, Watcher};
use crate::config::{Config, Loaded, LogFormat};
use crate::duty::{Duty, NEWS};
use crate::web::{self, Chats, Doors, Metrics, Site};

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// No console, even in a terminal
    #[arg(long)]
    headless: bool,
}

pub(super) async fn run(args: ServeArgs, settings: &start::Settings) -> Result<Outcome, Failure> {
    let mut signals = StopSignals::listen()?;
    let loaded = start::load(settings)?;
    let level = settings
        .log
        .clone()
        .unwrap_or_else(|| loaded.config.log.level.word().to_owned());
    let at_prompt = !args.headless && stdin().is_terminal();
    // both would be on the same screen
    let level = if at_prompt && stderr().is_terminal() {
        format!("{level},{NEWS}=off")
    } else {
        level
    };
    start::logging(&level, loaded.config.log.format == LogFormat::Json);
    let app =
        App::wire(loaded.config.clone()).map_err(|error| Failure::new(Outcome::Usage, error))?;
    store_answers(&app).await?;

    let watcher = watcher(start::config_path(settings), loaded.clone());
    let listener = listen(loaded.config.http.listen.0).await?;

    let stop = CancellationToken::new();
    let watching = watching::begin(&app).await?;
    let metrics = Arc::clone(&watching.metrics);
    let (sites, site) = watch::channel(Arc::new(site_of(&app)));
    let (bots, bot) = watch::channel(Arc::clone(&app.bot));
    let duty = Duty::new(bot.clone(), metrics.counts());
    let mut connected = connect(&app, &bot, &duty, &stop)?;
    let on_duty = tokio::spawn(duty.run(stop.clone()));
    let doors = Doors {
        chats: connected.chats,
        alerts: Some(watching.intake),
    };
    let http_settings = loaded.config.http.clone();
    let (counting, stopping) = (Arc::clone(&metrics), stop.clone().cancelled_owned());
    let http = tokio::spawn(async move {
        web::serve(listener, &http_settings, site, counting, doors, stopping).await
    });
    let reloading = tokio::spawn(reload(
        watcher,
        loaded.config,
        Readers {
            sites,
            bots,
            metrics,
            sources: watching.director,
            discord: connected.discord,
        },
    ));

    let tending = tokio::spawn(tend(bot.clone()));

    if at_prompt {
        let mut session = start::session(&app, settings, FormatArg::Text, true);
        session.bot = bot;
        tokio::select! {
            _ = session.converse(Some(start::history_file(&app))) => {}
            () = signals.terminated() => {}
        }
    } else {
        signals.received().await;
    }
    tracing::info!("stopping");
    reloading.abort();
    tending.abort();
    watching.work.abort();
    stop.cancel();
    if let Err(error) = on_duty.await {
        tracing::error!(%error, "looking after incidents ended");
    }
    while let Some(ended) = connected.talking.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a chat ended");
        }
    }
    ended(http).await
}

/// The chats as they were connected at the start.
#[derive(Default)]
struct Connections {
    /// What HTTP has to know of them.
    chats: Chats,
    discord: Option<Arc<Discord>>,
    talking: JoinSet<()>,
}

/// The chats that are configured, each with a board that shows incidents, until the program stops.
fn connect(
    app: &App,
    bot: &watch::Receiver<Arc<Bot>>,
    duty: &Duty,
    stop: &CancellationToken,
) -> Result<Connections, Failure> {
    let wrong = |error| Failure::new(Outcome::Usage, error);
    let mut connected = Connections::default();
    if let Some(slack) = app.slack(bot.clone(), stop.clone()).map_err(wrong)? {
        slack.show_incidents(duty, stop.clone());
        slack.add_to(&mut connected.chats);
        connected.talking.spawn(slack.slack.run());
    }
    if let Some(discord) = app.discord(bot.clone(), stop.clone()).map_err(wrong)? {
        discord.show_incidents(duty, stop.clone());
        discord.add_to(&mut connected.chats);
        connected.talking.spawn(Arc::clone(&discord.discord).run());
        connected.discord = Some(discord.discord);
    }
    Ok(connected)
}

/// So long open requests may take when the program is to end.
const FAREWELL: Duration = Duration::from_secs(5);

async fn ended(http: JoinHandle<std::io::Result<()>>) -> Result<Outcome, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(Outcome::Failed, format!("HTTP ended: {error}"))
    };
    // a request that was begun and never ended must not hold us
    match timeout(FAREWELL, http).await {
        Err(_) => {
            tracing::warn!("somebody's request did not come to its end in time");
            Ok(Outcome::Done)
        }
        Ok(Ok(Ok(()))) => Ok(Outcome::Done),
        Ok(Ok(Err(error))) => Err(failed(&error)),
        Ok(Err(error)) => Err(failed(&error)),
    }
}

/// What goes on beside everything else: idle sessions are closed, runs that were cut short taken up.
async fn tend(bot: watch::Receiver<Arc<Bot>>) {
    tokio::join!(
        close_idle_sessions(bot.clone()),
        recover::again_and_again(bot)
    );
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    let in_use = |error| {
        Failure::new(
            Outcome::Failed,
            format!("cannot listen on {address}: {error}; set `http.listen` to a free address"),
        )
    };
    let listener = TcpListener::bind(address).await.map_err(in_use)?;
    tracing::info!(address = %listener.local_addr().unwrap_or(address), "listening");
    Ok(listener)
}

fn site_of(app: &App) -> Site {
    Site {
        bot: Arc::clone(&app.bot),
        templates: Arc::clone(&app.templates),
    }
}

/// A store that cannot be opened is found now and not at three in the morning.
async fn store_answers(app: &App) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(Outcome::Failed, error);
    let store = app.bot.store.get().await.map_err(|error| failed(&error))?;
    store.ping().await.map_err(|error| failed(&error))
}

/// A session over SSH that nobody used for so long is given back.
const IDLE: Duration = Duration::from_mins(10);

async fn close_idle_sessions(bot: watch::Receiver<Arc<Bot>>) {
    let mut ticks = interval(Duration::from_mins(1));
    loop {
        ticks.tick().await;
        let bot = Arc::clone(&bot.borrow());
        bot.fleet.close_idle(IDLE).await;
    }
}

/// Listens for changes from now on; `None` where there is no file.
fn watcher(path: Option<std::path::PathBuf>, loaded: Loaded) -> Option<Watcher> {
    match Watcher::new(&path?, loaded) {
        Ok(watcher) => Some(watcher),
        Err(error) => {
            tracing::error!(%error, "the configuration file cannot be watched; restart to reload");
            None
        }
    }
}

/// Who is told of a new configuration.
struct Readers {
    sites: watch::Sender<Arc<Site>>,
    bots: watch::Sender<Arc<Bot>>,
    metrics: Arc<Metrics>,
    sources: Director,
    discord: Option<Arc<Discord>>,
}

impl Readers {
    /// Those that go on are told; what they were started with stays as it is.
    fn follow(&self, app: App) {
        self.metrics.reloaded(true);
        tracing::info!("the configuration was reloaded");
        self.sources.follow(&app);
        self.sites.send_replace(Arc::new(site_of(&app)));
        self.bots.send_replace(app.bot);
        if let (Some(discord), Some(settings)) = (&self.discord, &app.config.chat.discord) {
            discord.follow(settings);
        }
    }
}

/// Takes a changed configuration while everything goes on; a wrong one changes nothing.
async fn reload(watcher: Option<Watcher>, started_with: Config, readers: Readers) {
    let Some(mut watcher) = watcher else {
        return std::future::pending().await;
    };
    loop {
        match watcher.changed().await {
            Reload::New(config) => {
                let need_restart = started_with.need_restart(&config);
                if !need_restart.is_empty() {
                    let keys = need_restart.join(", ");
                    tracing::warn!(keys, "changed in the file, and takes a restart to be used");
                }
                let before = Arc::clone(&readers.bots.borrow());
                match App::rewire(*config, &before, need_restart) {
                    Ok(app) => readers.follow(app),
                    Err(error) => {
                        tracing::error!(%error, "the changed configuration is wrong; the old one stays in force");
                        readers.metrics.reloaded(false);
                    }
                }
            }
            Reload::Rejected(problems) => {
                tracing::error!(
                    "the changed configuration is wrong; the old one stays in force\n{problems}"
                );
                readers.metrics.reloaded(false);
            }
        }
    }
}

/// Somebody asks us to stop. Listened for before anything is served, so that no moment is left in
/// which a signal would cut us off.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
    /// Asks for the configuration to be read again: heard by who watches it, and no reason to end
    /// where there is none.
    _hangup: Signal,
}

impl StopSignals {
    fn listen() -> Result<Self, Failure> {
        let on = |kind| {
            let why = |error| format!("cannot listen for signals: {error}");
            signal(kind).map_err(|error| Failure::new(Outcome::Failed, why(error)))
        };
        Ok(Self {
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
            _hangup: on(SignalKind::hangup())?,
        })
    }

    /// At a console Ctrl-C cancels what runs; only this ends the program.
    async fn terminated(&mut self) {
        self.terminate.recv().await;
    }

    async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
