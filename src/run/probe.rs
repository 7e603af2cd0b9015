//! Can one container reach another? Asked from inside, with whatever tool is there: name, port,
//! greeting. Programs are fixed; host and port are arguments of their own and never part of one.

use std::time::Duration;

use serde_json::json;

use super::act::{Tools, Yield};
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
        let url = format!("http://{}:{}/", self.to, self.port);
        let argv = [
            "curl",
            "-sS",
            "-o",
            "/dev/null",
            "-m",
            "5",
            "-w",
            "HTTP %{http_code}",
            &url,
        ];
        if let Some(result) = self.run(&argv).await {
            // 6: no such name; 7: refused; 28: timed out; others heard something
            found.tool = "curl";
            found.tcp = Some(!matches!(result.exit_code, 6 | 7 | 28));
            found.greeting = (result.exit_code == 0).then(|| result.stdout.expose().to_owned());
        }
    }

    /// What it says first, where it is asked for more than a connection.
    async fn greeting(&self, nc: &str) -> Option<String> {
        let ask = match self.speaks {
            Speaks::Tcp => return None,
            Speaks::Http => "printf 'GET / HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n' \"$1\"",
            Speaks::Redis => "printf 'PING\\r\\n'",
            // the eight bytes that ask whether TLS is spoken: `S` or `N` is the answer
            Speaks::Postgres => "printf '\\000\\000\\000\\010\\004\\322\\026\\057'",
        };
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
        let complaint = result.stderr.expose().to_lowercase();
        let misunderstood = [
            "usage:",
            "invalid option",
            "unrecognized option",
            "applet not found",
        ];
        let misunderstood = misunderstood.iter().any(|words| complaint.contains(words));
        (!matches!(result.exit_code, 126 | 127) && !misunderstood).then_some(result)
    }

    fn told(&self, found: &Found) -> Yield {
        let (to, from) = (Name::new(self.to), Name::new(&self.subject.name));
        let port = Name::new(&self.port);
        let clean = |text: &str| self.tools.redactor.clean(text);
        let speaks = self.speaks != Speaks::Tcp;
        let (ok, text) = match (&found.dns, found.tcp, &found.greeting) {
            (Some(Err(why)), ..) => (
                false,
                say!("{} cannot resolve {}: {}", from, to, clean(why)),
            ),
            (_, None, _) => (
                false,
                say!(
                    "{} has no tool to try it with (python3, node, nc or curl)",
                    from
                ),
            ),
            (_, Some(false), _) => (
                false,
                say!("{} cannot connect to {} port {}", from, to, port),
            ),
            (_, Some(true), None) if speaks => (
                false,
                say!(
                    "{} connects to {} port {}, and hears no {} there",
                    from,
                    to,
                    port,
                    self.speaks.word()
                ),
            ),
            (_, Some(true), Some(greeting)) => (
                true,
                say!("{} reaches {} port {}: {}", from, to, port, clean(greeting)),
            ),
            (_, Some(true), None) => (true, say!("{} reaches {} port {}", from, to, port)),
        };
        let address = found.dns.as_ref().and_then(|dns| dns.as_ref().ok());
        let greeting = found.greeting.as_deref().map(clean);
        Yield {
            data: json!({
                "ok": ok,
                "address": address,
                "tcp": found.tcp,
                "greeting": greeting.as_ref().map(Clean::as_str),
                "tool": found.tool,
            }),
            failed: (!ok).then(|| text.clone()),
            text,
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
