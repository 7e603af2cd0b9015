//! A report as a chat message: the cause on the first line, then what proves it, what to do and
//! how that was checked. Its full text stays behind its id.

use crate::action::Risk;
use crate::diagnose::Cause;
use crate::report::{CheckResult, Report, ResolutionStep};
use crate::say;
use crate::text::{Action, Clean, Line, Message, Name, Style};

const EVIDENCE: usize = 8;
const OTHERS: usize = 6;
const STEPS: usize = 12;

pub fn brief(report: &Report) -> Message {
    let message = Message::new().heading(report.issue.clone());
    let message = cause(message, report);
    let message = affected(message, report);
    let message = steps(message, report);
    let message = checks(message, report);
    let message = changes(prevention(message, report), report);
    let message = fixes(report).into_iter().fold(message, Message::action);
    footer(checked(message, report), report)
}

/// What mends it, as buttons: each types the line of its runbook, so it is planned, permitted and
/// approved like any. What was mended already offers nothing.
fn fixes(report: &Report) -> Vec<Action> {
    let mut lines: Vec<&Clean> = Vec::new();
    let mut actions = Vec::new();
    for step in &report.resolution_steps {
        let Some(line) = step.runbook.as_ref().filter(|line| !lines.contains(line)) else {
            continue;
        };
        lines.push(line);
        let style = if step.risk == Risk::Destructive {
            Style::Bad
        } else {
            Style::Good
        };
        actions.push(Action::new(step.text.clone(), line.clone()).style(style));
    }
    actions
}

fn cause(message: Message, report: &Report) -> Message {
    let root = &report.root_cause;
    if root.cause == Cause::None {
        return message;
    }
    let what = Line::new()
        .strong("Root cause ")
        .code(root.cause.id())
        .plain(if root.service.is_empty() {
            Clean::default()
        } else {
            say!(" · {}", root.service)
        })
        .dim(say!(" · {}", root.confidence.word()));
    let message = message.line(what);
    let proof: Vec<Clean> = root
        .evidence
        .iter()
        .take(EVIDENCE)
        .map(|cited| say!("{} {}: {}", cited.source.word(), cited.service, cited.text))
        .collect();
    if proof.is_empty() {
        message
    } else {
        message.code(proof)
    }
}

fn affected(message: Message, report: &Report) -> Message {
    let ill: Vec<Line> = report
        .services_affected
        .iter()
        .take(OTHERS)
        .map(|affected| {
            let symptoms = Clean::join(&affected.symptoms, "; ");
            Line::new()
                .strong(affected.service.clone())
                .plain(say!(" {} ", affected.status))
                .dim(symptoms)
        })
        .collect();
    section(message, "Affected", ill)
}

/// What was done, and apart from it what is still to do.
fn steps(message: Message, report: &Report) -> Message {
    let undecided = report.root_cause.cause == Cause::Inconclusive;
    let all = || report.resolution_steps.iter();
    let message = listed(message, "Done", all().filter(|step| step.taken));
    let title = if undecided { "Next" } else { "Fix" };
    listed(message, title, all().filter(|step| !step.taken))
}

fn listed<'r>(
    message: Message,
    title: &'static str,
    steps: impl Iterator<Item = &'r ResolutionStep>,
) -> Message {
    let mut lines: Vec<Line> = steps.map(one_step).collect();
    let more = lines.len().saturating_sub(STEPS);
    if more > 0 {
        lines.truncate(STEPS);
        lines.push(Line::new().dim(say!("and {} more", more)));
    }
    section(message, title, lines)
}

fn one_step(step: &ResolutionStep) -> Line {
    let mut line = Line::new().plain(step.text.clone());
    if let Some(command) = step.runbook.as_ref().or(step.command.as_ref()) {
        line = line.plain(" ").code(command.clone());
    }
    line.dim(say!(" ({})", step.risk.word()))
}

fn checks(message: Message, report: &Report) -> Message {
    let lines = report.verification.iter().take(OTHERS).map(|check| {
        let mark = match check.result {
            CheckResult::Passed => "✓ ",
            CheckResult::Failed => "✗ ",
            CheckResult::NotRun => "– ",
        };
        Line::new().plain(mark).plain(check.text.clone())
    });
    let lines = lines.collect();
    section(message, "Verify", lines)
}

fn prevention(message: Message, report: &Report) -> Message {
    let lines = report.prevention.iter().take(OTHERS).cloned();
    let lines = lines.map(Line::from).collect();
    section(message, "Prevent", lines)
}

fn changes(message: Message, report: &Report) -> Message {
    report.changes.iter().fold(message, |message, change| {
        let mut lines = vec![change.file.clone()];
        lines.extend(change.diff.iter().cloned());
        message.code(lines)
    })
}

/// Every place that was looked at, on one line: `✓ logs · ! memory and cpu · – engine`.
fn checked(message: Message, report: &Report) -> Message {
    if report.checklist.is_empty() {
        return message;
    }
    let points = report.checklist.iter();
    let marks: Vec<Clean> = points
        .map(|point| say!("{} {}", point.outcome.mark(), point.point))
        .collect();
    let line = Line::new()
        .strong("Checked ")
        .dim(Clean::join(&marks, " · "));
    message.line(line)
}

fn section(message: Message, title: &'static str, lines: Vec<Line>) -> Message {
    if lines.is_empty() {
        return message;
    }
    message.line(Line::new().strong(title)).list(lines)
}

fn footer(message: Message, report: &Report) -> Message {
    let id = Name::new(&report.id);
    let footer = Line::new().dim(say!("report {} · {}", id, report.looked_at));
    let service = &report.root_cause.service;
    let message = message.line(footer);
    if service.is_empty() {
        return message;
    }
    let target = if report.project.is_empty() {
        say!("{}:{}", report.host, service)
    } else {
        say!("{}:{}/{}", report.host, report.project, service)
    };
    message
        .action(Action::new("Logs", say!("logs {} --tail 50", target)))
        .action(Action::new("Look again", say!("diagnose {}", target)))
}
