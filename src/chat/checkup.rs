//! What a chat's part of `doctor` is made of: checks, each with what to do, and the words they are
//! shown in. What is looked at belongs to each chat.

use std::fmt;

use crate::say;
use crate::text::{Clean, Line, Message, Redactor, Style};

/// One check, as it came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Check {
    what: &'static str,
    pub(super) well: bool,
    says: Clean,
}

pub(super) fn check(what: &'static str, well: bool, says: Clean) -> Check {
    Check { what, well, says }
}

/// An error's words come from outside.
pub(super) fn told(error: &impl fmt::Display) -> Clean {
    Redactor::shapes_only().clean(&error.to_string())
}

/// Whether all is well, and what to say.
pub(super) fn outcome(chat: &'static str, checks: &[Check]) -> (bool, Message) {
    let bad = checks.iter().filter(|check| !check.well).count();
    let heading = match bad {
        0 => Line::new().styled(Style::Good, say!("{}: all is well", chat)),
        bad => Line::new().styled(
            Style::Bad,
            say!("{}: {} of {} checks fail", chat, bad, checks.len()),
        ),
    };
    let fields = checks.iter().map(|check| {
        let mark = if check.well {
            Line::new().styled(Style::Good, "✓ ")
        } else {
            Line::new().styled(Style::Bad, "✗ ")
        };
        (Clean::from(check.what), mark.plain(check.says.clone()))
    });
    let message = Message::new().heading(heading).fields(fields.collect());
    (bad == 0, message)
}
