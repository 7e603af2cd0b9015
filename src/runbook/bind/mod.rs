//! From a runbook and values to a plan, on a described world. Pure: what is typed meets what is
//! there, loops are unrolled, and nothing is left to look up later.

mod params;
mod steps;
mod single;
mod looking;
mod operating;
mod targets;
mod volumes;
mod warnings;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use regex::{Regex, RegexBuilder};

use super::language::ParamKind;
use super::plan::{Plan, PlannedReport, PlannedStep, Stage, Witness};
use super::shelf::{Runbook, Shelf};
use super::template::{OneOrMany, Scope, Text};
use crate::action::Risk;
use crate::action::inventory::Volume;
use crate::command::Target;
use crate::stack::{Graph, Inventory, Key, Revisions, Site, Sites};
use crate::text::{Clean, Name, Redactor};

pub use params::accepts;

/// What is there at this moment.
#[derive(Debug, Clone, Copy)]
pub struct World<'w> {
    pub host: &'w Name,
    pub at: Timestamp,
    pub inventory: &'w Inventory,
    pub graph: &'w Graph,
    pub volumes: &'w [Volume],
    /// Names of the configured secrets.
    pub secrets: &'w [String],
    /// Knows their values: what it changes must not be written down.
    pub redactor: &'w Redactor,
    pub grounds: Grounds<'w>,
}

/// What is known of stacks from elsewhere than their containers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Grounds<'w> {
    pub sites: Known<'w>,
    /// Where the checkout stands of the stack that the runbook is about.
    pub revisions: Option<&'w Revisions>,
}

/// The configured stacks; none, where nobody says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'w>(pub Option<&'w Sites>);

impl<'w> Known<'w> {
    fn at(self, host: &str, project: &str) -> Option<&'w Site> {
        self.0?.at(host, project)
    }

    fn as_called(self, host: &str, target: &Target, stacks_too: bool) -> Target {
        match self.0 {
            Some(sites) => sites.as_called(host, target, stacks_too),
            None => target.clone(),
        }
    }
}

/// Values as they were typed, by parameter.
pub type Given = BTreeMap<String, Vec<String>>;

/// Why a runbook cannot be run like this: everything that is wrong with what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindError {
    pub problems: Vec<String>,
}

impl BindError {
    fn one(problem: impl Into<String>) -> Self {
        Self {
            problems: vec![problem.into()],
        }
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl std::error::Error for BindError {}

type Bound<T> = Result<T, BindError>;

/// The longest plan anybody could look through, and the most a loop may make of it.
const MOST_STEPS: usize = 500;

/// The plan of a runbook with these values in this world.
pub fn bind(runbook: &Runbook, shelf: &Shelf, given: &Given, world: World<'_>) -> Bound<Plan> {
    let mut binder = Binder {
        world,
        shelf,
        plan: Plan::empty(Clean::default(), &runbook.file.name, world.host),
        changed: BTreeSet::new(),
        seen: BTreeSet::new(),
        ids: BTreeMap::new(),
        gone: BTreeSet::new(),
        operated: BTreeSet::new(),
    };
    let scope = binder.params(&runbook.file, given)?;
    binder.plan.title = binder.title(runbook, &scope);
    binder.plan.declared = runbook.file.risk.unwrap_or(Risk::Read);
    if let Some(limit) = runbook.file.timeout {
        binder.plan.limit = limit.0;
    }
    binder.plan.report = binder.report(runbook, &scope.texts);
    binder.whole(&runbook.file, &scope)?;
    binder.finish(&scope)
}

/// The values that texts see, and what conditions see of them.
#[derive(Debug, Clone, Default)]
struct Values {
    texts: Scope,
    /// Parameters of which only the name of a secret is known.
    secrets: BTreeSet<String>,
    /// Which of the plan's scopes has them for conditions.
    facts: usize,
    /// The stack that names are looked for in first.
    stack: Option<String>,
    round: String,
}

struct Binder<'b> {
    world: World<'b>,
    shelf: &'b Shelf,
    plan: Plan,
    /// Services that some step changes, and those that some step looks at.
    changed: BTreeSet<Key>,
    seen: BTreeSet<Key>,
    ids: BTreeMap<String, u32>,
    /// Containers that an earlier step removes: afterwards they are known by name only.
    gone: BTreeSet<String>,
    /// Stacks that are changed as a whole.
    operated: BTreeSet<Name>,
}

impl Binder<'_> {
    fn finish(mut self, scope: &Values) -> Bound<Plan> {
        let services = if self.changed.is_empty() {
            &self.seen
        } else {
            &self.changed
        };
        let mut stacks: BTreeSet<Option<&Name>> =
            self.changed.iter().map(|key| key.stack.as_ref()).collect();
        stacks.extend(self.operated.iter().map(Some));
        if stacks.len() > 1 {
            let names = stacks
                .iter()
                .map(|stack| stack.map_or("no stack", Name::as_str));
            let names: Vec<&str> = names.collect();
            return Err(BindError::one(format!(
                "this would change several stacks ({}); change one stack at a time",
                names.join(", ")
            )));
        }
        let named = scope.stack.as_deref().map(Name::new);
        let first = services.first().and_then(|key| key.stack.clone());
        self.plan.stack = stacks
            .first()
            .map_or_else(|| named.or(first), |stack| stack.cloned())
            .unwrap_or_default();
        self.plan.services = services
            .iter()
            .map(|key| Name::new(&key.to_string()))
            .collect();
        if self.plan.all_steps().count() > MOST_STEPS {
            return Err(BindError::one(format!(
                "this would be more than {MOST_STEPS} steps; name fewer services"
            )));
        }
        self.plan.witnesses = self.witnesses();
        self.plan.warnings = self.left_without();
        let host = self.world.host.as_str();
        let site = self.world.grounds.sites.at(host, self.plan.stack.as_str());
        let environment = site.and_then(|site| site.environment.as_deref());
        Ok(self.plan.in_environment(environment))
    }

    /// Everything that is acted on by its id.
    fn witnesses(&self) -> Vec<Witness> {
        let ids: BTreeSet<&str> = self
            .plan
            .all_steps()
            .flat_map(|step| step.action.subjects())
            .map(|subject| subject.id.as_str())
            .collect();
        // whose images are to be had back must be what they were
        let moved = self.plan.moved.is_some();
        let whole = |key: &Key| {
            let stack = key.stack.as_ref();
            moved && stack.is_some_and(|stack| self.operated.contains(stack))
        };
        let services = self.world.inventory.services.iter();
        let containers = services.flat_map(|service| {
            let whole = whole(&service.key);
            service.replicas.iter().map(move |replica| (whole, replica))
        });
        let meant = containers
            .filter(|(whole, container)| *whole || ids.contains(container.id.as_str()))
            .map(|(_, container)| container);
        let witnesses: BTreeSet<Witness> = meant.map(Witness::of).collect();
        witnesses.into_iter().collect()
    }
}

impl Binder<'_> {
    /// `restart api`, `ordered-restart shop`.
    fn title(&self, runbook: &Runbook, scope: &Values) -> Clean {
        let params = runbook.file.params.iter();
        let required = params.filter(|(_, param)| param.required);
        let values = required.filter_map(|(name, param)| {
            let values = scope.texts.get(name)?.iter();
            let short = values.map(|value| match param.kind {
                // the stack stands beside the title already
                ParamKind::Service => value
                    .split_once('/')
                    .map_or(value.as_str(), |(_, name)| name),
                _ => value,
            });
            Some(short.collect::<Vec<_>>().join(", "))
        });
        let values: Vec<String> = values.collect();
        let text = format!("{} {}", runbook.file.name, values.join(" "));
        self.clean(text.trim_end())
    }

    fn report(&self, runbook: &Runbook, scope: &Scope) -> PlannedReport {
        let spec = &runbook.file.report;
        let fill = |text: &Text| self.clean(&text.fill(scope));
        PlannedReport {
            issue: spec.issue.as_ref().map(fill),
            prevention: spec.prevention.iter().map(fill).collect(),
            related: OneOrMany(spec.related.clone())
                .fill(scope)
                .iter()
                .map(Name::from)
                .collect(),
        }
    }

    /// What a person or a file wrote passes the redactor like anything foreign.
    fn clean(&self, text: &str) -> Clean {
        self.world.redactor.clean(text)
    }
}

/// A pattern that the whole value has to match.
pub(super) fn whole(pattern: &str) -> Result<Regex, regex::Error> {
    const LARGEST: usize = 1 << 18;
    RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(LARGEST)
        .build()
}

/// Steps that follow one another are one stage.
fn push(stages: &mut Vec<Stage>, step: PlannedStep) {
    match stages.last_mut() {
        Some(Stage { at_once: 1, lanes }) if lanes.len() == 1 => lanes[0].push(step),
        _ => stages.push(Stage {
            at_once: 1,
            lanes: vec![vec![step]],
        }),
    }
}
