//! Steps that look or try something: programs, logs, connections; and scaling, whose plan follows
//! from what there is.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::single::Doings;
use super::steps::{Doing, time};
use super::{BindError, Binder, Bound, Values};
use crate::action::container::{Container, Status};
use crate::action::logs::LogQuery;
use crate::action::{Action, EnvValue, Risk, Speaks};
use crate::runbook::steps::{ExecArgs, LogsArgs, ProbeArgs, ScaleArgs};
use crate::runbook::template::{OneOrMany, Text};
use crate::say;
use crate::text::Name;

const TAIL: usize = 100;

impl Binder<'_> {
    pub(super) fn exec(&mut self, args: &ExecArgs, limit: Duration, scope: &Values) -> Doings {
        let container = self.one_container(&args.service, scope, Risk::Change)?;
        let argv: Vec<String> = args
            .argv
            .iter()
            .map(|text| text.fill(&scope.texts))
            .collect();
        let env = args.env.iter().map(|(name, text)| {
            let value = text.fill(&scope.texts);
            let secret = text
                .sole_name()
                .is_some_and(|name| scope.secrets.contains(name));
            let value = if secret {
                EnvValue::Secret(value)
            } else {
                EnvValue::Plain(value)
            };
            (name.clone(), value)
        });
        let env: BTreeMap<String, EnvValue> = env.collect();
        let shown = self.clean(&argv.join(" "));
        let says = say!("run `{}` in {}", shown, Name::new(&container.name));
        let subject = self.subject(container);
        Ok(vec![Doing {
            action: Action::Exec {
                subject,
                argv,
                env,
                limit,
            },
            says,
        }])
    }

    /// Starts what is stopped, or stops the last ones: the engine makes no new replicas.
    pub(super) fn scale(&mut self, args: &ScaleArgs, scope: &Values) -> Doings {
        let wanted = args.replicas.fill(&scope.texts);
        let wanted: usize = wanted
            .parse()
            .map_err(|_| BindError::one(format!("`{wanted}` is no number of containers")))?;
        let services = OneOrMany(vec![args.service.clone()]);
        let containers = self.containers(&services, scope, Risk::Change)?;
        if wanted > containers.len() {
            return Err(BindError::one(format!(
                "the service has {} containers; to have {wanted}, compose has to make more",
                containers.len()
            )));
        }
        let doing = |(index, container): (usize, &&Container)| {
            let subject = self.subject(container);
            let name = Name::new(&container.name);
            let runs = container.state.status == Status::Running;
            let grace = None;
            match (index < wanted, runs) {
                (true, false) => Some((Action::Start { subject }, say!("start {}", name))),
                (false, true) => Some((Action::Stop { subject, grace }, say!("stop {}", name))),
                _ => None,
            }
        };
        let doings = containers.iter().enumerate().filter_map(doing);
        Ok(doings
            .map(|(action, says)| Doing { action, says })
            .collect())
    }

    pub(super) fn logs(&mut self, args: &LogsArgs, scope: &Values) -> Doings {
        let number = args.tail.as_ref().map(|text| text.fill(&scope.texts));
        let tail = number
            .and_then(|number| number.parse().ok())
            .unwrap_or(TAIL);
        let since = match &args.since {
            Some(text) => {
                let back = time(&text.fill(&scope.texts))?;
                self.world.at.checked_sub(back).ok()
            }
            None => None,
        };
        let query = LogQuery {
            since,
            tail: Some(tail),
            ..LogQuery::default()
        };
        self.each(&args.services, scope, Risk::Read, |subject, name| {
            let query = query.clone();
            (
                Action::Logs { subject, query },
                say!("read the log of {}", name),
            )
        })
    }

    pub(super) fn probe(&mut self, args: &ProbeArgs, scope: &Values) -> Doings {
        let container = self.one_container(&args.from, scope, Risk::Read)?;
        let port = port(&args.port, scope)?;
        let to = args.to.fill(&scope.texts);
        let to = to.rsplit('/').next().unwrap_or_default().to_owned();
        let odd = |c: char| !(c.is_ascii_alphanumeric() || "._:-".contains(c));
        if to.is_empty() || to.starts_with('-') || to.contains(odd) {
            return Err(BindError::one(format!(
                "`{to}` is no service, host name or address"
            )));
        }
        let spoken = args.speaks.as_ref().map(|text| text.fill(&scope.texts));
        let speaks = speaks(spoken.as_deref().unwrap_or("auto"), port)?;
        let says = say!(
            "from {}, reach {} port {} ({})",
            Name::new(&container.name),
            Name::new(&to),
            port,
            speaks.word()
        );
        let subject = self.subject(container);
        Ok(vec![Doing {
            action: Action::Probe {
                subject,
                to,
                port,
                speaks,
            },
            says,
        }])
    }
}

pub(super) fn port(text: &Text, scope: &Values) -> Bound<u16> {
    let typed = text.fill(&scope.texts);
    match typed.parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(BindError::one(format!(
            "`{typed}` is no port; expected 1 to 65535"
        ))),
    }
}

pub(super) fn address(text: Option<&Text>, scope: &Values) -> Bound<Option<IpAddr>> {
    let typed = text.map(|text| text.fill(&scope.texts)).unwrap_or_default();
    if typed.is_empty() {
        return Ok(None);
    }
    let why = |_| {
        BindError::one(format!(
            "`{typed}` is no address; write one like `127.0.0.1`"
        ))
    };
    typed.parse().map(Some).map_err(why)
}

fn speaks(word: &str, port: u16) -> Bound<Speaks> {
    Ok(match (word, port) {
        ("http", _) | ("auto", 80 | 3000 | 5000 | 8000 | 8080 | 8081 | 9090) => Speaks::Http,
        ("postgres", _) | ("auto", 5432) => Speaks::Postgres,
        ("redis", _) | ("auto", 6379) => Speaks::Redis,
        ("tcp" | "auto", _) => Speaks::Tcp,
        _ => {
            let known = "`auto`, `tcp`, `http`, `postgres` or `redis`";
            return Err(BindError::one(format!(
                "`{word}` is not spoken; expected {known}"
            )));
        }
    })
}
