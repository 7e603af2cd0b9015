//! How a run looks while it goes on and when it has ended: a header with its state, a bar, the
//! steps, who. Written as a message without markup.

use jiff::Timestamp;

use super::scene::{Kind, Said, Work};
use crate::access::Caller;
use crate::bot::Outcome;
use crate::run::{Headway, Mark};
use crate::say;
use crate::text::{Action, Ask, Block, Clean, Line, Message, Style};

const BAR: usize = 10;
/// Steps that are listed around the present one.
const LISTED: usize = 12;
/// Lines of what programs wrote that stay when a run has ended.
const HEAD: usize = 4;
const TAIL: usize = 12;

/// A run that goes on.
pub fn going(work: &Work, by: &Caller, now: Timestamp) -> Message {
    let position = say!(
        "{} {} · {} · {}",
        bar(&work.headway),
        place(&work.headway),
        work.doing,
        elapsed(work, now)
    );
    let head = Message::new()
        .heading(say!("🔵 {}", work.run.title))
        .line(position);
    let message = steps(work)
        .into_iter()
        .fold(head, Message::line)
        .line(who(work, by))
        .about(work.run.run.clone());
    let message = ways_on(work).into_iter().fold(message, Message::action);
    if work.run.logs.is_empty() {
        return message;
    }
    message.action(Action::new("Logs", work.run.logs.clone()))
}

/// At a gate somebody says whether it goes on; anywhere it can be stopped.
fn ways_on(work: &Work) -> Vec<Action> {
    let run = &work.run.run;
    let cancel = Action::new("Cancel", say!("cancel {}", run)).style(Style::Bad);
    if !work.run.gates.contains(&work.doing) {
        return vec![cancel];
    }
    let stop = Action::new("Stop", say!("deny {}", run)).style(Style::Bad);
    vec![
        Action::new("Continue", say!("approve {}", run)).style(Style::Good),
        stop.ask(Ask::Reason),
    ]
}

/// A run that has ended, with what was said of it: the answer first, then what its programs wrote.
pub fn ended(work: &Work, by: &Caller, now: Timestamp, outcome: Outcome, said: &[Said]) -> Message {
    let sign = if outcome == Outcome::Done {
        "🟢"
    } else {
        "🔴"
    };
    let heading = say!(
        "{} {}: {} after {}",
        sign,
        work.run.title,
        became(&work.headway, outcome),
        elapsed(work, now)
    );
    let mut message = Message::new().heading(heading);
    for said in said.iter().filter(|said| said.kind != Kind::Stream) {
        let blocks = said.message.blocks.iter().cloned().map(lowered);
        message.blocks.extend(blocks);
        message.actions.extend(said.message.actions.iter().cloned());
    }
    // where the answer quotes the log already, it need not be there twice
    let quotes = |block: &Block| matches!(block, Block::Code(_));
    if !message.blocks.iter().any(quotes) {
        message = excerpt(said).into_iter().fold(message, Message::code);
    }
    message.line(who(work, by))
}

/// What became of it, in a few words.
fn became(headway: &Headway, outcome: Outcome) -> Clean {
    let (done, of) = (headway.done(), headway.of());
    if headway.marks.contains(&Mark::Failed) {
        return say!("failed at step {} of {}", headway.position(), of);
    }
    match outcome {
        Outcome::Done => say!("done"),
        _ if done < of => say!("stopped with {} of {} steps done,", done, of),
        _ => say!("done, but not well,"),
    }
}

/// The first and the last lines of what was streamed.
fn excerpt(said: &[Said]) -> Option<Vec<Clean>> {
    let streamed = said.iter().filter(|said| said.kind == Kind::Stream);
    let blocks = streamed.flat_map(|said| &said.message.blocks);
    let lines: Vec<Clean> = blocks
        .flat_map(|block| match block {
            Block::Code(lines) => lines.clone(),
            _ => Vec::new(),
        })
        .collect();
    let left = lines.len().saturating_sub(HEAD + TAIL);
    if left == 0 {
        return (!lines.is_empty()).then_some(lines);
    }
    let head = lines.iter().take(HEAD).cloned();
    let gap = say!("… {} lines are left out here", left);
    let tail = lines.iter().skip(HEAD + left).cloned();
    Some(head.chain([gap]).chain(tail).collect())
}

/// The state is the only heading.
pub(super) fn lowered(block: Block) -> Block {
    match block {
        Block::Heading(mut line) => {
            for span in &mut line.0 {
                if span.style == Style::Plain {
                    span.style = Style::Strong;
                }
            }
            Block::Line(line)
        }
        block => block,
    }
}

/// Steps that ended since the last look, for the thread.
pub fn transitions(work: &Work, told: &[Mark]) -> Option<Message> {
    let was_over = |index: usize| told.get(index).is_some_and(|mark| mark.is_over());
    let marked = work.run.steps.iter().zip(&work.headway.marks).enumerate();
    let ended: Vec<Line> = marked
        .filter(|(index, (_, mark))| mark.is_over() && !was_over(*index))
        .map(|(_, (step, mark))| marked_step(*mark, step))
        .collect();
    (!ended.is_empty()).then(|| ended.into_iter().fold(Message::new(), Message::line))
}

fn bar(headway: &Headway) -> Clean {
    let full = (headway.done() * BAR)
        .checked_div(headway.of())
        .unwrap_or(0);
    let cells: Vec<Clean> = (0..BAR)
        .map(|cell| say!("{}", if cell < full { '▓' } else { '░' }))
        .collect();
    Clean::join(&cells, "")
}

/// Where it is; where it failed, that before all.
fn place(headway: &Headway) -> Clean {
    let has_failed = headway.marks.contains(&Mark::Failed);
    let at = say!(
        "{} {} of {}",
        if has_failed { "failed at step" } else { "step" },
        headway.position(),
        headway.of()
    );
    match headway.stage() {
        Some(stage) if has_failed => say!("{} · {}", at, stage),
        Some(stage) => say!("{} of {} done · {}", headway.done(), headway.of(), stage),
        None => at,
    }
}

fn elapsed(work: &Work, now: Timestamp) -> Clean {
    let seconds = now.duration_since(work.since).as_secs().max(0);
    match seconds {
        0..=119 => say!("{} s", seconds),
        _ => say!("{} min", seconds / 60),
    }
}

fn steps(work: &Work) -> Vec<Line> {
    let marks = &work.headway.marks;
    let all = work.run.steps.len();
    let present = work.headway.position().saturating_sub(1);
    let first = present
        .saturating_sub(LISTED / 2)
        .min(all.saturating_sub(LISTED));
    let mut lines: Vec<Line> = Vec::new();
    if first > 0 {
        let are_well = marks.iter().take(first).all(|mark| mark.is_done());
        let sign = if are_well { "✓" } else { "…" };
        lines.push(Line::new().dim(say!("{} {} before", sign, first)));
    }
    let marked = work.run.steps.iter().zip(marks);
    let listed = marked.skip(first).take(LISTED);
    lines.extend(listed.map(|(step, mark)| marked_step(*mark, step)));
    let after = all.saturating_sub(first + LISTED);
    if after > 0 {
        lines.push(Line::new().dim(say!("· {} more", after)));
    }
    lines
}

fn marked_step(mark: Mark, step: &Clean) -> Line {
    let (line, step) = (Line::new(), step.clone());
    match mark {
        Mark::Done => line.plain("✓ ").plain(step),
        Mark::Now => line.plain("▸ ").strong(step),
        Mark::Ahead => line.plain("· ").dim(step),
        Mark::Failed => line.plain("✗ ").styled(Style::Bad, step),
        Mark::NotNeeded => line.plain("– ").dim(step).dim(" (not needed)"),
        Mark::NotReached => line.plain("– ").dim(step).dim(" (not reached)"),
    }
}

fn who(work: &Work, by: &Caller) -> Line {
    let by = say!("{}", by);
    let asked = Line::new()
        .dim("asked by ")
        .styled(Style::Person, work.run.asked_by.clone());
    if by == work.run.asked_by {
        return asked;
    }
    asked.dim(", let go by ").styled(Style::Person, by)
}
