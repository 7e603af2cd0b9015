//! The checks of a run as somebody can paste them: what each step that verifies looked at, and what
//! it saw there. Pure.

use super::outcome::{Ended, StepEnd, StepOutcome, planned};
use crate::action::{Action, Subject};
use crate::report::{CheckResult, Verification};
use crate::runbook::Plan;
use crate::say;
use crate::text::{Clean, Name, Redactor};

/// The state and the health of containers, whether they have a check or not.
const STATE: &str =
    "docker inspect -f '{{.Name}} {{.State.Status}}{{with .State.Health}} {{.Status}}{{end}}'";
/// More containers than these are shown by their stack.
const NAMED: usize = 4;

pub(super) fn checks(plan: &Plan, ended: &Ended) -> Vec<Verification> {
    ended.verification().map(|step| check(plan, step)).collect()
}

fn check(plan: &Plan, step: &StepOutcome) -> Verification {
    let looked = planned(plan, step).and_then(|planned| looked_at(plan, &planned.action));
    let (command, expect) = looked.unwrap_or_default();
    Verification {
        text: text(step),
        command,
        expect,
        result: match step.end {
            StepEnd::Done => CheckResult::Passed,
            StepEnd::Failed(_) | StepEnd::Unknown(_) => CheckResult::Failed,
            StepEnd::Skipped | StepEnd::Cancelled | StepEnd::NotNeeded => CheckResult::NotRun,
        },
    }
}

fn text(step: &StepOutcome) -> Clean {
    let seen = match &step.end {
        StepEnd::Failed(why) | StepEnd::Unknown(why) => Some(why.clone()),
        _ => step.text.lines().next(),
    };
    match seen {
        Some(seen) => say!("{}: {}", step.says, seen),
        None => step.says.clone(),
    }
}

/// A command that looks at the same, and what it says when all is well. `None`: there is none.
fn looked_at(plan: &Plan, action: &Action) -> Option<(Clean, Clean)> {
    let well = say!("running, and healthy where it is checked");
    Some(match action {
        Action::Health { subjects } => (of_containers(plan, subjects), well),
        Action::WaitHealthy { subject, .. } | Action::Inspect { subject } => {
            (of_containers(plan, std::slice::from_ref(subject)), well)
        }
        Action::StackWell { project, .. } => (of_stack(project), well),
        Action::Preflight { project } => {
            let project = Name::new(project);
            (
                say!("dogwatch console -- preflight {}", project),
                say!("all is well"),
            )
        }
        Action::Drift { project } => {
            let project = Name::new(project);
            (
                say!("dogwatch console -- drift {}", project),
                say!("as the files say"),
            )
        }
        Action::Logs { subject, .. } => {
            let name = Name::new(&subject.name);
            (say!("docker logs --tail 50 {}", name), Clean::default())
        }
        Action::Exec { subject, argv, .. } => {
            let name = Name::new(&subject.name);
            let words = Redactor::shapes_only().clean(&quoted(argv));
            (say!("docker exec {} {}", name, words), say!("exit code 0"))
        }
        Action::Call(call) => {
            let words = Redactor::shapes_only().clean(&quoted(&call.argv));
            (words, say!("exit code 0"))
        }
        _ => return None,
    })
}

fn of_containers(plan: &Plan, subjects: &[Subject]) -> Clean {
    match plan.stack() {
        Some(stack) if subjects.len() > NAMED => of_stack(stack.as_str()),
        _ => {
            let names = subjects.iter().map(|one| Clean::from(Name::new(&one.name)));
            let names: Vec<Clean> = names.collect();
            say!("{} {}", STATE, Clean::join(&names, " "))
        }
    }
}

fn of_stack(project: &str) -> Clean {
    let project = Name::new(project);
    say!(
        "docker ps -a --filter label=com.docker.compose.project={}",
        project
    )
}

/// As a shell takes it apart again.
fn quoted(argv: &[String]) -> String {
    let is_bare = |c: char| c.is_alphanumeric() || "-_./:=@%+,".contains(c);
    let one = |word: &String| {
        if !word.is_empty() && word.chars().all(is_bare) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    };
    argv.iter().map(one).collect::<Vec<_>>().join(" ")
}
