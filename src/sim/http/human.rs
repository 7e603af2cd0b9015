//! The engine's words for how long something has been as it is.

use jiff::Timestamp;

use crate::sim::moment::between;
use crate::sim::world::Container;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The `STATUS` column: `Up 4 seconds (unhealthy)`.
pub(super) fn status_line(container: &Container, now: Timestamp) -> String {
    if let Some(life) = &container.life {
        let mut line = format!("Up {}", span(between(life.started, now).as_secs()));
        if container.paused {
            line.push_str(" (Paused)");
        } else if let Some(health) = &container.health {
            line.push_str(match health.verdict.word() {
                "starting" => " (health: starting)",
                "healthy" => " (healthy)",
                _ => " (unhealthy)",
            });
        }
        return line;
    }
    let Some(exit) = container.exit else {
        return "Created".to_owned();
    };
    let verb = if container.is_restarting() {
        "Restarting"
    } else {
        "Exited"
    };
    let ago = span(between(exit.at, now).as_secs());
    format!("{verb} ({}) {ago} ago", exit.code)
}

fn span(seconds: u64) -> String {
    match seconds {
        0 => "Less than a second".to_owned(),
        1 => "1 second".to_owned(),
        2..60 => format!("{seconds} seconds"),
        60..120 => "About a minute".to_owned(),
        120..2760 => format!("{} minutes", seconds / MINUTE),
        2760..5400 => "About an hour".to_owned(),
        5400..172_800 => format!("{} hours", (seconds + HOUR / 2) / HOUR),
        172_800..1_209_600 => format!("{} days", seconds / DAY),
        1_209_600..5_184_000 => format!("{} weeks", seconds / DAY / 7),
        5_184_000..63_072_000 => format!("{} months", seconds / DAY / 30),
        _ => format!("{} years", seconds / DAY / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_like_the_engine_writes_them() {
        let spans: Vec<String> = [0, 1, 59, 60, 180, 3000, 7200, 3 * DAY, 20 * DAY, 90 * DAY]
            .into_iter()
            .map(span)
            .collect();
        insta::assert_snapshot!(spans.join(", "), @"Less than a second, 1 second, 59 seconds, About a minute, 3 minutes, About an hour, 2 hours, 3 days, 2 weeks, 3 months");
    }
}
