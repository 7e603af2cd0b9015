//! The configuration file: all settings gathered, read from YAML and checked as a whole. Each
//! module owns the settings it needs; only the wiring imports this one.

mod settings;
mod checks;
mod load;
mod reference;
pub mod watch;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::access::ApprovalSettings;
use crate::access::settings::AccessSettings;
use crate::chat::settings::ChatSettings;
use crate::host::settings::HostSettings;
use crate::incident::IncidentSettings;
use crate::incident::mending::HealRule;
use crate::runbook::settings::RunbookSettings;
use crate::setting::{Identifier, Secret};
use crate::stack::settings::StackSettings;
use crate::store::settings::{StoreSettings, StoreUrl};
use crate::survey::settings::DiagnoseSettings;
use crate::watch::check::settings::CheckSettings;
use crate::watch::settings::{AlertSettings, RegistrySettings, WatchSettings};
use crate::web::settings::HttpSettings;

pub use crate::yaml::{Lookup, Problems};
pub use load::{Loaded, find};
pub use reference::{reference, schema};
pub use settings::{LogFormat, LogLevel, LogSettings, TemplateSettings};

/// Everything that can be set. Every key may be left out: an empty file means the engine of this
/// machine, the console, an embedded database and no chat.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "Dogwatch configuration")]
pub struct Config {
    pub http: HttpSettings,
    pub store: StoreSettings,
    pub chat: ChatSettings,
    /// The hosts, by name. If any is given, there are only those.
    pub hosts: BTreeMap<Identifier, HostSettings>,
    /// The stacks, by the name of their compose project.
    pub stacks: BTreeMap<Identifier, StackSettings>,
    pub access: AccessSettings,
    pub approval: ApprovalSettings,
    pub runbooks: RunbookSettings,
    pub diagnose: DiagnoseSettings,
    pub alerts: AlertSettings,
    pub watch: WatchSettings,
    /// Checks of our own, by name.
    pub checks: BTreeMap<Identifier, CheckSettings>,
    /// Files like `system-config.json`, by a name of your choice.
    pub registries: BTreeMap<Identifier, RegistrySettings>,
    pub incidents: IncidentSettings,
    /// What may be mended without being asked; without a rule nothing is.
    pub heal: Vec<HealRule>,
    pub templates: TemplateSettings,
    pub log: LogSettings,
    /// Where the program keeps what is its own. Taken from the environment.
    #[serde(skip)]
    pub state_directory: PathBuf,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            http: HttpSettings::default(),
            store: StoreSettings::default(),
            chat: ChatSettings::default(),
            hosts: BTreeMap::from([(Identifier::local(), HostSettings::default())]),
            stacks: BTreeMap::new(),
            access: AccessSettings::default(),
            approval: ApprovalSettings::default(),
            runbooks: RunbookSettings::default(),
            diagnose: DiagnoseSettings::default(),
            alerts: AlertSettings::default(),
            watch: WatchSettings::default(),
            checks: BTreeMap::new(),
            registries: BTreeMap::new(),
            incidents: IncidentSettings::default(),
            heal: Vec::new(),
            templates: TemplateSettings::default(),
            log: LogSettings::default(),
            state_directory: PathBuf::from("."),
        }
    }
}

impl Config {
    /// The database: the one that is set, or a file in the state directory.
    pub fn store_url(&self) -> StoreUrl {
        let default = || StoreUrl::file(&self.state_directory.join("dogwatch.db"));
        self.store.url.clone().unwrap_or_else(default)
    }

    /// The host that a stack runs on. The checks see to it that there is one.
    pub fn host_of<'a>(&'a self, stack: &'a StackSettings) -> Option<&'a Identifier> {
        self.host_or_usual(stack.host.as_ref())
    }

    /// The host that is named, else `local`, else the only one.
    pub fn host_or_usual<'a>(&'a self, named: Option<&'a Identifier>) -> Option<&'a Identifier> {
        let only = || self.hosts.keys().next().filter(|_| self.hosts.len() == 1);
        let local = || self.hosts.get_key_value("local").map(|(name, _)| name);
        named.or_else(local).or_else(only)
    }

    /// The keys of a changed configuration that a running program takes up with its next start only.
    pub fn need_restart(&self, wanted: &Self) -> Vec<&'static str> {
        let mut keys = self.chat.need_restart(&wanted.chat);
        if self.http != wanted.http {
            keys.push("http");
        }
        if self.store_url() != wanted.store_url() {
            keys.push("store.url");
        }
        keys
    }

    /// Every secret value, for the redactor to know.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let slack = self
            .chat
            .slack
            .iter()
            .flat_map(|slack| [&slack.bot_token, &slack.app_token, &slack.signing_secret]);
        let discord = self.chat.discord.iter().map(|discord| &discord.token);
        slack
            .chain(discord)
            .chain([&self.alerts.token, &self.alerts.hmac_secret])
            .chain(self.watch.ping.iter().map(|ping| &ping.url))
            .flatten()
            .chain(self.runbooks.secrets.values())
            .chain(self.incidents.webhooks.values().map(|hook| &hook.url))
            .chain(
                self.incidents
                    .webhooks
                    .values()
                    .filter_map(|hook| hook.token.as_ref()),
            )
            .map(Secret::expose)
            .chain(self.store.url.iter().filter_map(StoreUrl::password))
    }
}
