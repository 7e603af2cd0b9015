//! One stack on two hosts, in production on one and for tests on the other, and people who may do
//! everything on the second only.

use std::path::PathBuf;

use dogwatch::access::{ApprovalSettings, Policy};
use dogwatch::bot::Bot;
use dogwatch::clock::Clock;
use dogwatch::engine::Endpoint;
use dogwatch::host::Fleet;
use dogwatch::host::fleet::Reach;
use dogwatch::sim::{Simulation, demo_world};
use tempfile::TempDir;

use super::people::rules;

/// Both hosts are the same engine: what may be done there is asked before it is reached.
pub(crate) struct TwoHosts {
    scratch: TempDir,
    _simulation: Simulation,
}

impl TwoHosts {
    pub(crate) fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let socket = scratch.path().join("engine.sock");
        let simulation = Simulation::start(demo_world(), &socket, Clock::System).unwrap();
        Self {
            scratch,
            _simulation: simulation,
        }
    }

    fn socket(&self) -> PathBuf {
        self.scratch.path().join("engine.sock")
    }

    /// `shop` on `local` is `prod`, on `lab` it is `staging`; all of `people` keep the latter.
    pub(crate) fn give(&self, bot: &mut Bot, people: &[&str]) {
        let hosts = ["lab", "local"].map(|name| {
            let reach = Reach::Socket(Endpoint::Unix(self.socket()));
            (name.to_owned(), reach)
        });
        bot.fleet = Fleet::new(hosts);
        let allow = rules(&["*:read", "*@staging:change", "*@staging:destructive"]);
        let member = |who: &&str| ((*who).to_owned(), vec!["keeper".to_owned()]);
        let environments = [("local/shop", "prod"), ("lab/shop", "staging")];
        let environments = environments.map(|(stack, name)| (stack.to_owned(), name.to_owned()));
        bot.policy = Policy::new(
            vec![("keeper".to_owned(), allow)],
            people.iter().map(member).collect(),
        )
        .asking(ApprovalSettings::default(), environments.into());
    }
}
