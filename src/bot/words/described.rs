//! What a plan would do, in words: every step where they are few. Of a long plan its beginning, its
//! end and everything that deletes; all of it stands in a file, or on the terminal.

use crate::action::Risk;
use crate::run::{Plan, PlannedStep};
use crate::say;
use crate::text::{Clean, Line, Message, Style};

/// A plan with more steps is long.
const FEW: usize = 20;
/// Steps of a long plan that are shown whatever they do.
const FIRST: usize = 6;
const LAST: usize = 3;
/// Steps that delete and are shown in lines of their own; any more are named together.
const DELETING: usize = 12;
/// Characters for those that are named together.
const TOGETHER: usize = 800;
/// Lines of what would change in files.
const CHANGES: usize = 25;
/// Warnings that are shown.
const WARNINGS: usize = 10;
/// Steps that are named beside what they are for.
const ASIDE: usize = 6;

/// One step with its number.
struct Step {
    line: Line,
    says: Clean,
    deletes: bool,
}

/// The plan under its heading, and what is said after it.
pub(super) fn described(plan: &Plan, heading: &Line, after: &[Line]) -> Message {
    let steps = steps(plan);
    let lines = steps.iter().map(|step| step.line.clone()).collect();
    let whole = written(plan, heading, lines, after, usize::MAX);
    if steps.len() <= FEW && plan.changes.len() <= CHANGES {
        return whole;
    }
    let mut lines = shortened(&steps);
    let all = say!("the whole plan, {} steps, is in the file", steps.len());
    lines.push(Line::new().dim(all));
    written(plan, heading, lines, after, CHANGES).out_of(whole)
}

fn steps(plan: &Plan) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for stage in &plan.stages {
        let together = stage.lanes.len() > 1;
        for step in stage.lanes.iter().flatten() {
            let deletes = step.risk() == Risk::Destructive;
            let danger = if deletes {
                say!("  deletes for good")
            } else {
                Clean::default()
            };
            let aside = match (step.is_conditional(), together) {
                (true, _) => say!("  if its condition holds"),
                (false, true) => say!("  {} at the same time", stage.at_once),
                (false, false) => Clean::default(),
            };
            let line = Line::new()
                .plain(say!("{}  {}", steps.len() + 1, step.says))
                .styled(Style::Bad, danger)
                .dim(aside);
            let says = step.says.clone();
            steps.push(Step {
                line,
                says,
                deletes,
            });
        }
    }
    steps
}

/// In their order, with a line for those that are left out.
fn shortened(steps: &[Step]) -> Vec<Line> {
    if steps.len() <= FEW {
        return steps.iter().map(|step| step.line.clone()).collect();
    }
    let mut deleting = 0;
    let mut is_shown = |(index, step): (usize, &Step)| {
        let at_an_end = index < FIRST || index + LAST >= steps.len();
        deleting += usize::from(step.deletes && !at_an_end);
        at_an_end || (step.deletes && deleting <= DELETING)
    };
    let shown: Vec<bool> = steps.iter().enumerate().map(&mut is_shown).collect();
    let mut lines = Vec::new();
    let marked: Vec<(&Step, bool)> = steps.iter().zip(shown).collect();
    for run in marked.chunk_by(|(_, one), (_, next)| one == next) {
        match run {
            [(_, true), ..] => lines.extend(run.iter().map(|(step, _)| step.line.clone())),
            hidden => lines.extend(left_out(hidden)),
        }
    }
    lines
}

fn left_out(hidden: &[(&Step, bool)]) -> Vec<Line> {
    let deleting: Vec<&Clean> = hidden
        .iter()
        .filter(|(step, _)| step.deletes)
        .map(|(step, _)| &step.says)
        .collect();
    if deleting.is_empty() {
        let count = say!("…  {} steps that delete nothing", hidden.len());
        return vec![Line::new().dim(count)];
    }
    let mut room = TOGETHER;
    let named: Vec<Clean> = deleting
        .iter()
        .take_while(|says| {
            let fits = says.as_str().chars().count() + 2;
            let enough = fits <= room;
            room = room.saturating_sub(fits);
            enough
        })
        .map(|says| (*says).clone())
        .collect();
    let more = match deleting.len() - named.len() {
        0 => Clean::default(),
        more => say!(" and {} more", more),
    };
    let count = say!(
        "…  {} steps, of which {} delete for good: ",
        hidden.len(),
        deleting.len()
    );
    let names = say!("{}{}", Clean::join(&named, ", "), more);
    vec![Line::new().styled(Style::Bad, count).plain(names)]
}

fn written(
    plan: &Plan,
    heading: &Line,
    steps: Vec<Line>,
    after: &[Line],
    changes: usize,
) -> Message {
    let mut message = Message::new().heading(heading.clone());
    for warning in plan.warnings.iter().take(WARNINGS) {
        message = message.line(Line::new().styled(Style::Warn, warning.clone()));
    }
    for line in steps {
        message = message.line(line);
    }
    if !plan.changes.is_empty() {
        let mut lines: Vec<Clean> = plan.changes.iter().take(changes).cloned().collect();
        let left = plan.changes.len().saturating_sub(changes);
        if left > 0 {
            lines.push(say!("… {} more lines", left));
        }
        message = message.code(lines);
    }
    let most = if changes == usize::MAX {
        usize::MAX
    } else {
        ASIDE
    };
    for (word, steps) in [
        ("to roll back", &plan.rollback),
        ("to verify", &plan.verify),
    ] {
        if !steps.is_empty() {
            message = message.line(Line::new().dim(say!("{}: {}", word, named(steps, most))));
        }
    }
    after.iter().cloned().fold(message, Message::line)
}

fn named(steps: &[PlannedStep], most: usize) -> Clean {
    let says: Vec<Clean> = steps
        .iter()
        .take(most)
        .map(|step| step.says.clone())
        .collect();
    let names = Clean::join(&says, ", ");
    match steps.len().saturating_sub(most) {
        0 => names,
        more => say!("{} and {} more", names, more),
    }
}
