//! One file per cause. A rule looks at one container's evidence and either says nothing or says
//! why it fails and what proves it. `RULES` is in order of trust: the first that speaks is heard.

pub mod oom_killed;
pub mod stopped_by_operator;
pub mod port_conflict;
pub mod command_not_found;
pub mod exec_permission;
pub mod exec_format_error;
pub mod segfault;
pub mod aborted;
pub mod killed;
pub mod exits_immediately;
pub mod healthcheck_tool_missing;
pub mod healthcheck_timeout;

use super::view::View;
use super::{Cause, Finding, Fix};
use crate::action::Risk;
use crate::say;
use crate::text::Clean;

/// A cause that can be recognised, with what its page in the reference says.
pub struct Rule {
    pub cause: Cause,
    /// Why it happens.
    pub why: &'static str,
    /// What it looks like.
    pub example: &'static str,
    /// How to keep it from happening again.
    pub prevention: &'static [&'static str],
    pub check: fn(&View<'_>) -> Option<Finding>,
}

pub static RULES: &[Rule] = &[
    oom_killed::RULE,
    stopped_by_operator::RULE,
    port_conflict::RULE,
    command_not_found::RULE,
    exec_permission::RULE,
    exec_format_error::RULE,
    segfault::RULE,
    aborted::RULE,
    killed::RULE,
    exits_immediately::RULE,
    healthcheck_tool_missing::RULE,
    healthcheck_timeout::RULE,
];

impl Rule {
    /// The rule's finding, with its advice filled in.
    pub fn apply(&self, view: &View<'_>) -> Option<Finding> {
        let mut finding = (self.check)(view)?;
        finding
            .prevention
            .extend(self.prevention.iter().map(|text| Clean::from_static(text)));
        Some(finding)
    }

    pub fn of(cause: Cause) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.cause == cause)
    }
}

/// A step a person does by hand: editing a file, looking something up.
fn by_hand(text: Clean, risk: Risk) -> Fix {
    Fix {
        text,
        command: None,
        risk,
    }
}

fn start_again(view: &View<'_>) -> Fix {
    let command = say!("docker start {}", view.container);
    Fix {
        text: say!("start {} again", view.name()),
        command: Some(command),
        risk: Risk::Change,
    }
}

fn read_logs(view: &View<'_>) -> Fix {
    let command = say!("docker logs --tail 100 {}", view.container);
    Fix {
        text: say!("read the last lines of {}", view.name()),
        command: Some(command),
        risk: Risk::Read,
    }
}

fn recreate(view: &View<'_>) -> Fix {
    let command = say!("docker compose up -d {}", view.name());
    let text = say!("recreate {} with the corrected settings", view.name());
    Fix {
        text,
        command: view.service.stack.is_some().then_some(command),
        risk: Risk::Change,
    }
}

/// `: it was restarted 5 times`, where it was.
fn again_and_again(view: &View<'_>) -> Clean {
    match view.state() {
        Some((_, state)) if state.restart_count > 0 && view.loops() => {
            say!(", again and again ({} restarts)", state.restart_count)
        }
        _ => Clean::default(),
    }
}
