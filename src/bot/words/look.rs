//! What most words begin with: survey the host a line is about, resolve its targets, check rights.

use crate::bot::{Context, Trouble};
use crate::command::Target;
use crate::host::Host;
use crate::stack::Inventory;
use crate::stack::resolve::{Chosen, resolve};
use crate::survey::Survey;

/// A host surveyed.
pub(super) struct Look {
    pub(super) host: Host,
    pub(super) survey: Survey,
}

impl Look {
    /// All targets of one line are on one host: the first one's.
    pub(super) async fn at(context: &Context<'_>, targets: &[Target]) -> Result<Self, Trouble> {
        let host = context.host(targets.first()).await?;
        let survey = context.survey(&host).await?;
        Ok(Self { host, survey })
    }

    pub(super) async fn on(context: &Context<'_>, host: &str) -> Result<Self, Trouble> {
        let host = context.bot.fleet.host(Some(host)).await?;
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
