//! The contract project on a real engine, by its command line client. Everything made is labelled
//! and goes away with the guard, also when a test fails.

use super::real_engine::{IMAGE, Sandbox, docker};
use super::sim_programs::{Program, real_project};

/// Removes what it made when it is dropped.
pub(crate) struct RealStack {
    prefix: String,
}

impl RealStack {
    /// Names carry the process id, so that two runs at once do not meet.
    pub(crate) fn up() -> Self {
        // It sees to it that the image is there.
        drop(Sandbox::new());
        let stack = Self {
            prefix: format!("contract-{}", std::process::id()),
        };
        let prefix = &stack.prefix;
        docker(&["network", "create", &format!("{prefix}-net")]);
        docker(&["volume", "create", &format!("{prefix}-vol")]);
        let project = format!("--label=com.docker.compose.project={prefix}");
        let network = format!("--network={prefix}-net");
        let volume = format!("--volume={prefix}-vol:/data");
        for (short, options, script) in real_project() {
            let mut all = vec![project.as_str(), &network];
            all.extend(options);
            all.extend((short == "web").then_some(volume.as_str()));
            Self::run(prefix, short, &all, script);
        }
        stack
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(crate) fn job(prefix: &str, short: &str, program: Program) {
        let (options, script) = program.real();
        Self::run(
            prefix,
            short,
            &[&["--network=none"], options].concat(),
            script,
        );
    }

    fn run(prefix: &str, short: &str, options: &[&str], script: &str) {
        let name = format!("--name={prefix}-{short}");
        let owner = format!("--label=dogwatch.contract={prefix}");
        let fixed = ["run", "--detach", &name, &owner];
        docker(&[&fixed, options, &[IMAGE, "sh", "-c", script]].concat());
    }
}

impl Drop for RealStack {
    fn drop(&mut self) {
        let prefix = &self.prefix;
        let ours = format!("label=dogwatch.contract={prefix}");
        let found = docker(&["ps", "--all", "--quiet", "--filter", &ours]);
        let found: Vec<&str> = found.split_whitespace().collect();
        if !found.is_empty() {
            docker(&[&["rm", "--force", "--volumes"], found.as_slice()].concat());
        }
        docker(&["network", "rm", &format!("{prefix}-net")]);
        docker(&["volume", "rm", "--force", &format!("{prefix}-vol")]);
    }
}
