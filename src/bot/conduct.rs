//! How runs are conducted: which runbooks there are, what programs may use, where things go, and
//! how much may go on at the same time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::seen::Seen;
use crate::incident::Routes;
use crate::incident::mending::{HealRule, RegistryFile};
use crate::runbook::Library;
use crate::stack::{Groups, Sites};
use crate::store::settings::KeepSettings;
use crate::survey::own::OwnSignatures;
use crate::survey::settings::DiagnoseSettings;

/// Runs at the same time, unless the configuration says otherwise.
pub const AT_ONCE: u16 = 4;

#[derive(Debug)]
pub struct Conduct {
    pub library: Library,
    /// What logs are searched for.
    pub signatures: OwnSignatures,
    pub diagnose: DiagnoseSettings,
    /// For programs that runbooks start, by name.
    pub secrets: BTreeMap<String, String>,
    /// Where bundles are written.
    pub directory: PathBuf,
    /// Groups of services, as the configuration names them.
    pub groups: Groups,
    /// Stacks that the configuration knows, and how they are operated.
    pub sites: Sites,
    /// How incidents are grouped, routed, kept quiet and escalated.
    pub incidents: Routes,
    /// What may be mended without being asked.
    pub heal: Vec<HealRule>,
    /// Where services say themselves how they are started again.
    pub registries: Vec<RegistryFile>,
    /// How long what is over is kept.
    pub keep: KeepSettings,
    pub at_once: u16,
    pub slots: Arc<Semaphore>,
    /// What can be chosen while somebody types.
    pub seen: Seen,
    /// Settings that were changed while the program ran and that only its next start takes up.
    pub need_restart: Vec<&'static str>,
}

impl Default for Conduct {
    fn default() -> Self {
        Self {
            library: Library::default(),
            signatures: OwnSignatures::default(),
            diagnose: DiagnoseSettings::default(),
            secrets: BTreeMap::new(),
            directory: std::env::temp_dir().join("dogwatch"),
            groups: Groups::new(),
            sites: Sites::default(),
            incidents: Routes::default(),
            heal: Vec::new(),
            registries: Vec::new(),
            keep: KeepSettings::default(),
            at_once: AT_ONCE,
            slots: Arc::new(Semaphore::new(AT_ONCE.into())),
            seen: Seen::default(),
            need_restart: Vec::new(),
        }
    }
}
