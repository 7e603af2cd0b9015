//! What the program inside a simulated container does while it lives, as a small script.
//! Data only: `world` plays it.

use std::time::Duration;

/// The script of one life; the same for every life of the container.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Behaviour {
    /// Lines printed once, at their time after the start.
    pub says: Vec<Line>,
    /// Lines printed again and again while all is well.
    pub chatter: Vec<Chatter>,
    /// Ready this long after the start; `None`: never.
    pub ready_after: Option<Duration>,
    pub needs: Vec<Need>,
    pub memory: MemoryUse,
    /// Cpus' worth of time it asks for.
    pub cpus: f64,
    /// `None`: lives until somebody stops it.
    pub ends: Option<Ending>,
    pub on_term: OnTerm,
    pub answers: Vec<Answer>,
    /// Command lines in the process table; without any, the container's own command.
    pub processes: Vec<String>,
}

impl Behaviour {
    /// Ready at once, quiet, small, gone at the first SIGTERM.
    pub fn idle() -> Self {
        Self {
            ready_after: Some(Duration::ZERO),
            memory: MemoryUse {
                resting: 2 * 1024 * 1024,
                per_second: 0,
            },
            ..Self::default()
        }
    }

    /// Prints `text` to standard output this long after each start.
    pub fn says(mut self, after_ms: u64, text: &str) -> Self {
        self.says.push(Line::new(after_ms, Stream::Stdout, text));
        self
    }

    pub fn warns(mut self, after_ms: u64, text: &str) -> Self {
        self.says.push(Line::new(after_ms, Stream::Stderr, text));
        self
    }

    /// Prints one of `lines` after the other, again and again, while all is well.
    pub fn chats(mut self, every_ms: u64, stream: Stream, lines: &[&str]) -> Self {
        self.chatter.push(Chatter::new(every_ms, stream, lines));
        self
    }

    pub fn ready_after(mut self, millis: u64) -> Self {
        self.ready_after = Some(Duration::from_millis(millis));
        self
    }

    pub fn never_ready(mut self) -> Self {
        self.ready_after = None;
        self
    }

    pub fn needs(mut self, need: Need) -> Self {
        self.needs.push(need);
        self
    }

    pub fn memory(mut self, resting: u64) -> Self {
        self.memory.resting = resting;
        self
    }

    /// Becomes so many bytes more every second.
    pub fn grows(mut self, per_second: u64) -> Self {
        self.memory.per_second = per_second;
        self
    }

    pub fn cpus(mut self, cpus: f64) -> Self {
        self.cpus = cpus;
        self
    }

    /// Exits with `code` this long after every start.
    pub fn exits(mut self, after_ms: u64, code: i64) -> Self {
        self.ends = Some(Ending {
            after: Duration::from_millis(after_ms),
            code,
        });
        self
    }

    pub fn on_term(mut self, on_term: OnTerm) -> Self {
        self.on_term = on_term;
        self
    }

    pub fn answers(mut self, argv: &[&str], well: Reply, ill: Reply) -> Self {
        self.answers.push(Answer {
            argv: argv.iter().map(ToString::to_string).collect(),
            well,
            ill,
        });
        self
    }

    pub fn processes(mut self, commands: &[&str]) -> Self {
        self.processes = commands.iter().map(ToString::to_string).collect();
        self
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// Said once in each life. `{iso}`, `{pg}`, `{clf}`, `{redis}`, `{nginx}` become the time.
#[derive(Debug, Clone)]
pub struct Line {
    pub after: Duration,
    pub stream: Stream,
    pub text: String,
}

impl Line {
    pub fn new(after_ms: u64, stream: Stream, text: &str) -> Self {
        Self {
            after: Duration::from_millis(after_ms),
            stream,
            text: text.to_owned(),
        }
    }
}

/// Said again and again, one line after the other.
#[derive(Debug, Clone)]
pub struct Chatter {
    pub every: Duration,
    pub stream: Stream,
    pub lines: Vec<String>,
}

impl Chatter {
    pub fn new(every_ms: u64, stream: Stream, lines: &[&str]) -> Self {
        Self {
            every: Duration::from_millis(every_ms.max(1)),
            stream,
            lines: lines.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Another container without which this one does not work.
#[derive(Debug, Clone)]
#[must_use]
pub struct Need {
    /// One of these has to be well.
    pub any_of: Vec<String>,
    /// What it prints meanwhile.
    pub complaints: Vec<Chatter>,
    /// What its health check prints meanwhile.
    pub probe_output: String,
}

impl Need {
    pub fn of(any_of: &[&str], probe_output: &str) -> Self {
        Self {
            any_of: any_of.iter().map(ToString::to_string).collect(),
            complaints: Vec::new(),
            probe_output: probe_output.to_owned(),
        }
    }

    pub fn complains(mut self, every_ms: u64, stream: Stream, lines: &[&str]) -> Self {
        self.complaints.push(Chatter::new(every_ms, stream, lines));
        self
    }
}

/// Bytes right after the start, and how fast they become more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemoryUse {
    pub resting: u64,
    pub per_second: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    pub after: Duration,
    pub code: i64,
}

/// What SIGTERM does.
#[derive(Debug, Clone)]
pub enum OnTerm {
    /// Prints `says` and leaves.
    Exits {
        after: Duration,
        code: i64,
        says: Vec<String>,
    },
    Ignores,
}

impl OnTerm {
    pub fn exits(after_ms: u64, code: i64, says: &[&str]) -> Self {
        Self::Exits {
            after: Duration::from_millis(after_ms),
            code,
            says: says.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Default for OnTerm {
    fn default() -> Self {
        Self::exits(20, 0, &[])
    }
}

/// What a program run inside the container by `exec` answers.
#[derive(Debug, Clone)]
pub struct Answer {
    pub argv: Vec<String>,
    pub well: Reply,
    /// While it is not ready or lacks something it needs.
    pub ill: Reply,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Reply {
    pub code: i64,
    pub stdout: String,
    pub stderr: String,
    pub takes: Duration,
}

impl Reply {
    pub fn stdout(text: &str) -> Self {
        Self {
            stdout: text.to_owned(),
            ..Self::default()
        }
    }

    pub fn fails(code: i64, stderr: &str) -> Self {
        Self {
            code,
            stderr: stderr.to_owned(),
            ..Self::default()
        }
    }

    pub fn takes(mut self, millis: u64) -> Self {
        self.takes = Duration::from_millis(millis);
        self
    }
}
