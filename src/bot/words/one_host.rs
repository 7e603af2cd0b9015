//! The one host that somebody names, once or several times: beside a service or a stack, or in front
//! of it. A plan is for one host; what names none is looked for by `whereabouts`.

use std::collections::BTreeSet;

use super::run::clean;
use crate::bot::{Outcome, Trouble};
use crate::command::Target;
use crate::runbook::language::ParamKind;
use crate::runbook::{Given, Runbook};
use crate::say;
use crate::text::{Clean, Name};

/// A service of one host must not be looked for on another. `None` is the usual host.
pub(super) fn one_host(
    named: impl IntoIterator<Item = Option<String>>,
) -> Result<Option<String>, Trouble> {
    let mut hosts: BTreeSet<String> = named.into_iter().flatten().collect();
    let host = hosts.pop_last();
    if hosts.is_empty() {
        return Ok(host);
    }
    hosts.extend(host);
    let names: Vec<Clean> = hosts.iter().map(|host| Name::new(host).into()).collect();
    let text = say!(
        "these are on several hosts ({}); name one host at a time",
        Clean::join(&names, ", ")
    );
    Err(Trouble::new(Outcome::Usage, text))
}

/// A value that names a host.
#[derive(Debug, Clone)]
struct Naming<'g> {
    param: &'g str,
    value: &'g str,
    host: String,
    /// What names no host goes where this is.
    leads: bool,
}

/// Two values that cannot both hold.
#[derive(Debug)]
pub(super) struct Contradiction {
    /// The values' parameters, the one that is easier to mend first.
    pub(super) params: [String; 2],
    pub(super) why: Clean,
}

impl From<Contradiction> for Trouble {
    fn from(contradiction: Contradiction) -> Self {
        Self::new(Outcome::Usage, contradiction.why)
    }
}

/// The host that values name. `None`: they name none, or only some of the services have one in
/// front, and then the others are to be found.
pub(super) fn host_of(runbook: &Runbook, given: &Given) -> Result<Option<String>, Contradiction> {
    let mut namings: Vec<Naming<'_>> = Vec::new();
    let mut is_open = false;
    for (name, spec) in &runbook.file.params {
        let values = given.get(name).into_iter().flatten();
        for value in values.flat_map(|value| value.split(',')).map(str::trim) {
            match host_in(spec.kind, value) {
                Some(host) => namings.push(Naming {
                    param: name,
                    value,
                    host,
                    leads: spec.kind != ParamKind::Service,
                }),
                None => is_open |= spec.kind == ParamKind::Service,
            }
        }
    }
    // what leads is said first
    namings.sort_by_key(|naming| !naming.leads);
    let Some((first, others)) = namings.split_first() else {
        return Ok(None);
    };
    match others.iter().find(|other| other.host != first.host) {
        Some(other) => Err(contradiction(first, other)),
        None => Ok((first.leads || !is_open).then(|| first.host.clone())),
    }
}

/// A value that is wrong is told when it is looked at.
fn host_in(kind: ParamKind, value: &str) -> Option<String> {
    match kind {
        ParamKind::Host => Some(value.to_owned()),
        ParamKind::Service => Target::parse(value).ok()?.host,
        ParamKind::Stack => value.split_once(':').map(|(host, _)| host.to_owned()),
        _ => None,
    }
}

fn contradiction(first: &Naming<'_>, other: &Naming<'_>) -> Contradiction {
    let typed = |naming: &Naming<'_>| clean(&format!("{}={}", naming.param, naming.value));
    Contradiction {
        params: [other.param.to_owned(), first.param.to_owned()],
        why: say!(
            "`{}` and `{}` are on different hosts; name one host at a time",
            typed(first),
            typed(other)
        ),
    }
}
