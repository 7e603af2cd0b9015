//! Runs a program on a host, this one or one over SSH: an argument vector, a directory, a few
//! variables, a time limit. No shell reads anything of it. What it writes is bounded, and can be
//! followed line by line.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use super::ssh::Login;
use crate::text::Raw;

/// How much of each stream is kept: the head and, of what is longer, the newest lines.
const HEAD: usize = 64 * 1024;
const TAIL: usize = 192 * 1024;

/// Longer lines are cut.
const LONGEST_LINE: usize = 16 * 1024;

/// Starts its arguments in a directory, and ends them when its own input ends: a program on
/// another host must not outlive whoever asked for it, nor may what it started: with a session of
/// their own they all end together. The values are arguments, never text of it.
const GUARD: &str = r#"exec 3<&0
cd -- "$1" || exit 125
shift
if command -v setsid >/dev/null 2>&1; then set -- setsid "$@"; fi
"$@" </dev/null &
child=$!
{ cat <&3; kill -TERM "-$child" || kill -TERM "$child"; } >/dev/null 2>&1 &
wait "$child""#;

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    pub argv: Vec<String>,
    pub directory: PathBuf,
    pub variables: Vec<(String, String)>,
    pub limit: Duration,
}

/// What it left behind.
#[derive(Debug, Clone, Default)]
pub struct Ran {
    /// `None`: ended by a signal.
    pub code: Option<i32>,
    pub stdout: Raw,
    pub stderr: Raw,
    /// Both, line by line in the order in which they came.
    pub both: Raw,
    /// More was written than is kept.
    pub cut: bool,
}

impl Ran {
    pub fn succeeded(&self) -> bool {
        self.code == Some(0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProgramError {
    #[error("`{0}` is not there")]
    NotFound(String),
    #[error("the directory `{0}` is not there")]
    NoDirectory(PathBuf),
    #[error("`{program}` could not be started: {why}")]
    NotStarted { program: String, why: String },
    #[error("`{program}` took longer than {limit_s} s and was ended")]
    TimedOut { program: String, limit_s: u64 },
    #[error("the connection broke while `{0}` ran; whether it ended is not known")]
    Broken(String),
}

/// Where a program runs.
#[derive(Debug, Clone)]
pub enum Place {
    Here,
    There(Arc<Login>),
}

/// Told each line as it is written, of either stream.
pub type OnLine<'l> = &'l (dyn Fn(&Raw) + Send + Sync);

impl Place {
    pub async fn run(&self, program: &Program, on_line: OnLine<'_>) -> Result<Ran, ProgramError> {
        let name = program.argv.first().cloned().unwrap_or_default();
        let work = async {
            match self {
                Self::Here => here(program, &name, on_line).await,
                Self::There(login) => there(&login.session, program, &name, on_line).await,
            }
        };
        // dropping the work ends the program: by signal here, by the end of its guard's input there
        let limit_s = program.limit.as_secs();
        timeout(program.limit, work)
            .await
            .unwrap_or(Err(ProgramError::TimedOut {
                program: name.clone(),
                limit_s,
            }))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "programs of this machine start in `host`"
)]
async fn here(program: &Program, name: &str, on_line: OnLine<'_>) -> Result<Ran, ProgramError> {
    if !program.directory.is_dir() {
        return Err(ProgramError::NoDirectory(program.directory.clone()));
    }
    let mut command = Command::new(name);
    command
        .args(program.argv.iter().skip(1))
        .current_dir(&program.directory);
    command.envs(program.variables.iter().map(|(key, value)| (key, value)));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => ProgramError::NotFound(name.to_owned()),
        _ => ProgramError::NotStarted {
            program: name.to_owned(),
            why: error.to_string(),
        },
    })?;
    let mut family = Family::of(&child);
    let streams = (child.stdout.take(), child.stderr.take());
    let kept = drain_both(streams, on_line).await;
    let status = child
        .wait()
        .await
        .map_err(|_| ProgramError::Broken(name.to_owned()))?;
    family.has_ended();
    Ok(ran(status.code(), kept))
}

/// A program with everything it started: a script that is ended must not leave its children.
struct Family(Option<Pid>);

impl Family {
    fn of(child: &tokio::process::Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.map(Pid::from_raw))
    }

    fn has_ended(&mut self) {
        self.0 = None;
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        if let Some(leader) = self.0
            && let Err(error) = killpg(leader, Signal::SIGTERM)
        {
            tracing::debug!(%error, "a program had ended already");
        }
    }
}

async fn there(
    session: &openssh::Session,
    program: &Program,
    name: &str,
    on_line: OnLine<'_>,
) -> Result<Ran, ProgramError> {
    let mut command = session.command("sh");
    command
        .arg("-c")
        .arg(GUARD)
        .arg("sh")
        .arg(program.directory.to_string_lossy());
    command.arg("env").args(
        program
            .variables
            .iter()
            .map(|(key, value)| format!("{key}={value}")),
    );
    command.args(&program.argv);
    command
        .stdin(openssh::Stdio::piped())
        .stdout(openssh::Stdio::piped())
        .stderr(openssh::Stdio::piped());
    let broken = |_| ProgramError::Broken(name.to_owned());
    let mut child = command.spawn().await.map_err(broken)?;
    let input = child.stdin().take();
    let streams = (child.stdout().take(), child.stderr().take());
    let kept = drain_both(streams, on_line).await;
    let status = child.wait().await;
    drop(input);
    // a program that a signal ends has a status all the same: its guard turns it into one. without
    // a status it is the connection that ended
    match status {
        Ok(status) => Ok(ran(status.code(), kept)),
        Err(openssh::Error::Remote(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(ProgramError::NotFound(name.to_owned()))
        }
        Err(error) => Err(broken(error)),
    }
}

fn ran(code: Option<i32>, [out, err, both]: [Kept; 3]) -> Ran {
    let cut = out.is_cut || err.is_cut;
    Ran {
        code,
        stdout: out.text(),
        stderr: err.text(),
        both: both.text(),
        cut,
    }
}

/// Head and newest lines of what was written.
#[derive(Default)]
struct Kept {
    head: String,
    tail: std::collections::VecDeque<String>,
    tail_size: usize,
    is_cut: bool,
}

impl Kept {
    fn push(&mut self, line: &str) {
        if self.tail.is_empty() && self.head.len() + line.len() < HEAD {
            self.head.push_str(line);
            self.head.push('\n');
            return;
        }
        self.tail_size += line.len() + 1;
        self.tail.push_back(line.to_owned());
        while self.tail_size > TAIL {
            let Some(oldest) = self.tail.pop_front() else {
                break;
            };
            self.tail_size -= oldest.len() + 1;
            self.is_cut = true;
        }
    }

    fn text(self) -> Raw {
        let mark = if self.is_cut { "…\n" } else { "" };
        let tail: String = self
            .tail
            .iter()
            .flat_map(|line| [line.as_str(), "\n"])
            .collect();
        Raw::new(format!("{}{mark}{tail}", self.head))
    }
}

/// Each stream by itself, and both as they came: apart, an error stands far from what it is about.
async fn drain_both<O, E>((out, err): (Option<O>, Option<E>), on_line: OnLine<'_>) -> [Kept; 3]
where
    O: AsyncRead + Unpin,
    E: AsyncRead + Unpin,
{
    let both = Mutex::new(Kept::default());
    let heard = |line: &Raw| {
        let mut both = both.lock().unwrap_or_else(PoisonError::into_inner);
        both.push(line.expose());
        on_line(line);
    };
    let (out, err) = tokio::join!(drain(out, &heard), drain(err, &heard));
    let both = both.into_inner().unwrap_or_else(PoisonError::into_inner);
    [out, err, both]
}

async fn drain(stream: Option<impl AsyncRead + Unpin>, on_line: OnLine<'_>) -> Kept {
    let mut kept = Kept::default();
    let Some(stream) = stream else { return kept };
    let mut reader = BufReader::new(stream);
    let mut line: Vec<u8> = Vec::new();
    while let Ok(chunk) = reader.fill_buf().await {
        if chunk.is_empty() {
            break;
        }
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
        let room = LONGEST_LINE.saturating_sub(line.len());
        kept.is_cut |= part.len() > room;
        line.extend(part.iter().take(room));
        let used = end.map_or(chunk.len(), |end| end + 1);
        reader.consume(used);
        if end.is_some() {
            finish(&mut line, &mut kept, on_line);
        }
    }
    if !line.is_empty() {
        finish(&mut line, &mut kept, on_line);
    }
    kept
}

fn finish(line: &mut Vec<u8>, kept: &mut Kept, on_line: OnLine<'_>) {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end_matches('\r');
    kept.push(text);
    on_line(&Raw::new(text));
    line.clear();
}
