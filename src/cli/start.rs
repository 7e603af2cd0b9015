//! What every sub-command begins with: logging, the runtime, the configuration, the wired program.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tracing_subscriber::EnvFilter;

use super::{Failure, FormatArg};
use crate::access::Caller;
use crate::app::App;
use crate::bot::Outcome;
use crate::chat::console::{Screen, Session};
use crate::config::Loaded;
use crate::report::render::Templates;

/// What was said on the command line for all sub-commands.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) config: Option<PathBuf>,
    pub(super) plain: bool,
}

/// Our own log goes to standard error; standard output belongs to answers.
pub(super) fn logging(level: &str) {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    if log.try_init().is_err() {
        tracing::debug!("logging was set up before");
    }
}

/// One command needs one thread; a server gets two, whatever the machine has.
pub(super) fn runtime(server: bool) -> io::Result<Runtime> {
    if server { Builder::new_multi_thread().worker_threads(2).enable_all().build() } else { Builder::new_current_thread().enable_all().build() }
}

/// `error: …` on standard error. Nobody is left to tell when that fails.
pub(super) fn complain(text: &str) {
    let mut err = io::stderr().lock();
    let said = text.strip_prefix("error: ").unwrap_or(text);
    if writeln!(err, "error: {said}").is_err() {
        tracing::debug!("standard error is closed");
    }
}

pub(super) fn no_color() -> bool {
    environment("NO_COLOR").is_some_and(|value| !value.is_empty()) || environment("TERM").is_some_and(|term| term == "dumb")
}

#[expect(clippy::disallowed_methods, reason = "the command line reads what concerns the terminal")]
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub(super) fn load(settings: &Settings) -> Result<Loaded, Failure> {
    crate::config::load_or_default(settings.config.as_deref()).map_err(|problems| Failure::new(Outcome::Usage, problems))
}

pub(super) async fn app(settings: &Settings) -> Result<App, Failure> {
    let loaded = load(settings)?;
    App::wire(loaded.config).await.map_err(|error| Failure::new(Outcome::Usage, error))
}

pub(super) fn session(app: &App, settings: &Settings, format: FormatArg, interactive: bool) -> Result<Session, Failure> {
    let screen = Screen::new(app.templates.clone(), format.into(), settings.plain);
    Ok(Session { bot: Arc::clone(&app.bot), caller: Caller::console(&user()), screen, interactive })
}

/// Who sits at the console: the system's own name for the person.
pub(super) fn user() -> String {
    environment("SUDO_USER").or_else(|| environment("USER")).or_else(|| environment("LOGNAME")).unwrap_or_else(|| "somebody".to_owned())
}

pub(super) fn history_file() -> Option<PathBuf> {
    Some(crate::config::state_directory()?.join("history"))
}

/// The templates as they are built in, for what runs before any configuration is read.
pub(super) fn built_in_templates() -> Templates {
    Templates::built_in()
}
