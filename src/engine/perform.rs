//! From an action to the call that does it: one match over everything that can be asked.

use super::{Engine, EngineError};
use crate::action::{Action, EnvValue, Observation as Seen};

impl Engine {
    pub async fn perform(&self, action: &Action) -> Result<Seen, EngineError> {
        match action {
            Action::List => self.containers().await.map(Seen::Containers),
            Action::Inspect { subject } => {
                let found = self.container(&subject.id).await?;
                Ok(Seen::Container(Box::new(found)))
            }
            Action::Logs { subject, query } => self.logs(&subject.id, query).await.map(Seen::Logs),
            Action::Stats { subject } => self.stats(&subject.id).await.map(Seen::Stats),
            Action::Top { subject } => self.top(&subject.id).await.map(Seen::Top),
            Action::Events { query } => self.events(query).await.map(Seen::Events),
            Action::Networks => self.networks().await.map(Seen::Networks),
            Action::Volumes => self.volumes().await.map(Seen::Volumes),
            Action::Images => self.images().await.map(Seen::Images),
            Action::DiskUsage => self.disk_usage().await.map(Seen::DiskUsage),
            Action::Start { subject } => self.start(&subject.id).await.map(done),
            Action::Stop { subject, grace } => self.stop(&subject.id, *grace).await.map(done),
            Action::Restart { subject, grace } => self.restart(&subject.id, *grace).await.map(done),
            Action::Kill { subject, signal } => self.kill(&subject.id, signal).await.map(done),
            Action::Exec {
                subject,
                argv,
                env,
                limit,
            } => {
                let env: Vec<String> = env.iter().filter_map(plain).collect();
                let run = self.exec_with(&subject.id, (argv, &env), *limit);
                run.await.map(Seen::Exec)
            }
            Action::WaitHealthy { subject, limit } => {
                self.wait_healthy(&subject.id, *limit).await.map(done)
            }
            Action::Remove { subject, force } => self.remove(&subject.id, *force).await.map(done),
            Action::RemoveVolume { volume } => self.remove_volume(volume).await.map(done),
            Action::SetAside { subject, volumes } => {
                self.set_aside(&subject.id, volumes).await.map(done)
            }
            Action::MakeAnew { name } => self.make_anew(name).await.map(done),
            Action::KeepImages { images } => self.keep_images(images).await.map(done),
            Action::RestoreImages { images } => self.restore_images(images).await.map(done),
            Action::Prune { what, subjects } => self.prune(*what, subjects).await.map(Seen::Pruned),
            // made of several questions, which `run` asks
            Action::Health { .. }
            | Action::Bundle { .. }
            | Action::Probe { .. }
            | Action::PortHolder { .. }
            | Action::Gate { .. }
            | Action::Call(_)
            | Action::Checkout(_)
            | Action::Preflight { .. }
            | Action::Drift { .. }
            | Action::StackWell { .. } => Ok(Seen::Done),
        }
    }
}

/// Who knows the secrets has put them in before.
fn plain((name, value): (&String, &EnvValue)) -> Option<String> {
    match value {
        EnvValue::Plain(value) => Some(format!("{name}={value}")),
        EnvValue::Secret(_) => None,
    }
}

fn done((): ()) -> Seen {
    Seen::Done
}
