//! Steps that start a program inside a container: an argument vector, or a look from there.

use std::collections::BTreeMap;
use std::time::Duration;

use super::single::Doings;
use super::steps::Doing;
use super::{BindError, Binder, Bound, Values, clean};
use crate::action::{Action, EnvValue, Risk, Speaks};
use crate::runbook::language::ParamKind;
use crate::runbook::steps::{ExecArgs, ProbeArgs};
use crate::runbook::template::Text;
use crate::say;
use crate::text::Name;

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
            let secret = text.sole_name().is_some_and(|name| self.is_secret(name));
            let value = if secret {
                EnvValue::Secret(value)
            } else {
                EnvValue::Plain(value)
            };
            (name.clone(), value)
        });
        let env: BTreeMap<String, EnvValue> = env.collect();
        let shown = clean(&argv.join(" "));
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

    fn is_secret(&self, param: &str) -> bool {
        let runbook = self.shelf.get(self.plan.runbook.as_str());
        let spec = runbook.and_then(|runbook| runbook.file.params.get(param));
        spec.is_some_and(|spec| spec.kind == ParamKind::Secret)
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
