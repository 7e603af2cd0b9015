//! A runbook as its YAML file says it, in types. What the keys mean together is for `check`, what
//! they become for `bind`. The schema for editors and the reference page are written from here.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::steps::StepSpec;
use super::template::{OneOrMany, Text};
use crate::action::Risk;

/// One runbook: what it is called, what it asks for, what it does, and how that is checked.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "Dogwatch runbook")]
pub struct RunbookFile {
    /// What people type: small letters, digits and `-`.
    pub name: String,
    /// One line: what it does.
    pub title: String,
    /// More about when to use it and what to expect.
    pub description: Option<String>,
    /// What it can do to a host: at least what its riskiest step can.
    #[schemars(with = "Option<RiskWord>")]
    pub risk: Option<Risk>,
    /// What it asks for, by name.
    pub params: BTreeMap<String, ParamSpec>,
    /// What is done, in this order.
    pub steps: Vec<StepSpec>,
    /// What is done when a step fails whose `on_failure` is `roll_back`, or when the run is
    /// cancelled after it changed something.
    pub rollback: Vec<StepSpec>,
    /// What is looked at afterwards, whatever came of the steps. These steps change nothing.
    pub verify: Vec<StepSpec>,
    /// How long the whole may take. An hour, if nothing is said.
    pub timeout: Option<Span>,
    /// What the report says beyond what happened.
    pub report: ReportSpec,
    /// What must come of it on a described engine; `dogwatch check` runs them.
    pub tests: Vec<TestSpec>,
}

/// The three risks, for the schema.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
#[schemars(inline)]
enum RiskWord {
    Read,
    Change,
    Destructive,
}

/// One parameter.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ParamSpec {
    #[serde(rename = "type")]
    pub kind: ParamKind,
    /// One line for whoever has to give it.
    pub help: Option<String>,
    /// It has to be given.
    pub required: bool,
    /// What it is when it is not given.
    pub default: Option<OneOrMany>,
    /// What it always is: nobody can give another value.
    pub locked: Option<OneOrMany>,
    /// Several values, given as `a,b,c`.
    pub many: bool,
    /// Of a `string`: a regular expression that the whole value matches.
    pub pattern: Option<String>,
    /// Of an `integer`: the smallest.
    pub min: Option<i64>,
    /// Of an `integer`: the largest.
    pub max: Option<i64>,
    /// Of an `enum`: the words to choose from.
    pub values: Vec<String>,
}

/// What a value may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ParamKind {
    /// Any line of text.
    #[default]
    String,
    Integer,
    /// `90s`, `15m`, `2h`.
    Duration,
    Enum,
    Boolean,
    /// A service that is there.
    Service,
    /// A group of services of the stack, or one service of it.
    Group,
    /// A stack that is there.
    Stack,
    /// A host of the configuration.
    Host,
    /// The name of a secret under `runbooks.secrets`; its value is never typed, shown or stored.
    Secret,
}

impl ParamKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Duration => "duration",
            Self::Enum => "enum",
            Self::Boolean => "boolean",
            Self::Service => "service",
            Self::Group => "group",
            Self::Stack => "stack",
            Self::Host => "host",
            Self::Secret => "secret",
        }
    }
}

/// What is done when a step fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum OnFailure {
    /// Nothing more is done, and the run has failed.
    #[default]
    Stop,
    /// It goes on; the run has failed at its end.
    Continue,
    /// Nothing more is done but the `rollback` steps.
    RollBack,
}

/// How often a step is tried again.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetrySpec {
    /// How often at most, after the first time: 1 to 10.
    pub times: u32,
    /// How long to wait before the first of them; each later wait is twice as long, at most 5 min.
    pub pause: Option<Span>,
    /// Try again although doing it twice may not be the same as doing it once.
    pub repeat_side_effects: bool,
}

/// What the report says.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReportSpec {
    /// One line a person would say.
    pub issue: Option<Text>,
    /// How to need it less often.
    pub prevention: Vec<Text>,
    /// Services to keep an eye on.
    pub related: Vec<Text>,
}

/// One test: on an engine like this, a run like that ends so.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TestSpec {
    pub name: String,
    /// The services of the stack `demo`, each with how it behaves.
    pub engine: BTreeMap<String, Behaves>,
    /// Groups of services, by name.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Which service needs which.
    pub needs: BTreeMap<String, Vec<String>>,
    /// Actions of compose, git and images that fail, such as `compose.build`; all others are done.
    pub fails: Vec<String>,
    /// The parameters of the run.
    pub run: BTreeMap<String, OneOrMany>,
    pub expect: ExpectSpec,
}

/// How a service of a test behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum Behaves {
    /// Runs, and its health check passes.
    Healthy,
    /// Runs without a health check.
    Plain,
    /// Was created and never started.
    Stopped,
    /// Runs; its health check fails.
    Unhealthy,
    /// Healthy until it is started again.
    UnhealthyAfterRestart,
    /// Healthy, with a volume of its own.
    WithVolume,
}

/// What must come of a test's run.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExpectSpec {
    /// How it ends.
    pub state: Option<EndWord>,
    /// It is refused before anything is done, with these words in the reason.
    pub refused: Option<String>,
    /// The planned steps as people read them, all of them.
    pub plan: Option<Vec<String>>,
    /// The id of the first step that failed.
    pub failed_step: Option<String>,
    /// Services (or `@group`) that were changed.
    pub touched: Vec<String>,
    /// Services (or `@group`) that were not changed.
    pub not_touched: Vec<String>,
    /// Words that the report's first line holds.
    pub report: Option<String>,
}

/// How a run can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum EndWord {
    Succeeded,
    Failed,
    Cancelled,
}

impl EndWord {
    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A length of time as people write it: `90s`, `15m`; a bare number is seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String")]
pub struct Span(pub Duration);

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        crate::command::parse::duration(&text).map(Self)
    }
}
