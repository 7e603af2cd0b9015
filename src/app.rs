//! Wiring: from a configuration to a running program. The only place that names adapters.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::access::{Allow, Policy};
use crate::bot::conduct::AT_ONCE;
use crate::bot::{Bot, Conduct};
use crate::chat::discord::{self, Discord};
use crate::chat::slack::{Signature, Slack, SlackOptions};
use crate::clock::Clock;
use crate::config::Config;
use crate::duty::Duty;
use crate::engine::{Endpoint, EndpointError};
use crate::host::Fleet;
use crate::host::fleet::{LOCAL, Reach};
use crate::host::settings::HostSettings;
use crate::host::ssh::SshSettings;
use crate::incident::Routes;
use crate::incident::mending::RegistryFile;
use crate::incident::settings::Address;
use crate::live::Board;
use crate::report::{TemplateProblem, Templates};
use crate::runbook::Library;
use crate::setting::Identifier;
use crate::stack::{Groups, Sites};
use crate::store::Later;
use crate::survey::own::OwnSignatures;
use crate::text::Redactor;
use crate::watch::settings::RegistrySettings;
use crate::web::{Chats, DiscordDoor, SlackDoor};

/// Everything that runs, built from one configuration.
pub struct App {
    pub config: Config,
    pub bot: Arc<Bot>,
    pub templates: Arc<Templates>,
}

#[derive(Debug, Error)]
pub enum WiringError {
    #[error("host `{host}`: {error}")]
    Endpoint { host: String, error: EndpointError },
    #[error("`chat.slack` needs a `bot_token` (`xoxb-…`)")]
    NoBotToken,
    #[error("`chat.discord` needs a `token`, from the page of the bot")]
    NoDiscordToken,
    #[error("Discord cannot be spoken to: {0}")]
    Discord(std::io::Error),
    #[error("Slack cannot be spoken to: {0}")]
    Slack(std::io::Error),
    #[error("{} in the templates\n{}", count(.0.len()), lines(.0))]
    Templates(Vec<TemplateProblem>),
}

fn count(problems: usize) -> String {
    if problems == 1 {
        "1 problem".to_owned()
    } else {
        format!("{problems} problems")
    }
}

fn lines(problems: &[TemplateProblem]) -> String {
    problems
        .iter()
        .map(|problem| format!("  {problem}"))
        .collect::<Vec<_>>()
        .join("\n")
}

impl App {
    pub fn wire(config: Config) -> Result<Self, WiringError> {
        let store = Later::at(config.store_url());
        let conduct = conduct(&config, None);
        Self::build(config, store, conduct)
    }

    /// A changed configuration takes over from the one in force: what is kept stays where it is
    /// kept, what goes on still counts against how much may, and what takes a restart is known.
    pub fn rewire(
        config: Config,
        before: &Bot,
        need_restart: Vec<&'static str>,
    ) -> Result<Self, WiringError> {
        let conduct = Conduct {
            need_restart,
            ..conduct(&config, Some(&before.conduct))
        };
        Self::build(config, before.store.clone(), conduct)
    }

    fn build(config: Config, store: Later, conduct: Conduct) -> Result<Self, WiringError> {
        let templates = Templates::load(config.templates.directory.as_deref())
            .map_err(WiringError::Templates)?;
        let bot = Bot {
            fleet: fleet(&config)?,
            clock: Clock::System,
            policy: policy(&config),
            secrets: hidden(&config),
            store,
            confirm_changes: false,
            conduct,
        };
        Ok(Self {
            config,
            bot: Arc::new(bot),
            templates: Arc::new(templates),
        })
    }
}

/// Slack, and how its HTTP requests are known.
pub struct Connected {
    pub slack: Arc<Slack>,
    pub signature: Option<Signature>,
}

impl Connected {
    /// Shows incidents in its channels until the program stops.
    pub fn show_incidents(&self, duty: &Duty, stop: CancellationToken) {
        let board = Board {
            stage: self.slack.as_stage(),
            bots: duty.bots.clone(),
            counts: Arc::clone(&duty.counts),
        };
        tokio::spawn(board.run(stop));
    }

    /// What HTTP has to know of it.
    pub fn add_to(&self, chats: &mut Chats) {
        chats.health.push(self.slack.health());
        chats.slack = self.signature.clone().map(|signature| SlackDoor {
            slack: Arc::clone(&self.slack),
            signature,
        });
    }
}

/// Discord, and how its HTTP requests are known.
pub struct DiscordConnected {
    pub discord: Arc<Discord>,
    pub signature: Option<discord::Signature>,
}

impl DiscordConnected {
    /// Shows incidents in its channels until the program stops.
    pub fn show_incidents(&self, duty: &Duty, stop: CancellationToken) {
        let board = Board {
            stage: self.discord.as_stage(),
            bots: duty.bots.clone(),
            counts: Arc::clone(&duty.counts),
        };
        tokio::spawn(board.run(stop));
    }

    /// What HTTP has to know of it.
    pub fn add_to(&self, chats: &mut Chats) {
        chats.health.push(self.discord.health());
        chats.discord = self.signature.clone().map(|signature| DiscordDoor {
            discord: Arc::clone(&self.discord),
            signature,
        });
    }
}

impl App {
    /// Slack as it is configured; `None` where it is not.
    pub fn slack(
        &self,
        bots: watch::Receiver<Arc<Bot>>,
        stop: CancellationToken,
    ) -> Result<Option<Connected>, WiringError> {
        let Some(settings) = self.config.chat.slack.clone() else {
            return Ok(None);
        };
        let bot_token = settings.bot_token.clone().ok_or(WiringError::NoBotToken)?;
        let options = SlackOptions {
            bot_token,
            app_token: settings.app_token.clone(),
            ping: PING,
        };
        let signature = settings.signing_secret.as_ref().map(Signature::new);
        let slack = Slack::new(settings, options, bots, stop).map_err(WiringError::Slack)?;
        Ok(Some(Connected { slack, signature }))
    }
}

impl App {
    /// Discord as it is configured; `None` where it is not.
    pub fn discord(
        &self,
        bots: watch::Receiver<Arc<Bot>>,
        stop: CancellationToken,
    ) -> Result<Option<DiscordConnected>, WiringError> {
        let Some(settings) = self.config.chat.discord.clone() else {
            return Ok(None);
        };
        let token = settings.token.clone().ok_or(WiringError::NoDiscordToken)?;
        let clock = self.bot.clock;
        let signature = settings
            .public_key
            .map(|key| discord::Signature::new(key, clock));
        let discord = Discord::new(settings, token, bots, stop).map_err(WiringError::Discord)?;
        Ok(Some(DiscordConnected { discord, signature }))
    }
}

/// Three of them without an answer, and a socket is given up.
const PING: Duration = Duration::from_secs(10);

fn fleet(config: &Config) -> Result<Fleet, WiringError> {
    let host = |(name, settings): (&Identifier, &HostSettings)| {
        let host = name.as_str().to_owned();
        match reach(settings) {
            Ok(reach) => Ok((host, reach)),
            Err(error) => Err(WiringError::Endpoint { host, error }),
        }
    };
    Ok(Fleet::new(
        config
            .hosts
            .iter()
            .map(host)
            .collect::<Result<Vec<_>, _>>()?,
    ))
}

fn reach(settings: &HostSettings) -> Result<Reach, EndpointError> {
    match (&settings.docker, &settings.ssh) {
        (Some(address), _) => Endpoint::parse(&address.to_string()).map(Reach::Socket),
        (None, Some(address)) => Ok(Reach::Ssh(SshSettings {
            address: address.clone(),
            identity_file: settings.identity_file.clone(),
            known_hosts_file: settings.known_hosts_file.clone(),
        })),
        (None, None) => Endpoint::from_environment(environment).map(Reach::Socket),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "DOCKER_HOST and its companions are how engines are named everywhere"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn policy(config: &Config) -> Policy {
    let rules = |allow: &[crate::access::settings::Allowance]| {
        allow
            .iter()
            .filter_map(|allow| Allow::parse(&String::from(allow.clone())))
            .collect()
    };
    let roles = config
        .access
        .roles
        .iter()
        .map(|(name, role)| (name.as_str().to_owned(), rules(&role.allow)));
    let members = config.access.members.iter().map(|(member, roles)| {
        let key = format!("{}:{}", member.kind.prefix(), member.id);
        (
            key,
            roles.iter().map(|role| role.as_str().to_owned()).collect(),
        )
    });
    let sites = sites(config);
    let environments = sites.iter().filter_map(|site| {
        let environment = site.environment.clone()?;
        Some((format!("{}/{}", site.host, site.project), environment))
    });
    Policy::new(roles.collect(), members.collect())
        .asking(config.approval.clone(), environments.collect())
}

fn conduct(config: &Config, before: Option<&Conduct>) -> Conduct {
    let settings = &config.runbooks;
    let secrets = settings.secrets.iter();
    let secrets =
        secrets.map(|(name, secret)| (name.as_str().to_owned(), secret.expose().to_owned()));
    let at_once = settings.at_once.unwrap_or(AT_ONCE).max(1);
    let unchanged = before.filter(|before| before.at_once == at_once);
    let slots = unchanged.map_or_else(
        || Arc::new(Semaphore::new(at_once.into())),
        |before| Arc::clone(&before.slots),
    );
    Conduct {
        library: Library::new(settings.directory.clone()),
        signatures: OwnSignatures::new(settings.directory.clone()),
        diagnose: config.diagnose,
        secrets: secrets.collect(),
        directory: config.state_directory.clone(),
        groups: groups(config),
        sites: sites(config),
        incidents: routes(config),
        heal: config.heal.clone(),
        registries: registry_files(config),
        keep: config.store.keep,
        at_once,
        slots,
        ..Conduct::default()
    }
}

/// A stack that names no host is where somebody means who names none.
fn sites(config: &Config) -> Sites {
    let has_local = config.hosts.keys().any(|name| name.as_str() == LOCAL);
    let first = config.hosts.keys().next().map_or(LOCAL, Identifier::as_str);
    Sites::new(&config.stacks, if has_local { LOCAL } else { first })
}

/// What must not be shown: configured secrets, and variables of stacks that are called like one.
fn hidden(config: &Config) -> Vec<String> {
    let sites = sites(config);
    let variables = sites.iter().flat_map(|site| &site.variables);
    let secret = variables.filter(|(name, _)| Redactor::is_secret_name(name));
    let configured = config.secrets().map(str::to_owned);
    configured
        .chain(secret.map(|(_, value)| value.clone()))
        .collect()
}

/// By the names that hosts call the stacks.
fn groups(config: &Config) -> Groups {
    let mut groups = Groups::new();
    for site in sites(config).iter() {
        let settings = config
            .stacks
            .iter()
            .find(|(name, _)| name.as_str() == site.stack);
        for (group, services) in settings.iter().flat_map(|(_, stack)| &stack.groups) {
            let services = services.iter().map(Identifier::name).collect();
            let of_stack = groups.entry(site.project.clone()).or_default();
            of_stack.insert(group.as_str().to_owned(), services);
        }
    }
    groups
}

/// Where incidents are told; without a route that fits, each chat's `alerts_channel`.
fn routes(config: &Config) -> Routes {
    let (slack, discord) = (&config.chat.slack, &config.chat.discord);
    let slack = slack
        .as_ref()
        .and_then(|slack| slack.alerts_channel.clone());
    let discord = discord.as_ref().and_then(|discord| discord.alerts_channel);
    let discord = discord.map(|channel| channel.0.to_string());
    let usual = [("slack", slack), ("discord", discord)];
    let address = |(chat, channel): (&str, Option<String>)| {
        Some(Address {
            chat: chat.to_owned(),
            channel: channel?,
        })
    };
    Routes {
        settings: config.incidents.clone(),
        usual: usual.into_iter().filter_map(address).collect(),
    }
}

fn registry_files(config: &Config) -> Vec<RegistryFile> {
    let registries = config.registries.values();
    let one = |settings: &RegistrySettings| {
        Some(RegistryFile {
            file: settings.file.clone()?,
            host: config
                .host_or_usual(settings.host.as_ref())?
                .as_str()
                .to_owned(),
            stack: settings
                .stack
                .as_ref()
                .map_or(String::new(), |stack| stack.as_str().to_owned()),
        })
    };
    registries.filter_map(one).collect()
}
