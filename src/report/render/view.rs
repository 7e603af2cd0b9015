//! What a template sees: the report as its JSON has it, with a few fields more that every template
//! would otherwise work out by itself.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::diagnose::Cause;
use crate::diagnose::change::Change;
use crate::diagnose::checklist::{Outcome, Point};
use crate::evidence::Citation;
use crate::report::{
    AffectedService, CheckResult, Contributing, IncidentRow, Report, ReportRow, ResolutionStep,
    TimelineEntry, Verification,
};
use crate::text::{Clean, Dialect};

#[derive(Serialize)]
pub(super) struct ReportView<'a> {
    #[serde(flatten)]
    report: &'a Report,
    screen: Screen,
    headline: &'a str,
    /// "shop on local", and how sure the finding is.
    place: String,
    remark: String,
    when: String,
    healthy: bool,
    inconclusive: bool,
    /// There was a fault, and every check passes now.
    mended: bool,
    cause: &'static str,
    cause_title: &'static str,
    affected: Vec<AffectedView<'a>>,
    evidence: Vec<EvidenceView<'a>>,
    also: Vec<AlsoView<'a>>,
    /// What was done already, with what came of it.
    taken: Vec<StepView<'a>>,
    /// Steps mend a fault; without one they say where to look.
    steps_label: &'static str,
    steps: Vec<StepView<'a>>,
    checks: Vec<CheckView<'a>>,
    /// All commands of the checks, one a line.
    check_commands: String,
    moments: Vec<MomentView<'a>>,
    points: Vec<PointView<'a>>,
    edits: Vec<ChangeView<'a>>,
    footer: String,
}

/// What the layout helpers need to know of the place.
#[derive(Serialize)]
pub(super) struct Screen {
    width: usize,
    colour: bool,
}

/// Files and pipes get lines of this width.
const PAGE_WIDTH: usize = 100;

impl Screen {
    fn of(dialect: &Dialect) -> Self {
        Self {
            width: dialect.width().unwrap_or(PAGE_WIDTH),
            colour: dialect.has_colour(),
        }
    }
}

#[derive(Serialize)]
struct AffectedView<'a> {
    #[serde(flatten)]
    service: &'a AffectedService,
    at_fault: bool,
    symptom: Clean,
}

#[derive(Serialize)]
struct EvidenceView<'a> {
    #[serde(flatten)]
    citation: &'a Citation,
    /// Empty where the fact has no time of its own.
    time: String,
}

#[derive(Serialize)]
struct AlsoView<'a> {
    #[serde(flatten)]
    contributing: &'a Contributing,
    title: &'static str,
}

#[derive(Serialize)]
struct StepView<'a> {
    #[serde(flatten)]
    step: &'a ResolutionStep,
    number: usize,
}

#[derive(Serialize)]
struct CheckView<'a> {
    #[serde(flatten)]
    check: &'a Verification,
    mark: &'static str,
    style: &'static str,
    verdict: &'static str,
}

/// One of the places that were looked at, with its mark.
#[derive(Serialize)]
struct PointView<'a> {
    #[serde(flatten)]
    point: &'a Point,
    mark: &'static str,
    style: &'static str,
}

#[derive(Serialize)]
struct ChangeView<'a> {
    file: &'a Clean,
    /// One a line.
    diff: String,
}

#[derive(Serialize)]
struct MomentView<'a> {
    #[serde(flatten)]
    moment: &'a TimelineEntry,
    time: String,
}

impl<'a> ReportView<'a> {
    pub(super) fn new(report: &'a Report, dialect: &Dialect) -> Self {
        let cause = &report.root_cause;
        let issue = report.issue.as_str();
        let time = |at| time_of_day(at, report.created_at);
        Self {
            report,
            screen: Screen::of(dialect),
            headline: if issue.is_empty() {
                cause.summary.as_str()
            } else {
                issue
            },
            remark: format!("{} · {}", place(report), cause.confidence.word()),
            place: place(report),
            when: date_and_time(report.created_at),
            healthy: cause.cause == Cause::None,
            inconclusive: cause.cause == Cause::Inconclusive,
            mended: is_mended(report),
            cause: cause.cause.id(),
            cause_title: cause.cause.title(),
            affected: affected(report),
            evidence: cause
                .evidence
                .iter()
                .map(|citation| EvidenceView {
                    citation,
                    time: citation.at.map(time).unwrap_or_default(),
                })
                .collect(),
            also: report
                .contributing
                .iter()
                .map(|contributing| AlsoView {
                    contributing,
                    title: contributing.cause.title(),
                })
                .collect(),
            steps_label: if cause.cause == Cause::Inconclusive {
                "Next"
            } else {
                "Fix"
            },
            taken: steps(report, true),
            steps: steps(report, false),
            checks: report.verification.iter().map(CheckView::new).collect(),
            check_commands: check_commands(report),
            moments: report
                .timeline
                .iter()
                .map(|moment| MomentView {
                    moment,
                    time: time(moment.at),
                })
                .collect(),
            points: report.checklist.iter().map(PointView::new).collect(),
            edits: report.changes.iter().map(ChangeView::new).collect(),
            footer: footer(report),
        }
    }
}

fn steps(report: &Report, taken: bool) -> Vec<StepView<'_>> {
    let all = report.resolution_steps.iter();
    let meant = all.filter(|step| step.taken == taken);
    let view = |(step, number)| StepView { step, number };
    meant.zip(1..).map(view).collect()
}

fn is_mended(report: &Report) -> bool {
    let passed = |check: &Verification| check.result == CheckResult::Passed;
    report.root_cause.cause != Cause::None
        && !report.verification.is_empty()
        && report.verification.iter().all(passed)
}

fn footer(report: &Report) -> String {
    let written = date_and_time(report.created_at);
    if report.looked_at.is_empty() {
        return format!("report {}  ·  {written}", report.id);
    }
    format!(
        "report {}  ·  {written}  ·  looked at {}",
        report.id, report.looked_at
    )
}

fn place(report: &Report) -> String {
    if report.project.is_empty() {
        format!("on {}", report.host)
    } else if !report.environment.is_empty() {
        format!(
            "{} ({}) on {}",
            report.project, report.environment, report.host
        )
    } else {
        format!("{} on {}", report.project, report.host)
    }
}

fn affected(report: &Report) -> Vec<AffectedView<'_>> {
    let decided = report.root_cause.cause != Cause::Inconclusive;
    let affected = report.services_affected.iter();
    affected
        .map(|service| AffectedView {
            service,
            at_fault: decided && service.service == report.root_cause.service,
            symptom: Clean::join(&service.symptoms, ", "),
        })
        .collect()
}

fn check_commands(report: &Report) -> String {
    let commands = report
        .verification
        .iter()
        .map(|check| check.command.as_str());
    let commands: Vec<&str> = commands.filter(|command| !command.is_empty()).collect();
    commands.join("\n")
}

impl<'a> CheckView<'a> {
    fn new(check: &'a Verification) -> Self {
        let (mark, style, verdict) = match check.result {
            CheckResult::Passed => ("✓", "good", "passed"),
            CheckResult::Failed => ("✗", "bad", "failed"),
            CheckResult::NotRun => ("–", "dim", "not run"),
        };
        Self {
            check,
            mark,
            style,
            verdict,
        }
    }
}

impl<'a> PointView<'a> {
    fn new(point: &'a Point) -> Self {
        let style = match point.outcome {
            Outcome::Fine => "good",
            Outcome::Cause => "bad",
            Outcome::NotSeen => "dim",
        };
        Self {
            point,
            mark: point.outcome.mark(),
            style,
        }
    }
}

impl<'a> ChangeView<'a> {
    fn new(change: &'a Change) -> Self {
        let lines: Vec<&str> = change.diff.iter().map(Clean::as_str).collect();
        Self {
            file: &change.file,
            diff: lines.join("\n"),
        }
    }
}

#[derive(Serialize)]
pub(super) struct PageView<'a> {
    reports: Vec<RowView<'a>>,
}

#[derive(Serialize)]
struct RowView<'a> {
    #[serde(flatten)]
    row: &'a ReportRow,
    when: String,
    healthy: bool,
    inconclusive: bool,
}

impl<'a> PageView<'a> {
    pub(super) fn new(rows: &'a [ReportRow]) -> Self {
        let view = |row: &'a ReportRow| RowView {
            row,
            when: date_and_time(row.created_at),
            healthy: row.cause == Cause::None,
            inconclusive: row.cause == Cause::Inconclusive,
        };
        Self {
            reports: rows.iter().map(view).collect(),
        }
    }
}

/// The page that lists incidents.
#[derive(Serialize)]
pub(super) struct IncidentsView<'a> {
    incidents: Vec<IncidentView<'a>>,
}

#[derive(Serialize)]
struct IncidentView<'a> {
    #[serde(flatten)]
    row: &'a IncidentRow,
    /// Its title, under a name that the page around it does not have.
    what: &'a Clean,
    when: String,
}

impl<'a> IncidentsView<'a> {
    pub(super) fn new(rows: &'a [IncidentRow]) -> Self {
        let view = |row: &'a IncidentRow| IncidentView {
            row,
            what: &row.title,
            when: date_and_time(row.opened),
        };
        Self {
            incidents: rows.iter().map(view).collect(),
        }
    }
}

fn date_and_time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M:%S UTC")
        .to_string()
}

/// Without the date on the day of the report.
fn time_of_day(at: Timestamp, created: Timestamp) -> String {
    let (at, created) = (at.to_zoned(TimeZone::UTC), created.to_zoned(TimeZone::UTC));
    let format = if at.date() == created.date() {
        "%H:%M:%S"
    } else {
        "%Y-%m-%d %H:%M:%S"
    };
    at.strftime(format).to_string()
}
