//! What ssh itself makes of a host: its name, port and files, and what stands in between, with the
//! user's own configuration counted in. Asks ssh; connects to nothing.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::SshSettings;

const PATIENCE: Duration = Duration::from_secs(6);

/// A host as ssh will go to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Effective {
    pub(super) host: String,
    pub(super) port: u16,
    /// Where its key is looked for first, and where a new one belongs.
    pub(super) known_hosts: String,
    /// Under which other name its key is known.
    pub(super) alias: Option<String>,
    pub(super) way: Way,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    Direct,
    /// Through these hosts.
    Jump(String),
    /// Through a program of the user's own.
    Program,
}

impl Effective {
    pub(super) async fn of(settings: &SshSettings) -> Self {
        let mut arguments = vec!["-G".to_owned()];
        arguments.extend(flags(settings));
        arguments.push(settings.address.host.clone());
        let told = run("ssh", &arguments).await.unwrap_or_default();
        Self::read(&told, settings)
    }

    /// Where ssh said nothing, the settings count.
    fn read(told: &str, settings: &SshSettings) -> Self {
        let value = |key: &str| {
            let values = told.lines().filter_map(|line| line.split_once(' '));
            let mut values = values.filter(|(own, _)| *own == key);
            let value = values.next().map(|(_, value)| value.trim())?;
            (!value.is_empty() && value != "none").then_some(value)
        };
        let address = &settings.address;
        let port = value("port").and_then(|port| port.parse().ok());
        let usual = || {
            let files = value("userknownhostsfile").unwrap_or("~/.ssh/known_hosts");
            files.split_whitespace().next().unwrap_or(files).to_owned()
        };
        let own = settings.known_hosts_file.as_ref();
        Self {
            host: value("hostname").unwrap_or(&address.host).to_owned(),
            port: port.or(address.port).unwrap_or(22),
            known_hosts: own.map_or_else(usual, |file| file.display().to_string()),
            alias: value("hostkeyalias").map(str::to_owned),
            way: match (value("proxyjump"), value("proxycommand")) {
                (Some(hosts), _) => Way::Jump(hosts.to_owned()),
                (None, Some(_)) => Way::Program,
                (None, None) => Way::Direct,
            },
        }
    }

    /// As files of known hosts call it.
    pub(super) fn known_as(&self) -> String {
        match (&self.alias, self.port) {
            (Some(alias), _) => alias.clone(),
            (None, 22) => self.host.clone(),
            (None, port) => format!("[{}]:{port}", self.host),
        }
    }
}

/// The settings as flags of the `ssh` program.
pub(super) fn flags(settings: &SshSettings) -> Vec<String> {
    let SshSettings { address, .. } = settings;
    let file = settings.known_hosts_file.as_ref();
    let file = file.map(|file| {
        let option = format!("UserKnownHostsFile={}", file.display());
        ["-o".to_owned(), option]
    });
    let port = address.port.map(|port| ["-p".to_owned(), port.to_string()]);
    let user = address.user.clone().map(|user| ["-l".to_owned(), user]);
    [file, port, user].into_iter().flatten().flatten().collect()
}

/// What one of ssh's programs wrote to its output.
#[expect(
    clippy::disallowed_methods,
    reason = "programs of this machine start in `host`"
)]
pub(super) async fn run(program: &str, arguments: &[String]) -> Option<String> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(PATIENCE, command.output()).await.ok()?.ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::settings::SshAddress;

    fn settings() -> SshSettings {
        SshSettings {
            address: SshAddress::try_from("ssh://anna@prod".to_owned()).unwrap(),
            identity_file: None,
            known_hosts_file: None,
        }
    }

    #[test]
    fn what_ssh_says_goes_before_the_settings() {
        let told = "user anna\nhostname 192.0.2.7\nport 2222\nproxycommand none\n\
                    userknownhostsfile /home/a/known /home/a/known2\nproxyjump gate\n";
        let found = Effective::read(told, &settings());
        assert_eq!(found.known_as(), "[192.0.2.7]:2222");
        assert_eq!(found.known_hosts, "/home/a/known");
        assert_eq!(found.way, Way::Jump("gate".to_owned()));
    }

    #[test]
    fn where_ssh_says_nothing_the_settings_count() {
        let found = Effective::read("", &settings());
        assert_eq!(found.known_as(), "prod");
        assert_eq!(found.known_hosts, "~/.ssh/known_hosts");
        assert_eq!(found.way, Way::Direct);
    }
}
