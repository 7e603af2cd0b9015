//! What most words begin with: survey the host a line is about, resolve its targets, check rights.

use std::collections::BTreeSet;

use crate::bot::{Context, Outcome, Trouble};
use crate::command::Target;
use crate::host::Host;
use crate::say;
use crate::stack::Inventory;
use crate::stack::resolve::{Chosen, resolve};
use crate::survey::Survey;
use crate::text::{Clean, Name};

/// A host surveyed.
pub(super) struct Look {
    pub(super) host: Host,
    pub(super) survey: Survey,
}

impl Look {
    /// All targets of one line are on one host.
    pub(super) async fn at(context: &Context<'_>, targets: &[Target]) -> Result<Self, Trouble> {
        let hosts = targets.iter().map(|target| target.host.clone());
        let host = one_host(hosts.collect())?;
        Self::on_host(context, host.as_deref()).await
    }

    pub(super) async fn on(context: &Context<'_>, host: &str) -> Result<Self, Trouble> {
        Self::on_host(context, Some(host)).await
    }

    pub(super) async fn on_host(
        context: &Context<'_>,
        host: Option<&str>,
    ) -> Result<Self, Trouble> {
        let host = context.bot.fleet.host(host).await?;
        let survey = context.survey(&host).await?;
        Ok(Self { host, survey })
    }

    /// Every service the targets mean; all services where there is no target.
    pub(super) fn services(
        &self,
        context: &Context<'_>,
        targets: &[Target],
    ) -> Result<Vec<Chosen<'_>>, Trouble> {
        let chosen = choose(&self.survey.inventory, targets)?;
        for chosen in &chosen {
            context.may_read_on(&self.host.name, chosen.service.key.stack.as_ref())?;
        }
        Ok(chosen)
    }

    /// Exactly the one service a target means.
    pub(super) fn service(
        &self,
        context: &Context<'_>,
        target: &Target,
    ) -> Result<Chosen<'_>, Trouble> {
        let chosen = resolve(&self.survey.inventory, target, false)?;
        let [chosen] = chosen.as_slice() else {
            return Err(crate::stack::ResolveError::Empty.into());
        };
        context.may_read_on(&self.host.name, chosen.service.key.stack.as_ref())?;
        Ok(*chosen)
    }
}

/// A service of one host must not be looked for on another. `None` is the usual host.
pub(super) fn one_host(mut named: BTreeSet<Option<String>>) -> Result<Option<String>, Trouble> {
    let host = named.pop_last().flatten();
    if named.is_empty() {
        return Ok(host);
    }
    named.insert(host);
    let names = named.iter().map(|host| match host {
        Some(host) => say!("{}", Name::new(host)),
        None => say!("none named"),
    });
    let names: Vec<Clean> = names.collect();
    let text = say!(
        "these are on several hosts ({}); write `HOST:` in front of each, and name one host at a time",
        Clean::join(&names, ", ")
    );
    Err(Trouble::new(Outcome::Usage, text))
}

fn choose<'i>(inventory: &'i Inventory, targets: &[Target]) -> Result<Vec<Chosen<'i>>, Trouble> {
    if targets.is_empty() {
        return Ok(inventory
            .services
            .iter()
            .map(|service| Chosen {
                service,
                only: None,
            })
            .collect());
    }
    let mut chosen: Vec<Chosen<'i>> = Vec::new();
    for target in targets {
        for found in resolve(inventory, target, true)? {
            let twice = chosen
                .iter()
                .any(|seen| seen.service.key == found.service.key && seen.only == found.only);
            if !twice {
                chosen.push(found);
            }
        }
    }
    Ok(chosen)
}
