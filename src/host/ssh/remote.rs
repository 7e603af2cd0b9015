//! What is asked of the remote side itself: where its engine listens, whether we may use it, how
//! the machine is doing. Fixed scripts without a parameter; nothing a person typed gets in.

use std::path::PathBuf;
use std::time::Duration;

use openssh::Session;
use tokio::time::timeout;

use super::{SshHost, one_line};
use crate::engine::EngineError;
use crate::host::MachineFacts;
use crate::say;
use crate::text::{Clean, Name, Redactor};

const PATIENCE: Duration = Duration::from_secs(10);

/// Where engines listen, the usual one first; each line: path, whether it may be used, its group.
const FIND: &str = r#"id -un
uid=$(id -u)
for s in /var/run/docker.sock "/run/user/$uid/docker.sock" /run/podman/podman.sock "/run/user/$uid/podman/podman.sock"; do
  [ -S "$s" ] || continue
  if [ -r "$s" ] && [ -w "$s" ]; then may=yes; else may=no; fi
  echo "$s $may $(stat -c %G "$s" 2>/dev/null)"
done"#;

const FACTS: &str = "cat /proc/loadavg; cat /proc/meminfo; echo disks; df -kP / 2>/dev/null; echo inodes; df -iP / 2>/dev/null";

/// The socket of the first engine that this user may use.
pub(super) async fn find_engine(session: &Session, host: &SshHost) -> Result<PathBuf, EngineError> {
    let answer = script(session, FIND)
        .await
        .map_err(|why| host.unreachable(&why))?;
    let mut lines = answer.lines();
    let user = Name::new(lines.next().unwrap_or_default().trim());
    let sockets: Vec<Found> = lines.filter_map(Found::read).collect();
    if let Some(found) = sockets.iter().find(|found| found.may_use) {
        return Ok(PathBuf::from(&found.path));
    }
    Err(match sockets.first() {
        Some(found) => host.denied(not_in_group(&user, found)),
        None => host.unreachable("no engine listens there: no Docker or Podman socket was found; is the engine installed and started?"),
    })
}

fn not_in_group(user: &Name, found: &Found) -> Clean {
    let path = Redactor::shapes_only().clean(&found.path);
    let group = Name::new(&found.group);
    say!(
        "`{}` may not use `{}`; add it to the group `{}` there (`usermod -aG {} {}`) and log in anew",
        user,
        path,
        group,
        group,
        user
    )
}

#[derive(Debug, PartialEq, Eq)]
struct Found {
    path: String,
    may_use: bool,
    group: String,
}

impl Found {
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let path = words
            .next()
            .filter(|path| path.starts_with('/'))?
            .to_owned();
        let may_use = words.next()? == "yes";
        Some(Self {
            path,
            may_use,
            group: words.next().unwrap_or("docker").to_owned(),
        })
    }
}

pub(super) async fn facts(session: &Session) -> Result<MachineFacts, String> {
    let answer = script(session, FACTS).await?;
    Ok(MachineFacts::from_remote(&answer))
}

async fn script(session: &Session, fixed: &'static str) -> Result<String, String> {
    let mut command = session.command("sh");
    command.arg("-c").arg(fixed);
    match timeout(PATIENCE, command.output()).await {
        Ok(Ok(output)) => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(Err(error)) => Err(one_line(&super::refusal::last_line(&error)).to_string()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::Found;

    #[test]
    fn sockets_are_read_with_their_rights() {
        let found = Found::read("/var/run/docker.sock no docker").unwrap();
        assert_eq!(
            found,
            Found {
                path: "/var/run/docker.sock".into(),
                may_use: false,
                group: "docker".into()
            }
        );
        assert_eq!(Found::read("motd: welcome"), None);
        assert_eq!(Found::read(""), None);
    }
}
