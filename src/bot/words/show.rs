//! Small things in words: states with their colour, ages, sizes, shares.

use jiff::{SignedDuration, Timestamp};

use crate::action::container::{Container, HealthStatus, Status};
use crate::say;
use crate::text::{Clean, Line, Style};

/// `running (healthy)`, `exited 137`, with how good that is.
pub(super) fn state(container: &Container) -> (Clean, Style) {
    let state = &container.state;
    let health = state.health.as_ref().map(|health| health.status);
    match (state.status, health) {
        (Status::Running, Some(HealthStatus::Unhealthy)) => (say!("unhealthy"), Style::Bad),
        (Status::Running, Some(HealthStatus::Starting)) => (say!("starting"), Style::Warn),
        (Status::Running, Some(HealthStatus::Healthy)) => (say!("healthy"), Style::Good),
        (Status::Running, None) => (say!("running"), Style::Good),
        (Status::Exited, _) => {
            let code = state.exit_code.unwrap_or_default();
            let why = if state.oom_killed {
                ", out of memory"
            } else {
                ""
            };
            let style = if code == 0 { Style::Dim } else { Style::Bad };
            (say!("exited {}{}", code, why), style)
        }
        (Status::Restarting | Status::Dead, _) => (say!("{}", state.status.word()), Style::Bad),
        (Status::Created, _) if !state.error.is_empty() => (say!("cannot start"), Style::Bad),
        (status, _) => (say!("{}", status.word()), Style::Warn),
    }
}

pub(super) fn styled((text, style): (Clean, Style)) -> Line {
    Line::new().styled(style, text)
}

/// `3 d`, `4 h`, `12 min`, `30 s`: the largest unit is enough.
pub(super) fn span(span: SignedDuration) -> Clean {
    let seconds = span.as_secs().max(0);
    let units = [(120, 1, "s"), (7_200, 60, "min"), (172_800, 3_600, "h")];
    let (size, unit) = units
        .into_iter()
        .find(|(below, _, _)| seconds < *below)
        .map_or((86_400, "d"), |(_, size, unit)| (size, unit));
    say!("{} {}", seconds / size, unit)
}

/// How long ago; `–` when never.
pub(super) fn since(now: Timestamp, then: Option<Timestamp>) -> Clean {
    then.map_or_else(|| say!("–"), |then| span(now.duration_since(then)))
}

/// Since when it is what it is now.
pub(super) fn age(container: &Container, now: Timestamp) -> Clean {
    let state = &container.state;
    let then = match state.status {
        Status::Running | Status::Paused => state.started_at,
        Status::Exited | Status::Dead | Status::Restarting => state.finished_at,
        Status::Created | Status::Removing => container.created,
    };
    since(now, then)
}

/// `03:09:41`, the way log lines and events are dated.
pub(super) fn clock(at: Timestamp) -> Clean {
    let time = at.strftime("%H:%M:%S").to_string();
    Clean::from(crate::text::Name::new(&time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_use_their_largest_unit() {
        let spans = [-5, 0, 119, 120, 7_199, 7_200, 172_799, 172_800]
            .map(|s| span(SignedDuration::from_secs(s)).to_string());
        assert_eq!(
            spans,
            [
                "0 s", "0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 d"
            ]
        );
    }
}
