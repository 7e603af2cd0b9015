//! What a container's log says about its trouble: of all lines that a signature knows, the one
//! that explains the end. Earlier trouble that was survived, and what a server repeats of its
//! clients' mistakes, explain nothing.

use jiff::SignedDuration;

use super::Cause;
use super::view::View;
use crate::evidence::{Evidence, Fact, Hit, Level};

/// A known line and what is read out of it.
pub type Said<'e> = (&'e Evidence, &'e Hit);

/// What was said this shortly before the end has to do with it.
const LAST_WORDS: SignedDuration = SignedDuration::from_secs(3);
/// While it runs, only this much of the end of its log tells how it is now.
pub(super) const NEWEST: usize = 12;
/// An unhealthy service's trouble is at most this old.
const FRESH: SignedDuration = SignedDuration::from_secs(60);

/// Errors of the program itself: these need no other service to happen.
const BUGS: &[&str] = &[
    "TypeError",
    "ReferenceError",
    "RangeError",
    "SyntaxError",
    "KeyError",
    "IndexError",
    "AttributeError",
    "NameError",
    "ZeroDivisionError",
    "AssertionError",
    "UnboundLocalError",
    "RecursionError",
    "ValueError",
    "NullPointerException",
    "ArrayIndexOutOfBounds",
    "ClassCastException",
    "IllegalStateException",
    "panic",
    "index out of range",
    "nil pointer",
    "NoMethodError",
    "panicked",
    "unwrap()",
];

impl<'e> View<'e> {
    /// The line that explains why it failed, if one does.
    pub fn decisive(&self) -> Option<Said<'e>> {
        if self.has_ended() && !self.loops() && self.last_exit() == Some(0) {
            return None;
        }
        if self.is_running() && !self.loops() {
            return if self.is_unhealthy() || self.accused {
                self.fresh().or_else(|| self.told_by_check())
            } else {
                self.ongoing()
            };
        }
        let all: Vec<Said<'e>> = self.known_lines();
        let end = self.judged_life().and_then(|life| life.end);
        let is_last = |said: &&Said<'e>| match (said.0.at, end) {
            (Some(at), Some(end)) => end.duration_since(at) <= LAST_WORDS,
            _ => true,
        };
        let last = strongest(all.iter().filter(is_last));
        let whole = || strongest(all.iter()).filter(|said| said.1.level > Level::Hint);
        match last {
            Some(said) if said.1.level > Level::Hint || is_bug(said) => Some(said),
            weak => whole().or(weak),
        }
    }

    /// The decisive line where it speaks of one of these causes.
    pub fn decisive_of(&self, causes: &[Cause]) -> Option<Said<'e>> {
        self.decisive()
            .filter(|said| causes.contains(&said.1.cause))
    }

    /// Its dying words say more than the signal it died of.
    pub fn explains_itself(&self) -> bool {
        const SIGNALS: &[Cause] = &[
            Cause::Segfault,
            Cause::Aborted,
            Cause::Killed,
            Cause::OomKilled,
            Cause::AppCrash,
        ];
        self.decisive()
            .is_some_and(|said| said.1.level == Level::Dying && !SIGNALS.contains(&said.1.cause))
    }

    /// Whether anything it said is about this.
    pub fn speaks_of(&self, cause: Cause) -> bool {
        self.known_lines().iter().any(|said| said.1.cause == cause)
    }

    /// Every known line of the judged life that can be its own trouble, in order.
    pub fn known_lines(&self) -> Vec<Said<'e>> {
        let lines = self.lines_of_life();
        let known = lines.into_iter().filter_map(|item| match &item.fact {
            Fact::Log(line) => Some((item, line.hit.as_ref()?)),
            _ => None,
        });
        known.filter(|said| !self.is_no_trouble(said)).collect()
    }

    pub fn lines_of_life(&self) -> Vec<&'e Evidence> {
        let span = self.judged_life().map(|life| self.lives().span(life));
        let (from, to) = span.unwrap_or_default();
        let within = |item: &&Evidence| match item.at {
            Some(at) => from.is_none_or(|from| at >= from) && to.is_none_or(|to| at <= to),
            None => true,
        };
        let lines: Vec<&Evidence> = self.logs().filter(within).collect();
        if lines.is_empty() && self.loops() {
            // its words came late, or its record is torn: every life of a loop says the same
            return self.logs().collect();
        }
        lines
    }

    /// The newest trouble of a service that is known not to work while it runs.
    fn fresh(&self) -> Option<Said<'e>> {
        let lines = self.lines_of_life();
        let newest: Vec<&Evidence> = lines.iter().rev().take(NEWEST * 2).copied().collect();
        let recent = |item: &Evidence| {
            item.at
                .is_none_or(|at| self.now.duration_since(at) <= FRESH)
                || newest.iter().any(|other| std::ptr::eq(*other, item))
        };
        let known = self.known_lines();
        strongest(
            known
                .iter()
                .filter(|said| said.1.level > Level::Hint && recent(said.0)),
        )
    }

    /// A check that does what the service does runs into the same trouble, and says so.
    fn told_by_check(&self) -> Option<Said<'e>> {
        const OWN: &[Cause] = &[
            Cause::TlsError,
            Cause::AuthFailed,
            Cause::DatabaseMissing,
            Cause::SchemaMissing,
            Cause::ConnectionsExhausted,
            Cause::LockContention,
            Cause::RateLimited,
            Cause::DiskFull,
            Cause::VolumePermission,
            Cause::ReadOnlyFilesystem,
            Cause::FdExhausted,
            Cause::PidsExhausted,
            Cause::MemoryPressure,
        ];
        let (line, health) = self.health().filter(|_| self.is_unhealthy())?;
        let hit = health.hit.as_ref()?;
        (OWN.contains(&hit.cause) && hit.level > Level::Hint).then_some((line, hit))
    }

    /// Lines that only look like its trouble.
    fn is_no_trouble(&self, (line, hit): &Said<'e>) -> bool {
        match hit.cause {
            Cause::MissingEnv => hit
                .name("variable")
                .is_some_and(|variable| self.has_variable(variable.as_str())),
            Cause::AuthFailed
            | Cause::DatabaseMissing
            | Cause::SchemaMissing
            | Cause::DependencyNotReady => is_servers_own(line) && hit.level < Level::Dying,
            Cause::ConnectionsExhausted | Cause::LockContention => {
                is_servers_own(line) && !self.accused && hit.level < Level::Dying
            }
            _ => false,
        }
    }

    fn has_variable(&self, name: &str) -> bool {
        let setup = self.setup();
        setup.is_some_and(|setup| {
            setup
                .settings
                .environment
                .get(name)
                .is_some_and(|value| !value.is_empty())
        })
    }
}

/// A server repeats in its own log what its clients do wrong. Its lines carry the mark of a log;
/// those that a client prints do not.
fn is_servers_own(line: &Evidence) -> bool {
    const MARKS: &[&str] = &[
        "] FATAL:  ",
        "] ERROR:  ",
        "] LOG:  ",
        "[Note]",
        "[Warning]",
        "[MY-",
        "\"c\":\"ACCESS\"",
    ];
    MARKS.iter().any(|mark| line.text.as_str().contains(mark))
}

/// Names an error that a program makes by itself.
pub fn is_bug((line, hit): Said<'_>) -> bool {
    hit.cause == Cause::AppCrash && BUGS.iter().any(|bug| line.text.as_str().contains(bug))
}

/// The gravest, and of equally grave ones the last; of several lines about that, the one that
/// names most.
pub(super) fn strongest<'a, 'e: 'a>(said: impl Iterator<Item = &'a Said<'e>>) -> Option<Said<'e>> {
    let all: Vec<Said<'e>> = said.copied().collect();
    let weight = |said: &&Said<'e>| {
        (
            said.1.level,
            is_bug(**said),
            said.1.name("message").is_some(),
            place(said.0),
        )
    };
    let best = all.iter().max_by_key(weight)?;
    let same = all.iter().filter(|said| {
        said.1.cause == best.1.cause
            && said.1.level == best.1.level
            && is_bug(**said) == is_bug(*best)
    });
    same.max_by_key(|said| (said.1.names_something(), place(said.0)))
        .copied()
}

fn place(item: &Evidence) -> u64 {
    match &item.fact {
        Fact::Log(line) => line.place,
        _ => 0,
    }
}
