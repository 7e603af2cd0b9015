//! One file per cause. A rule looks at one container's evidence and either says nothing or says
//! why it fails and what proves it. `RULES` is in order of trust: the first that speaks is heard.

pub mod said;
pub mod sigterm_ignored;
pub mod stopped_by_operator;
pub mod oom_killed;
pub mod host_memory_exhausted;
pub mod port_conflict;
pub mod command_not_found;
pub mod exec_permission;
pub mod exec_format_error;
pub mod mount_missing;
pub mod image_not_found;
pub mod image_pull_denied;
pub mod image_pull_timeout;
pub mod image_platform_mismatch;
pub mod build_failed;
pub mod subnet_overlap;
pub mod env_file_missing;
pub mod heap_exhausted;
pub mod pids_exhausted;
pub mod fd_exhausted;
pub mod disk_full;
pub mod inodes_full;
pub mod segfault;
pub mod aborted;
pub mod killed;
pub mod healthcheck_tool_missing;
pub mod healthcheck_wrong_target;
pub mod missing_env;
pub mod config_invalid;
pub mod dependency_missing;
pub mod missing_file;
pub mod volume_permission;
pub mod read_only_filesystem;
pub mod auth_failed;
pub mod database_missing;
pub mod schema_missing;
pub mod connections_exhausted;
pub mod lock_contention;
pub mod rate_limited;
pub mod consumer_lag;
pub mod clock_skew;
pub mod tls_error;
pub mod localhost_misuse;
pub mod network_isolated;
pub mod dns_failure;
pub mod dependency_not_ready;
pub mod dependency_down;
pub mod connection_refused;
pub mod connection_timeout;
pub mod healthcheck_start_period;
pub mod cpu_throttled;
pub mod healthcheck_timeout;
pub mod memory_pressure;
pub mod app_crash;
pub mod exits_immediately;
pub(super) mod full;
mod steps;

use super::view::View;
use super::{Cause, Finding, change};
use crate::text::Clean;

pub(super) use steps::mount_over;
use steps::{
    addressed, again_and_again, by_hand, engine_says, lines_around, look, look_up_again, named,
    named_where, noted, only_mount, reach_finding, read_logs, rebuild, recreate, restart,
    said_finding, server_beyond, server_of, stale, start_again,
};

/// A cause that can be recognised, with what its page in the reference says.
pub struct Rule {
    pub cause: Cause,
    /// Why it happens.
    pub why: &'static str,
    /// What it looks like.
    pub example: &'static str,
    /// What is true again when it is mended.
    pub verify: &'static str,
    /// How to keep it from happening again.
    pub prevention: &'static [&'static str],
    pub check: fn(&View<'_>) -> Option<Finding>,
}

pub static RULES: &[Rule] = &[
    sigterm_ignored::RULE,
    stopped_by_operator::RULE,
    oom_killed::RULE,
    host_memory_exhausted::RULE,
    port_conflict::RULE,
    command_not_found::RULE,
    exec_permission::RULE,
    exec_format_error::RULE,
    mount_missing::RULE,
    image_not_found::RULE,
    image_pull_denied::RULE,
    image_pull_timeout::RULE,
    image_platform_mismatch::RULE,
    build_failed::RULE,
    subnet_overlap::RULE,
    env_file_missing::RULE,
    heap_exhausted::RULE,
    pids_exhausted::RULE,
    fd_exhausted::RULE,
    disk_full::RULE,
    inodes_full::RULE,
    segfault::RULE,
    aborted::RULE,
    killed::RULE,
    healthcheck_tool_missing::RULE,
    healthcheck_wrong_target::RULE,
    missing_env::RULE,
    config_invalid::RULE,
    dependency_missing::RULE,
    missing_file::RULE,
    volume_permission::RULE,
    read_only_filesystem::RULE,
    auth_failed::RULE,
    database_missing::RULE,
    schema_missing::RULE,
    connections_exhausted::RULE,
    lock_contention::RULE,
    rate_limited::RULE,
    consumer_lag::RULE,
    clock_skew::RULE,
    tls_error::RULE,
    localhost_misuse::RULE,
    network_isolated::RULE,
    dns_failure::RULE,
    dependency_not_ready::RULE,
    dependency_down::RULE,
    connection_refused::RULE,
    connection_timeout::RULE,
    healthcheck_start_period::RULE,
    cpu_throttled::RULE,
    healthcheck_timeout::RULE,
    memory_pressure::RULE,
    app_crash::RULE,
    exits_immediately::RULE,
];

impl Rule {
    /// The rule's finding, with its advice filled in.
    pub fn apply(&self, view: &View<'_>) -> Option<Finding> {
        let mut finding = (self.check)(view)?;
        // what another service told of itself comes with its advice
        if finding.prevention.is_empty() || finding.service == *view.service {
            let advice = self.prevention.iter().map(|text| Clean::from_static(text));
            finding.prevention.extend(advice);
            finding.change = change::of(view, &finding);
        }
        Some(finding)
    }

    pub fn of(cause: Cause) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.cause == cause)
    }
}
