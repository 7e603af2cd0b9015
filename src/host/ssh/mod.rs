//! A host over SSH: one multiplexed session, opened when it is needed and rebuilt when it is dead,
//! with the remote engine's socket forwarded to a private one of ours. The only home of openssh.

mod about_key;
mod effective;
mod keys;
mod refusal;
mod remote;

use std::borrow::Cow;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use openssh::{ControlPersist, ForwardType, KnownHosts, Session, SessionBuilder, Socket};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::program::Place;
use super::settings::SshAddress;
use crate::clock::Clock;
use crate::engine::{Endpoint, Engine, EngineError};
use crate::say;
use crate::text::{Clean, Redactor};

/// How long logging in may take, host key, key exchange and all.
const LOGIN: Duration = Duration::from_secs(10);

/// How often a silent connection is asked whether it still lives.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// The first pause after a failure; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// How to reach one host.
#[derive(Debug, Clone)]
pub struct SshSettings {
    pub address: SshAddress,
    pub identity_file: Option<PathBuf>,
    pub known_hosts_file: Option<PathBuf>,
}

/// One host, reached at most once at a time.
#[derive(Debug)]
pub struct SshHost {
    settings: SshSettings,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Closed,
    Open(Open),
    /// Nobody tries again before `until`: one dead host must slow nobody.
    Broken {
        until: Instant,
        pause: Duration,
        why: EngineError,
    },
}

#[derive(Debug)]
struct Open {
    login: Arc<Login>,
    engine: Engine,
    used: Instant,
}

/// A live session, with the directory of its sockets: both are gone when nobody holds it.
#[derive(Debug)]
pub struct Login {
    pub(super) session: Session,
    directory: Private,
    /// Where its engine listens, there.
    engine: std::sync::OnceLock<PathBuf>,
}

impl SshHost {
    pub fn new(settings: SshSettings) -> Self {
        Self {
            settings,
            state: Mutex::default(),
        }
    }

    pub fn shown(&self) -> Clean {
        Redactor::shapes_only().clean(&self.settings.address.to_string())
    }

    /// The engine behind the session. Costs a look at a local socket while the session lives.
    pub async fn engine(&self) -> Result<Engine, EngineError> {
        let mut state = self.state.lock().await;
        let pause = match &mut *state {
            State::Open(open) if open.login.session.check().await.is_ok() => {
                open.used = Instant::now();
                return Ok(open.engine.clone());
            }
            State::Broken { until, why, .. } if Instant::now() < *until => return Err(why.clone()),
            State::Broken { pause, .. } => (*pause * 2).min(LONGEST_PAUSE),
            State::Open(_) | State::Closed => FIRST_PAUSE,
        };
        *state = State::Closed;
        match self.open().await {
            Ok(open) => {
                let engine = open.engine.clone();
                *state = State::Open(open);
                Ok(engine)
            }
            Err(why) => {
                *state = State::Broken {
                    until: Instant::now() + pause,
                    pause,
                    why: why.clone(),
                };
                Err(why)
            }
        }
    }

    async fn open(&self) -> Result<Open, EngineError> {
        let directory = Private::new().map_err(|error| self.unreachable(&error.to_string()))?;
        let session = self.login(&directory.0).await?;
        let login = Arc::new(Login {
            session,
            directory,
            engine: std::sync::OnceLock::new(),
        });
        let found = remote::find_engine(&login.session, self).await?;
        let found = login.engine.get_or_init(|| found);
        let socket = login.directory.0.join("engine.sock");
        let unix = |path: &Path| Socket::UnixSocket {
            path: Cow::Owned(path.to_owned()),
        };
        let forward =
            login
                .session
                .request_port_forward(ForwardType::Local, unix(&socket), unix(found));
        forward
            .await
            .map_err(|error| self.unreachable(&refusal::last_line(&error)))?;
        let engine = Engine::connect_as(&Endpoint::Unix(socket), self.shown()).await?;
        Ok(Open {
            login,
            engine,
            used: Instant::now(),
        })
    }

    async fn login(&self, directory: &Path) -> Result<Session, EngineError> {
        let SshSettings {
            address,
            identity_file,
            known_hosts_file,
        } = &self.settings;
        let mut builder = SessionBuilder::default();
        // the library's own default takes unknown keys in silence
        builder.known_hosts_check(KnownHosts::Strict);
        builder
            .connect_timeout(LOGIN)
            .server_alive_interval(HEARTBEAT);
        builder
            .control_directory(directory)
            .control_persist(ControlPersist::ClosedAfterInitialConnection);
        if let Some(user) = &address.user {
            builder.user(user.clone());
        }
        if let Some(port) = address.port {
            builder.port(port);
        }
        if let Some(file) = identity_file {
            builder.keyfile(file);
        }
        if let Some(file) = known_hosts_file {
            builder.user_known_hosts_file(file);
        }
        match timeout(LOGIN + HEARTBEAT, builder.connect_mux(&address.host)).await {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(error)) => Err(refusal::explain(&self.settings, &error).await),
            Err(_) => Err(self.unreachable("logging in timed out")),
        }
    }

    fn unreachable(&self, why: &str) -> EngineError {
        EngineError::Unreachable {
            endpoint: self.shown(),
            why: Redactor::shapes_only().clean(why),
        }
    }

    fn denied(&self, advice: Clean) -> EngineError {
        EngineError::Denied {
            endpoint: self.shown(),
            advice,
        }
    }

    /// Where programs of this host run.
    pub async fn place(&self) -> Result<Place, EngineError> {
        Ok(Place::There(self.live().await?))
    }

    /// The engine's address as programs there want it.
    pub async fn engine_address(&self) -> Option<String> {
        let login = self.live().await.ok()?;
        let path = login.engine.get()?;
        Some(format!("unix://{}", path.display()))
    }

    /// The live session, opened if need be.
    async fn live(&self) -> Result<Arc<Login>, EngineError> {
        self.engine().await?;
        match &*self.state.lock().await {
            State::Open(open) => Ok(Arc::clone(&open.login)),
            State::Closed | State::Broken { .. } => Err(self.unreachable("the session is gone")),
        }
    }

    /// What the host says of itself: load, memory, disk.
    pub async fn facts(&self) -> Result<super::MachineFacts, EngineError> {
        let login = self.live().await?;
        remote::facts(&login.session)
            .await
            .map_err(|why| self.unreachable(&why))
    }

    /// Ends a session that nobody has used for so long; the next look opens another.
    pub async fn close_if_idle(&self, limit: Duration) {
        let mut state = self.state.lock().await;
        if matches!(&*state, State::Open(open) if open.used.elapsed() >= limit) {
            tracing::debug!(host = %self.shown(), "closing an idle session");
            *state = State::Closed;
        }
    }
}

/// Neither the key is there nor its public half, for which an agent may hold it. Names with a part
/// that ssh fills in are for ssh to judge.
pub fn key_is_missing(file: &Path) -> bool {
    let text = file.to_string_lossy();
    if text.contains('%') || text.contains("${") {
        return false;
    }
    let file = match text.strip_prefix("~/") {
        Some(rest) => match home() {
            Some(home) => home.join(rest),
            None => return false,
        },
        None => file.to_owned(),
    };
    let mut public = file.clone().into_os_string();
    public.push(".pub");
    !file.exists() && !Path::new(&public).exists()
}

/// The one that ssh takes, whatever the environment says.
fn home() -> Option<PathBuf> {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid());
    user.ok().flatten().map(|user| user.dir)
}

/// A directory that only we can enter.
#[derive(Debug)]
struct Private(PathBuf);

impl Private {
    fn new() -> std::io::Result<Self> {
        // short: a socket's path has at most 107 bytes
        let name: String = Clock::System.id().chars().skip(10).collect();
        let path = std::env::temp_dir().join(format!("dw-{name}"));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::debug!(%error, "a directory of sockets stays behind");
        }
    }
}

/// An answer of ours never holds more of what a host wrote than this.
fn one_line(text: &str) -> Clean {
    let line = text
        .lines()
        .map(str::trim)
        .rfind(|line| !line.is_empty())
        .unwrap_or_default();
    let short: String = line.chars().take(300).collect();
    say!("{}", Redactor::shapes_only().clean(&short))
}
