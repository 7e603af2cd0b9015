//! How a run looks while it goes on and when it has ended: a header with its state, a bar, the
//! steps, who. Written as a message without markup.

use jiff::Timestamp;

use super::scene::{Said, Work};
use crate::access::Caller;
use crate::bot::Outcome;
use crate::say;
use crate::text::{Action, Ask, Block, Clean, Line, Message, Style};

const BAR: usize = 10;
/// Steps that are listed around the present one.
const LISTED: usize = 12;

/// A run that goes on.
pub fn going(work: &Work, by: &Caller, now: Timestamp) -> Message {
    let of = work.run.steps.len();
    let position = say!(
        "{} step {} of {} · {} · {}",
        bar(work.done, of),
        (work.done + 1).min(of.max(1)),
        of,
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

/// A run that has ended, with what was said of it.
pub fn ended(work: &Work, by: &Caller, now: Timestamp, outcome: Outcome, said: &[Said]) -> Message {
    let (sign, word) = match outcome {
        Outcome::Done => ("🟢", "done"),
        _ => ("🔴", "not done"),
    };
    let heading = say!(
        "{} {}: {} after {}",
        sign,
        work.run.title,
        word,
        elapsed(work, now)
    );
    let mut message = Message::new().heading(heading);
    for said in said {
        let blocks = said.message.blocks.iter().cloned().map(lowered);
        message.blocks.extend(blocks);
        message.actions.extend(said.message.actions.iter().cloned());
    }
    message.line(who(work, by))
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
pub fn transitions(work: &Work, from: usize) -> Option<Message> {
    let ended: Vec<Line> = work
        .run
        .steps
        .iter()
        .take(work.done)
        .skip(from)
        .map(|step| Line::new().plain("✓ ").plain(step.clone()))
        .collect();
    (!ended.is_empty()).then(|| ended.into_iter().fold(Message::new(), Message::line))
}

fn bar(done: usize, of: usize) -> Clean {
    let full = (done * BAR).checked_div(of).unwrap_or(0).min(BAR);
    let cells: Vec<Clean> = (0..BAR)
        .map(|cell| say!("{}", if cell < full { '▓' } else { '░' }))
        .collect();
    Clean::join(&cells, "")
}

fn elapsed(work: &Work, now: Timestamp) -> Clean {
    let seconds = now.duration_since(work.since).as_secs().max(0);
    match seconds {
        0..=119 => say!("{} s", seconds),
        _ => say!("{} min", seconds / 60),
    }
}

fn steps(work: &Work) -> Vec<Line> {
    let all = work.run.steps.len();
    let first = work
        .done
        .saturating_sub(LISTED / 2)
        .min(all.saturating_sub(LISTED));
    let mut lines: Vec<Line> = Vec::new();
    if first > 0 {
        lines.push(Line::new().dim(say!("✓ {} before", first)));
    }
    for (index, step) in work.run.steps.iter().enumerate().skip(first).take(LISTED) {
        let line = match index.cmp(&work.done) {
            std::cmp::Ordering::Less => Line::new().plain("✓ ").plain(step.clone()),
            std::cmp::Ordering::Equal => Line::new().plain("▸ ").strong(step.clone()),
            std::cmp::Ordering::Greater => Line::new().plain("· ").dim(step.clone()),
        };
        lines.push(line);
    }
    let after = all.saturating_sub(first + LISTED);
    if after > 0 {
        lines.push(Line::new().dim(say!("· {} more", after)));
    }
    lines
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
