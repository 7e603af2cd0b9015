//! One action of a plan, performed, and what it saw: as data for conditions, as bounded and
//! redacted text for people. What the engine answers in one piece it performs itself; what takes
//! several questions is put together here.

use std::collections::BTreeMap;
use std::path::Path;

use futures_util::future::join_all;
use serde_json::{Value as Json, json};

use super::{bundle, operate, probe};
use crate::action::container::{Container, ExecResult, HealthStatus, Status};
use crate::action::logs::LogLine;
use crate::action::{Action, EnvValue, Observation, Subject};
use crate::clock::Clock;
use crate::engine::{Engine, EngineError};
use crate::evidence::stats::bytes;
use crate::say;
use crate::text::{Clean, Name, Redactor};

/// Of what a step says so much is kept, from its end: that is where errors are.
const KEPT: usize = 8 * 1024;

/// What a run works with.
#[derive(Clone, Copy)]
pub struct Tools<'t> {
    pub engine: &'t Engine,
    /// Knows the secrets at hand.
    pub redactor: &'t Redactor,
    /// Configured secrets for programs, by name.
    pub secrets: &'t BTreeMap<String, String>,
    /// Where bundles are written.
    pub directory: &'t Path,
    pub clock: Clock,
    /// Where programs of the host are started.
    pub ground: operate::Ground<'t>,
}

/// Why an action gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Miss {
    Failed(Clean),
    /// The engine could not be asked: nothing happened.
    Unsent(Clean),
    /// The connection broke before there was an answer: it may have happened.
    Lost(Clean),
}

impl Miss {
    pub(super) fn of(error: &EngineError, action: &Action) -> Self {
        match error {
            EngineError::Unreachable { .. } if is_one_request(action) => Self::Unsent(error.say()),
            EngineError::Unreachable { .. } | EngineError::Broken { .. } => Self::Lost(error.say()),
            other => Self::Failed(other.say()),
        }
    }

    pub(super) fn why(self) -> Clean {
        match self {
            Self::Failed(why) | Self::Unsent(why) | Self::Lost(why) => why,
        }
    }
}

impl From<Clean> for Miss {
    fn from(why: Clean) -> Self {
        Self::Failed(why)
    }
}

/// Where there was no connection for it, nothing of it was done.
fn is_one_request(action: &Action) -> bool {
    matches!(
        action,
        Action::Start { .. }
            | Action::Stop { .. }
            | Action::Restart { .. }
            | Action::Kill { .. }
            | Action::Remove { .. }
            | Action::Inspect { .. }
    )
}

/// What an action saw.
#[derive(Debug, Clone, Default)]
pub(super) struct Yield {
    pub(super) data: Json,
    pub(super) text: Clean,
    /// It was done, and what it found is bad.
    pub(super) failed: Option<Clean>,
}

impl Yield {
    pub(super) fn text(text: Clean) -> Self {
        Self {
            data: json!({}),
            text,
            failed: None,
        }
    }
}

impl Tools<'_> {
    pub(super) async fn act(&self, action: &Action, run: &str) -> Result<Yield, Miss> {
        if let Some(done) = self.operate(action).await {
            return done;
        }
        match action {
            Action::Health { subjects } => Ok(self.health(subjects).await),
            Action::Probe {
                subject,
                to,
                port,
                speaks,
            } => Ok(probe::probe(self, subject, to, (*port, *speaks)).await),
            Action::Bundle { stack, subjects } => {
                Ok(bundle::collect(self, (run, stack), subjects).await?)
            }
            Action::Exec { env, .. } if env.values().any(is_secret) => {
                let action = self.with_secrets(action)?;
                self.plain(&action).await
            }
            other => self.plain(other).await,
        }
    }

    async fn plain(&self, action: &Action) -> Result<Yield, Miss> {
        let gone_is_done = matches!(action, Action::Remove { .. } | Action::RemoveVolume { .. });
        match self.engine.perform(action).await {
            Ok(seen) => Ok(self.read(seen)),
            Err(EngineError::NotFound { .. }) if gone_is_done => {
                Ok(Yield::text(say!("it was gone already")))
            }
            Err(error) => Err(Miss::of(&error, action)),
        }
    }

    fn with_secrets(&self, action: &Action) -> Result<Action, Clean> {
        let mut action = action.clone();
        if let Action::Exec { env, .. } = &mut action {
            for value in env.values_mut() {
                if let EnvValue::Secret(name) = value {
                    let Some(secret) = self.secrets.get(name) else {
                        return Err(say!(
                            "no secret `{}` is configured; name it under `runbooks.secrets`",
                            Name::new(name)
                        ));
                    };
                    *value = EnvValue::Plain(secret.clone());
                }
            }
        }
        Ok(action)
    }

    fn read(&self, seen: Observation) -> Yield {
        match seen {
            Observation::Exec(result) => self.exec(&result),
            Observation::Logs(lines) => self.logs(&lines),
            Observation::Container(container) => Yield {
                data: described(&container),
                text: say!("{}", state(&container)),
                failed: None,
            },
            Observation::Pruned(pruned) => Yield {
                data: json!({ "removed": pruned.removed.len(), "reclaimed": pruned.reclaimed }),
                text: say!(
                    "{} removed, {} freed",
                    pruned.removed.len(),
                    bytes(pruned.reclaimed)
                ),
                failed: None,
            },
            _ => Yield {
                data: json!({}),
                ..Yield::default()
            },
        }
    }

    fn exec(&self, result: &ExecResult) -> Yield {
        let (stdout, stderr) = (
            self.redactor.raw(&result.stdout),
            self.redactor.raw(&result.stderr),
        );
        let both = Clean::join(
            [&stdout, &stderr]
                .into_iter()
                .filter(|text| !text.is_empty()),
            "\n",
        );
        let text = tail(&both);
        let failed = (result.exit_code != 0).then(|| {
            let last = text.lines().last().unwrap_or_default();
            say!("exit code {}: {}", result.exit_code, last)
        });
        Yield {
            data: json!({
                "exit_code": result.exit_code,
                "stdout": tail(&stdout).as_str(),
                "stderr": tail(&stderr).as_str(),
            }),
            text,
            failed,
        }
    }

    fn logs(&self, lines: &[LogLine]) -> Yield {
        let texts: Vec<Clean> = lines
            .iter()
            .map(|line| self.redactor.raw(&line.text))
            .collect();
        let text = tail(&Clean::join(&texts, "\n"));
        Yield {
            data: json!({ "lines": texts.len(), "text": text.as_str() }),
            text,
            failed: None,
        }
    }

    /// Who is well and who is not. A container that ended with 0 and stays so has done its work.
    async fn health(&self, subjects: &[Subject]) -> Yield {
        let looks = subjects.iter().map(|subject| async move {
            let found = self.engine.container(&subject.id).await;
            (Name::new(&subject.name), found)
        });
        let (mut well, mut unhealthy) = (Vec::new(), Vec::new());
        for (name, found) in join_all(looks).await {
            match found {
                Ok(container) if is_well(&container) => well.push(name),
                Ok(container) => unhealthy.push((name, state(&container))),
                Err(error) => unhealthy.push((name, error.say())),
            }
        }
        let told: Vec<Clean> = unhealthy
            .iter()
            .map(|(name, state)| say!("{} is {}", name, state))
            .collect();
        let text = if told.is_empty() {
            say!("all {} containers are well", well.len())
        } else {
            Clean::join(&told, ", ")
        };
        let names: Vec<&str> = unhealthy.iter().map(|(name, _)| name.as_str()).collect();
        Yield {
            data: json!({
                "well": well.len(),
                "unhealthy": names,
                "total": subjects.len(),
            }),
            failed: (!told.is_empty()).then(|| text.clone()),
            text,
        }
    }
}

fn is_secret(value: &EnvValue) -> bool {
    matches!(value, EnvValue::Secret(_))
}

/// It runs and passes its check; or it ended with 0 and is to stay so: it has done its work.
pub fn is_well(container: &Container) -> bool {
    let state = &container.state;
    match state.status {
        Status::Running => state
            .health
            .as_ref()
            .is_none_or(|health| health.status == HealthStatus::Healthy),
        Status::Exited => {
            state.exit_code == Some(0)
                && matches!(
                    container.restart_policy.name.as_str(),
                    "" | "no" | "on-failure"
                )
        }
        _ => false,
    }
}

pub fn state(container: &Container) -> Clean {
    let state = &container.state;
    match (state.status, &state.health) {
        (Status::Running, Some(health)) => say!("running, {}", health.status.word()),
        (Status::Exited, _) => say!("exited with {}", state.exit_code.unwrap_or_default()),
        (status, _) => say!("{}", status.word()),
    }
}

fn described(container: &Container) -> Json {
    let state = &container.state;
    json!({
        "status": state.status.word(),
        "health": state.health.as_ref().map_or("none", |health| health.status.word()),
        "exit_code": state.exit_code,
        "restarts": container.restart_count,
        "image": container.image,
    })
}

/// The end of a long text, from the beginning of a line.
pub(super) fn tail(text: &Clean) -> Clean {
    tail_of(text, KEPT)
}

pub(super) fn tail_of(text: &Clean, kept: usize) -> Clean {
    text.map(|text| {
        let Some(surplus) = text.len().checked_sub(kept) else {
            return text.trim_end();
        };
        let from = text
            .char_indices()
            .find(|(at, c)| *at >= surplus && *c == '\n')
            .map_or(text.len(), |(at, _)| at + 1);
        text.get(from..).unwrap_or_default().trim_end()
    })
}
