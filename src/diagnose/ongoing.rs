//! Trouble that a running service is in at this moment though no health check says so: the end of
//! its log is full of it, and it has not come to terms with it since.

use jiff::SignedDuration;

use super::reach::{Reach, SYMPTOMS, Trouble};
use super::view::View;
use super::words::{NEWEST, Said, strongest};
use crate::action::container::HealthStatus;
use crate::evidence::{Evidence, Fact, Hit, Level};

/// Trouble must stand among so many of the last lines.
const LAST: usize = 4;
/// Programs that try again do so at least this often, or in ever longer pauses.
const PAUSE: SignedDuration = SignedDuration::from_secs(3);
/// Where the other end works by now, silence means that the next try went well.
const SHORT_PAUSE: SignedDuration = SignedDuration::from_millis(500);
/// Complaints that tell how often it tries.
const TRIES: usize = 8;

impl<'e> View<'e> {
    pub(super) fn ongoing(&self) -> Option<Said<'e>> {
        if self.check_has_decided() {
            return None;
        }
        let newest: Vec<bool> = self.newest_first().map(is_trouble).collect();
        if !newest.iter().take(LAST).any(|trouble| *trouble) {
            return None;
        }
        let known = self.known_lines();
        let grave: Vec<Said<'e>> = known
            .into_iter()
            .filter(|said| said.1.level > Level::Hint)
            .collect();
        let said = strongest(grave.iter().rev().take(NEWEST))?;
        let same: Vec<&Said<'e>> = grave
            .iter()
            .filter(|other| alike(other.1, said.1))
            .collect();
        let reach = self.reach_behind(said);
        // that the other end is down is seen, not only said
        if matches!(reach, Some(Reach::Down(_))) {
            return Some(said);
        }
        let pause = if matches!(reach, Some(Reach::TooEarly(_))) {
            SHORT_PAUSE
        } else {
            PAUSE
        };
        if !is_seen(reach.as_ref()) && (!self.goes_on(&same, pause) || self.gets_work_done()) {
            return None;
        }
        let is_listening = self
            .sockets()
            .is_some_and(|(_, sockets)| !sockets.listening.is_empty());
        let count = |of: usize| newest.iter().take(of).filter(|trouble| **trouble).count();
        let mostly = count(NEWEST) * 5 >= newest.len() * 2;
        let only_tries = !is_listening && count(LAST) > 1;
        (only_tries || (mostly && (same.len() > 2 || !is_listening))).then_some(said)
    }

    fn check_has_decided(&self) -> bool {
        self.health()
            .is_some_and(|(_, health)| health.status != HealthStatus::Starting || health.passed > 0)
    }

    fn newest_first(&self) -> impl Iterator<Item = &'e Evidence> {
        let lines = self.lines_of_life().into_iter().rev();
        lines.filter(|line| !points_at(line)).take(NEWEST)
    }

    fn reach_behind(&self, (line, hit): Said<'e>) -> Option<Reach> {
        let about_reaching = SYMPTOMS.contains(&hit.cause);
        about_reaching.then(|| Trouble::explain(self, Some(line), hit).reach)
    }

    /// Between its last complaints it tells of work that went well: it lives with them.
    fn gets_work_done(&self) -> bool {
        let lines: Vec<&Evidence> = self.newest_first().take(LAST).collect();
        lines
            .iter()
            .any(|line| !is_trouble(line) && tells_of_success(line.text.as_str()))
    }

    /// It has not been quiet for much longer than between its last complaints: who stops complaining
    /// has got what it wanted.
    fn goes_on(&self, same: &[&Said<'e>], pause: SignedDuration) -> bool {
        let times: Vec<_> = same
            .iter()
            .rev()
            .take(TRIES)
            .filter_map(|said| said.0.at)
            .collect();
        let (Some(last), true) = (times.first(), times.len() > 1) else {
            return true;
        };
        let pauses = times.windows(2).map(|pair| match pair {
            [later, earlier] => later.duration_since(*earlier),
            _ => SignedDuration::ZERO,
        });
        let longest = pauses.max().unwrap_or_default();
        self.now.duration_since(*last) <= longest.saturating_mul(3).max(pause)
    }
}

fn tells_of_success(line: &str) -> bool {
    const WORDS: &[&str] = &[
        "done",
        "ok",
        "success",
        "succeeded",
        "successfully",
        "completed",
        "finished",
        "processed",
        "imported",
        "sent",
        "delivered",
        "200",
    ];
    const NOT: &[&str] = &["not", "no", "failed", "never", "cannot", "error"];
    let line = line.to_lowercase();
    let has = |known: &[&str]| {
        line.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| known.contains(&word))
    };
    has(WORDS) && !has(NOT)
}

/// Where in a statement an error is, on two lines of their own: no word of the program's.
fn points_at(item: &Evidence) -> bool {
    let text = item.text.as_str().trim();
    text == "^" || text.starts_with("LINE 1: ")
}

fn is_trouble(item: &Evidence) -> bool {
    match &item.fact {
        Fact::Log(line) => line.hit.as_ref().is_some_and(|hit| hit.level > Level::Hint),
        _ => false,
    }
}

/// A peer that comes and goes refuses, then has no name, then times out: all one trouble.
fn alike(one: &Hit, other: &Hit) -> bool {
    let about_reaching = |hit: &Hit| SYMPTOMS.contains(&hit.cause);
    one.cause == other.cause || (about_reaching(one) && about_reaching(other))
}

/// What is wrong with the way to the other end shows in its configuration and will not mend itself.
fn is_seen(reach: Option<&Reach>) -> bool {
    matches!(
        reach,
        Some(
            Reach::WrongPort(_) | Reach::LoopbackOnly(_) | Reach::Isolated(_) | Reach::Localhost(_)
        )
    )
}
