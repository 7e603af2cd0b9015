//! What every sub-command begins with: logging, the runtime, the configuration, the wired program.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use super::{Failure, FormatArg};
use crate::access::Caller;
use crate::app::App;
use crate::bot::Outcome;
use crate::chat::console::{Leave, Screen, Session};
use crate::config::{Config, Loaded};
use crate::report::{Report, report_json};
use crate::text::dialect::Dialect;

/// What was said on the command line for all sub-commands.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) config: Option<PathBuf>,
    pub(super) plain: bool,
    pub(super) log: Option<String>,
}

/// Our own log goes to standard error; standard output belongs to answers.
pub(super) fn logging(level: &str, json: bool) {
    // whatever is asked for: these log whole answers, environment values included
    let level = format!("{level},bollard=warn,hyper=warn,hyper_util=warn,sqlx=warn,rustls=warn");
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    let done = if json {
        log.json().try_init()
    } else {
        log.try_init()
    };
    if done.is_err() {
        tracing::debug!("logging was set up before");
    }
}

/// One command needs one thread; a server gets two, whatever the machine has.
pub(super) fn runtime(server: bool) -> io::Result<Runtime> {
    if server {
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
    } else {
        Builder::new_current_thread().enable_all().build()
    }
}

/// `error: …` on standard error. Nobody is left to tell when that fails.
pub(super) fn complain(text: &str) {
    let mut err = io::stderr().lock();
    let said = text.strip_prefix("error: ").unwrap_or(text);
    if writeln!(err, "error: {said}").is_err() {
        tracing::debug!("standard error is closed");
    }
}

/// Something to know that is no answer and no error, on standard error.
pub(super) fn note(text: &str) {
    if writeln!(io::stderr().lock(), "note: {text}").is_err() {
        tracing::debug!("standard error is closed");
    }
}

pub(super) fn no_color() -> bool {
    environment("NO_COLOR").is_some_and(|value| !value.is_empty())
        || environment("TERM").is_some_and(|term| term == "dumb")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the command line reads what concerns the terminal"
)]
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The configuration file in use: the one named, else one in a usual place.
pub(super) fn config_path(settings: &Settings) -> Option<PathBuf> {
    settings.config.clone().or_else(crate::config::find)
}

pub(super) fn load(settings: &Settings) -> Result<Loaded, Failure> {
    match config_path(settings) {
        Some(path) => {
            let colours = io::stderr().is_terminal() && !settings.plain;
            Config::load(&path)
                .map_err(|problems| Failure::new(Outcome::Usage, problems.render(colours)))
        }
        None => Ok(Config::without_file()),
    }
}

pub(super) fn app(settings: &Settings) -> Result<App, Failure> {
    App::wire(load(settings)?.config).map_err(|error| Failure::new(Outcome::Usage, error))
}

pub(super) fn session(
    app: &App,
    settings: &Settings,
    format: FormatArg,
    interactive: bool,
) -> Session {
    let screen = Screen::new(Arc::clone(&app.templates), format.into(), settings.plain);
    Session {
        bot: watch::channel(Arc::clone(&app.bot)).1,
        caller: Caller::console(&user()),
        screen,
        interactive,
        asked: None,
        leave: Leave::default(),
    }
}

/// From now on a signal to end cancels what runs in this session first.
pub(super) fn heed_signals(session: &mut Session) -> Result<Leave, Failure> {
    let listened = session.heed_signals();
    listened.map_err(|error| {
        Failure::new(
            Outcome::Failed,
            format!("cannot listen for signals: {error}"),
        )
    })
}

/// Whatever comes first: the work is done, or somebody asked us to end and nothing runs any more.
pub(super) async fn until_asked_to_leave(
    leave: &Leave,
    work: impl Future<Output = Outcome>,
) -> Outcome {
    tokio::select! {
        biased;
        outcome = work => outcome,
        () = leave.idle() => Outcome::Failed,
    }
}

/// A report as a file holds it, and how such a file's name ends.
pub(super) fn written(
    app: &App,
    report: &Report,
    format: FormatArg,
) -> Result<(String, &'static str), Failure> {
    let (dialect, ending) = match format {
        FormatArg::Json => return Ok((report_json(report), "json")),
        FormatArg::Text => (Dialect::Plain, "txt"),
        FormatArg::Markdown => (Dialect::Markdown, "md"),
        FormatArg::Html => (Dialect::Html, "html"),
    };
    let text = app
        .templates
        .report(report, &dialect)
        .map_err(|error| Failure::new(Outcome::Usage, error))?;
    Ok((text.into_string(), ending))
}

/// Who sits at the console: the name that the system knows this process by. What the environment
/// says does not count, because anybody can set it.
pub(super) fn user() -> String {
    let id = nix::unistd::getuid();
    match nix::unistd::User::from_uid(id) {
        Ok(Some(user)) => user.name,
        Ok(None) | Err(_) => format!("uid-{id}"),
    }
}

pub(super) fn history_file(app: &App) -> PathBuf {
    app.config.state_directory.join("history")
}
