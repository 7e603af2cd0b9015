//! The Container Operations Report: what happened, why, how it was mended and how that was
//! checked. Every text in it is clean; it has no markup until a template writes it.

pub mod build;
pub mod render;
pub mod sample;
mod json;
mod record;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::action::Risk;
use crate::diagnose::change::Change;
use crate::diagnose::checklist::Point;
use crate::diagnose::{Cause, Confidence};
use crate::evidence::Citation;
use crate::text::{Clean, Name};

pub use json::report_json;
pub use render::{TemplateProblem, Templates};

/// The value of `schema` in every report.
pub const SCHEMA: &str = "dogwatch.report/1";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub schema: String,
    pub id: String,
    pub created_at: Timestamp,
    pub host: Name,
    /// Empty for a container that belongs to no stack.
    pub project: Name,
    /// Of the stack, such as `prod`; empty where none is configured. Beyond the fixed shape.
    #[serde(default, skip_serializing_if = "Name::is_empty")]
    pub environment: Name,
    /// One line a person would say.
    pub issue: Clean,
    pub services_affected: Vec<AffectedService>,
    pub root_cause: RootCause,
    pub contributing: Vec<Contributing>,
    pub resolution_steps: Vec<ResolutionStep>,
    pub verification: Vec<Verification>,
    pub prevention: Vec<Clean>,
    pub related_services: Vec<RelatedService>,
    pub timeline: Vec<TimelineEntry>,
    /// The points somebody would look at by hand, with what was seen there. Beyond the fixed shape.
    #[serde(default)]
    pub checklist: Vec<Point>,
    /// Prevention as changes of files. Beyond the fixed shape.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// What could not be looked at, and why. Beyond the fixed shape; always present.
    pub not_seen: Vec<Clean>,
    /// How much was looked at, in words: "9 containers in 0.8 s".
    pub looked_at: Clean,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AffectedService {
    pub service: Name,
    pub status: Clean,
    pub symptoms: Vec<Clean>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootCause {
    pub cause: Cause,
    /// Empty when nothing is wrong.
    pub service: Name,
    pub summary: Clean,
    pub confidence: Confidence,
    pub evidence: Vec<Citation>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contributing {
    pub cause: Cause,
    pub service: Name,
    pub summary: Clean,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolutionStep {
    pub text: Clean,
    pub command: Option<Clean>,
    pub runbook: Option<Clean>,
    pub risk: Risk,
    /// It was done or tried, and its text says what came of it. Beyond the fixed shape.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub taken: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    pub text: Clean,
    pub command: Clean,
    pub expect: Clean,
    pub result: CheckResult,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckResult {
    Passed,
    Failed,
    NotRun,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelatedService {
    pub service: Name,
    pub why: Clean,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    pub at: Timestamp,
    pub text: Clean,
}

/// What a list of stored reports says about one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportRow {
    pub id: String,
    pub created_at: Timestamp,
    pub host: Name,
    pub project: Name,
    /// The service at fault; empty when nothing is wrong.
    pub service: Name,
    pub cause: Cause,
    pub issue: Clean,
}

/// What a list of incidents says about one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IncidentRow {
    pub id: i64,
    pub opened: Timestamp,
    pub state: &'static str,
    pub over: bool,
    /// Somebody looks after it.
    pub heard: bool,
    pub place: Name,
    pub title: Clean,
}

impl ReportRow {
    pub fn of(report: &Report) -> Self {
        Self {
            id: report.id.clone(),
            created_at: report.created_at,
            host: report.host.clone(),
            project: report.project.clone(),
            service: report.root_cause.service.clone(),
            cause: report.root_cause.cause,
            issue: report.issue.clone(),
        }
    }
}
