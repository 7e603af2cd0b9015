//! Can one container reach another? Asked from inside, with whatever tool is there: name, port,
//! greeting. Programs are fixed; host and port are arguments of their own and never part of one.

use std::time::Duration;

use serde_json::json;

use super::act::{Tools, Yield};
use super::greeting;
use crate::action::container::ExecResult;
use crate::action::{Speaks, Subject};
use crate::say;
use crate::text::{Clean, Name};

/// How long one tool may take.
const LIMIT: Duration = Duration::from_secs(8);

/// What finds an address, the usual first.
const RESOLVERS: [&[&str]; 3] = [
    &["getent", "hosts"],
    &["nslookup"],
    &["busybox", "nslookup"],
];

/// What connects, as a greeting's script calls it and as it is tried alone: some only connect with
/// `-z`, others do not know it.
const CONNECTORS: [(&str, &[&str]); 4] = [
    ("timeout 3 nc", &["nc", "-z"]),
    ("busybox timeout 3 busybox nc", &["busybox", "nc", "-z"]),
    ("timeout 3 nc", &["timeout", "4", "nc"]),
    (
        "busybox timeout 3 busybox nc",
        &["busybox", "timeout", "4", "busybox", "nc"],
    ),
];

/// The whole test in one go where there is an interpreter: prints `dns`, `tcp` and `greeting`.
const PYTHON: &str = include_str!("probe.py");
const NODE: &str = include_str!("probe.js");

#[derive(Debug, Default)]
struct Found {
    /// The address; `None` where nothing could look.
    dns: Option<Result<String, String>>,
    tcp: Option<bool>,
    greeting: Option<String>,
    /// The tool cannot speak what was asked for.
    is_mute: bool,
    tool: &'static str,
}

pub(super) async fn probe(
    tools: &Tools<'_>,
    subject: &Subject,
    to: &str,
    (port, speaks): (u16, Speaks),
) -> Yield {
    let try_out = Try {
        tools,
        subject,
        to,
        port: port.to_string(),
        speaks,
    };
    let found = try_out.all().await;
    try_out.told(&found)
}

struct Try<'t> {
    tools: &'t Tools<'t>,
    subject: &'t Subject,
    to: &'t str,
    port: String,
    speaks: Speaks,
}

impl Try<'_> {
    async fn all(&self) -> Found {
        for (tool, code) in [("python3", PYTHON), ("node", NODE)] {
            let flag = if tool == "node" { "-e" } else { "-c" };
            let argv = [tool, flag, code, self.to, &self.port, self.speaks.word()];
            if let Some(result) = self.run(&argv).await {
                return read_script(&result, tool);
            }
        }
        let mut found = Found {
            dns: self.resolve().await,
            ..Found::default()
        };
        if let Some(Err(_)) = found.dns {
            return found;
        }
        self.connect(&mut found).await;
        found
    }

    async fn resolve(&self) -> Option<Result<String, String>> {
        if self.to.parse::<std::net::IpAddr>().is_ok() {
            return Some(Ok(self.to.to_owned()));
        }
        for resolver in RESOLVERS {
            let argv: Vec<&str> = resolver.iter().copied().chain([self.to]).collect();
            if let Some(result) = self.run(&argv).await {
                let text = result.stdout.expose();
                let address = addresses(text).last().cloned();
                return Some(match address {
                    Some(address) if result.exit_code == 0 => Ok(address),
                    _ => Err("the name is not known there".to_owned()),
                });
            }
        }
        None
    }

    async fn connect(&self, found: &mut Found) {
        for (nc, prefix) in CONNECTORS {
            let argv = [prefix, &["-w", "3", self.to, &self.port]].concat();
            if let Some(result) = self.run(&argv).await {
                found.tool = "nc";
                // ended by `timeout`: it was connected, and nobody hung up
                found.tcp = Some(matches!(result.exit_code, 0 | 124 | 143));
                if found.tcp == Some(true) {
                    found.greeting = self.greeting(nc).await;
                }
                return;
            }
        }
        self.curl(found).await;
    }

    /// Speaks HTTP only; of anything else it can tell whether it was connected.
    async fn curl(&self, found: &mut Found) {
        const TELL: &str = "%{time_connect} HTTP %{http_code}";
        let url = format!("http://{}:{}/", self.to, self.port);
        let argv = [
            "curl",
            "-sS",
            "-o",
            "/dev/null",
            "-m",
            "5",
            "-w",
            TELL,
            &url,
        ];
        if let Some(result) = self.run(&argv).await {
            let told = result.stdout.expose();
            let (connected, status) = told.split_once(' ').unwrap_or((told, ""));
            found.tool = "curl";
            // on a timeout too it says how long connecting took: nothing, where nobody answered
            found.tcp = Some(connected.parse::<f64>().is_ok_and(|seconds| seconds > 0.0));
            found.greeting = (result.exit_code == 0).then(|| status.to_owned());
            found.is_mute = self.speaks != Speaks::Http;
        }
    }

    /// What it says first, where it is asked for more than a connection.
    async fn greeting(&self, nc: &str) -> Option<String> {
        let ask = greeting::asked(self.speaks)?;
        let script = format!("{{ {ask}; sleep 1; }} | {nc} -w 3 \"$1\" \"$2\"");
        let argv = ["sh", "-c", &script, "probe", self.to, &self.port];
        let result = self.run(&argv).await?;
        let first = result.stdout.expose().lines().next()?.trim().to_owned();
        (!first.is_empty()).then_some(first)
    }

    /// `None`: the tool is not there, or does not understand us.
    async fn run(&self, argv: &[&str]) -> Option<ExecResult> {
        let argv: Vec<String> = argv.iter().map(ToString::to_string).collect();
        let result = self
            .tools
            .engine
            .exec(&self.subject.id, &argv, LIMIT)
            .await
            .ok()?;
        result.was_understood().then_some(result)
    }

    fn told(&self, found: &Found) -> Yield {
        let (to, from) = (Name::new(self.to), Name::new(&self.subject.name));
        let port = Name::new(&self.port);
        let clean = |text: &str| self.tools.redactor.clean(text);
        let heard = found.greeting.as_deref().map(clean);
        let (ok, text) = match (&found.dns, found.tcp) {
            (Some(Err(why)), _) => (
                false,
                say!("{} cannot resolve {}: {}", from, to, clean(why)),
            ),
            (_, None) => (
                false,
                say!(
                    "{} has no tool to try it with (python3, node, nc or curl)",
                    from
                ),
            ),
            (_, Some(false)) => (
                false,
                say!("{} cannot connect to {} port {}", from, to, port),
            ),
            (_, Some(true)) => {
                let (ok, what) = self.answer(found, heard.as_ref());
                let verb = if ok { "reaches" } else { "connects to" };
                (ok, say!("{} {} {} port {}{}", from, verb, to, port, what))
            }
        };
        let address = found.dns.as_ref().and_then(|dns| dns.as_ref().ok());
        Yield {
            data: json!({
                "ok": ok,
                "address": address,
                "tcp": found.tcp,
                "greeting": heard.as_ref().map(Clean::as_str),
                "tool": found.tool,
            }),
            failed: (!ok).then(|| text.clone()),
            text,
        }
    }
}

impl Try<'_> {
    /// Whether what is spoken there is what was asked for, and what to say about it.
    fn answer(&self, found: &Found, heard: Option<&Clean>) -> (bool, Clean) {
        let word = self.speaks.word();
        match heard {
            _ if found.is_mute => (
                true,
                say!(
                    "; there is no tool that speaks {}, so it was not greeted",
                    word
                ),
            ),
            Some(heard) => match greeting::meaning(self.speaks, heard) {
                Some(meaning) => (true, say!(": {}", meaning)),
                None => (
                    false,
                    say!(", and what answers speaks no {}: {}", word, heard),
                ),
            },
            None if self.speaks == Speaks::Tcp => (true, Clean::default()),
            None => (false, say!(", and hears no {} there", word)),
        }
    }
}

/// `dns 10.0.0.2`, `dns-failed …`, `tcp ok`, `tcp failed`, `greeting …`, one to a line.
fn read_script(result: &ExecResult, tool: &'static str) -> Found {
    let mut found = Found {
        tool,
        ..Found::default()
    };
    for line in result.stdout.expose().lines() {
        match line.split_once(' ') {
            Some(("dns", address)) => found.dns = Some(Ok(address.to_owned())),
            Some(("dns-failed", why)) => found.dns = Some(Err(why.to_owned())),
            Some(("tcp", how)) => found.tcp = Some(how == "ok"),
            Some(("greeting", text)) => found.greeting = Some(text.to_owned()),
            _ => {}
        }
    }
    found
}

fn addresses(text: &str) -> Vec<String> {
    text.split_whitespace()
        .filter(|word| word.parse::<std::net::IpAddr>().is_ok())
        .map(str::to_owned)
        .collect()
}
