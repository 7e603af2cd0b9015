//! Looking from inside a container, with whatever tool is in there. Programs get their arguments as
//! they are; no shell reads them. What a configured command does is up to who configured it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use super::kinds::Page;
use super::roster::Found;
use super::{Trouble, Verdict};
use crate::action::container::ExecResult;
use crate::engine::EngineError;
use crate::evidence::sockets::SocketFact;
use crate::host::machine;
use crate::say;
use crate::setting::{PageUrl, Pattern};
use crate::text::{Clean, Name, Raw};
use crate::watch::events::shortened;

/// Lines of a log that go with an alert.
const TAIL: &str = "20";
const TAIL_LIMIT: Duration = Duration::from_secs(5);

/// What engines and shells answer where there is no such program.
const NOT_FOUND: [i64; 2] = [126, 127];
/// Ended by a signal: a tool that crashes in there says nothing about what it was to look at.
const CRASHED: std::ops::RangeInclusive<i64> = 132..=139;

/// Asks for the page's status with the first tool that is there.
pub(super) async fn page(found: &Found, page: &Page, limit: Duration) -> Verdict {
    let (url, seconds) = (page.url.to_string(), limit.as_secs().max(1).to_string());
    let python = "import sys,urllib.request,urllib.error\n\
                  try: print(urllib.request.urlopen(sys.argv[1],timeout=float(sys.argv[2])).status)\n\
                  except urllib.error.HTTPError as e: print(e.code)";
    let curl = [
        "curl",
        "-sS",
        "-o",
        "/dev/null",
        "-m",
        &seconds,
        "-w",
        "%{http_code}",
        &url,
    ];
    let wget = ["wget", "-S", "-T", &seconds, "-O", "/dev/null", &url];
    let busybox = [&["busybox"], &wget[..]].concat();
    let tries: [&[&str]; 4] = [
        &curl,
        &wget,
        &busybox,
        &["python3", "-c", python, &url, &seconds],
    ];
    for argv in tries {
        let Some(ran) = run(found, argv, limit).await? else {
            continue;
        };
        if CRASHED.contains(&ran.exit_code) {
            continue;
        }
        return match read_status(&ran) {
            Some(status) => super::http::status(&page.status, status),
            None => {
                let why = say!("`{}` got no answer", Name::new(argv.first().unwrap_or(&"")));
                Err(found.explained(why, &last_line(&ran), &[]))
            }
        };
    }
    by_address(found, &page.url)
        .await
        .unwrap_or_else(|| Err(no_tool("curl, wget or python3")))
}

/// The status is printed alone, or stands in the headers that wget tells.
fn read_status(ran: &ExecResult) -> Option<u16> {
    let alone = ran.stdout.expose().trim().parse().ok();
    let told = || {
        let (_, after) = ran.stderr.expose().rsplit_once("HTTP/")?;
        after.split_whitespace().nth(1)?.parse().ok()
    };
    alone.or_else(told).filter(|status| *status > 0)
}

/// Without any tool it can still be seen whether somebody listens there.
async fn by_address(found: &Found, url: &PageUrl) -> Option<Verdict> {
    let listening = listening(found).await.filter(|_| is_own(url.host()))?;
    let why = say!("nobody listens on port {} in there", url.port());
    (!listening.contains(&url.port())).then(|| Err(why.into()))
}

/// Its own port is looked up in the kernel's table, which needs no tool; another's is connected to.
pub(super) async fn port(found: &Found, (host, port): (&str, u16), limit: Duration) -> Verdict {
    if is_own(host)
        && let Some(listening) = listening(found).await
    {
        let why = || say!("nobody listens on port {} in there", port).into();
        return listening.contains(&port).then_some(()).ok_or_else(why);
    }
    let (port, seconds) = (port.to_string(), limit.as_secs().max(1).to_string());
    let python = "import socket,sys\n\
                  socket.create_connection((sys.argv[1],int(sys.argv[2])),float(sys.argv[3]))";
    let tries: [&[&str]; 3] = [
        &["nc", "-z", "-w", &seconds, host, &port],
        &["busybox", "nc", "-z", "-w", &seconds, host, &port],
        &["python3", "-c", python, host, &port, &seconds],
    ];
    for argv in tries {
        if let Some(ran) = run(found, argv, limit).await? {
            let why = || {
                say!(
                    "cannot connect to port {} of `{}`",
                    Name::new(&port),
                    Name::new(host)
                )
            };
            return if ran.exit_code == 0 {
                Ok(())
            } else {
                Err(found.explained(why(), &last_line(&ran), &[]))
            };
        }
    }
    Err(no_tool("nc or python3"))
}

fn is_own(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}

async fn listening(found: &Found) -> Option<BTreeSet<u16>> {
    let container = &found.container;
    let mut tables = None;
    if let Some(pid) = container.state.pid {
        tables = machine::tcp_tables(pid, &container.id).await;
    }
    if tables.is_none() {
        let argv = ["cat", "/proc/net/tcp", "/proc/net/tcp6"];
        let ran = run(found, &argv, TAIL_LIMIT).await.ok().flatten()?;
        tables = (!ran.stdout.is_empty()).then(|| ran.stdout.expose().to_owned());
    }
    Some(SocketFact::parse(&tables?).ports())
}

/// By the engine's own list of processes, which needs no tool inside.
pub(super) async fn process(found: &Found, name: &str) -> Verdict {
    let top = found.engine.top(&found.container.id).await;
    let top = top.map_err(|error| error.say())?;
    let column = top
        .titles
        .iter()
        .position(|title| matches!(title.as_str(), "CMD" | "COMMAND" | "ARGS"))
        .unwrap_or_else(|| top.titles.len().saturating_sub(1));
    let runs = |row: &Vec<Raw>| {
        row.get(column)
            .is_some_and(|line| is_program(line.expose(), name))
    };
    if top.rows.iter().any(runs) {
        return Ok(());
    }
    Err(say!("no process `{}` runs in there", Name::new(name)).into())
}

/// Whether a command line is that program: its file name, or the script that an interpreter runs.
/// Words further behind are arguments: `tail -f worker.log` is no worker.
fn is_program(line: &str, name: &str) -> bool {
    let file = |word: &str| word.rsplit('/').next().unwrap_or_default().to_owned();
    let mut words = line.split_whitespace();
    let Some(program) = words.next().map(file) else {
        return false;
    };
    // programs that rename themselves write `nginx: master process`
    if program.trim_end_matches(':') == name {
        return true;
    }
    is_interpreter(&program)
        && words
            .find(|word| !word.starts_with('-'))
            .is_some_and(|script| file(script) == name)
}

fn is_interpreter(program: &str) -> bool {
    let plain = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    matches!(
        plain,
        "sh" | "bash"
            | "dash"
            | "ash"
            | "busybox"
            | "python"
            | "node"
            | "ruby"
            | "perl"
            | "php"
            | "java"
            | "tini"
            | "dumb-init"
            | "env"
    )
}

/// The error comes with what was printed.
pub(super) async fn command(
    found: &Found,
    argv: &[String],
    output: Option<&Pattern>,
    limit: Duration,
) -> Result<(), (Clean, Raw)> {
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    let program = Name::new(words.first().unwrap_or(&""));
    let ran = match run(found, &words, limit).await {
        Ok(Some(ran)) => ran,
        Ok(None) => return Err((say!("there is no `{}` in there", program), Raw::default())),
        Err(trouble) => return Err((trouble.why, Raw::default())),
    };
    let printed = Raw::new([ran.stdout.expose(), ran.stderr.expose()].concat());
    if ran.exit_code != 0 {
        return Err((say!("`{}` ended with {}", program, ran.exit_code), printed));
    }
    match output {
        Some(pattern) if !pattern.is_in(ran.stdout.expose()) => {
            Err((say!("`{}` did not print what it should", program), printed))
        }
        _ => Ok(()),
    }
}

/// The end of a file in there; nothing where it cannot be read.
pub(super) async fn tail(found: &Found, file: &str, secrets: &[String]) -> Option<Clean> {
    if !file.starts_with('/') {
        return None;
    }
    let ran = run(found, &["tail", "-n", TAIL, file], TAIL_LIMIT).await;
    let ran = ran.ok().flatten().filter(|ran| ran.exit_code == 0)?;
    let tail = shortened(&found.redactor(secrets).raw(&ran.stdout));
    (!tail.as_str().trim().is_empty()).then_some(tail)
}

/// `None` where the program is not in there.
async fn run(found: &Found, argv: &[&str], limit: Duration) -> Result<Option<ExecResult>, Trouble> {
    let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
    match found.engine.exec(&found.container.id, &argv, limit).await {
        Ok(ran) if NOT_FOUND.contains(&ran.exit_code) => Ok(None),
        Ok(ran) => Ok(Some(ran)),
        Err(EngineError::Refused { message, .. }) if names_no_program(&message) => Ok(None),
        Err(error) => Err(error.say().into()),
    }
}

fn names_no_program(message: &Clean) -> bool {
    let message = message.as_str();
    message.contains("executable file not found") || message.contains("no such file")
}

fn last_line(ran: &ExecResult) -> Raw {
    let line = |raw: &Raw| {
        let mut lines = raw.expose().lines().map(str::trim);
        lines.rfind(|line| !line.is_empty()).map(Raw::new)
    };
    line(&ran.stderr)
        .or_else(|| line(&ran.stdout))
        .unwrap_or_default()
}

fn no_tool(wanted: &'static str) -> Trouble {
    say!("it cannot be looked at: there is no {} in there", wanted).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_file_or_its_script() {
        for line in [
            "/usr/local/bin/worker-daemon --queue a",
            "worker-daemon: main process",
            "/bin/sh /opt/worker-daemon",
            "python3.11 -u /app/worker-daemon",
            "node worker-daemon",
        ] {
            assert!(is_program(line, "worker-daemon"), "{line}");
        }
        for line in [
            "tail -f /var/log/worker-daemon",
            "grep worker-daemon",
            "sh -c sleep worker-daemon",
            "worker-daemon-old",
            "[worker-daemon] <defunct>",
            "",
        ] {
            assert!(!is_program(line, "worker-daemon"), "{line}");
        }
    }

    #[test]
    fn a_status_is_read_from_each_tool() {
        let ran = |stdout: &str, stderr: &str| ExecResult {
            stdout: Raw::new(stdout),
            stderr: Raw::new(stderr),
            ..ExecResult::default()
        };
        assert_eq!(read_status(&ran("503", "")), Some(503));
        assert_eq!(read_status(&ran("000", "curl: (7) refused")), None);
        let wget = "  HTTP/1.1 301 Moved\n  HTTP/1.1 404 Not Found\nwget: server returned error: HTTP/1.1 404 Not Found";
        assert_eq!(read_status(&ran("", wget)), Some(404));
        assert_eq!(read_status(&ran("", "wget: can't connect")), None);
    }
}
