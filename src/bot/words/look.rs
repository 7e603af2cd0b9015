//! What most words begin with: survey the host a line is about, resolve its targets, check rights.

use super::whereabouts::{self, Wanted};
use crate::bot::{Context, Trouble};
use crate::command::Target;
use crate::host::{FleetError, Host};
use crate::stack::resolve::{Chosen, resolve};
use crate::stack::{Inventory, ResolveError};
use crate::survey::Survey;

/// A host surveyed.
pub(super) struct Look {
    pub(super) host: Host,
    pub(super) survey: Survey,
}

impl Look {
    /// Of the one host that all targets of a line are on; where none is named, it is found.
    pub(super) async fn at(context: &Context<'_>, targets: &[Target]) -> Result<Self, Trouble> {
        whereabouts::find(context, targets, Wanted::ServiceOrStack).await
    }

    /// The same where something is to be changed there.
    pub(super) async fn to_change(
        context: &Context<'_>,
        targets: &[Target],
    ) -> Result<Self, Trouble> {
        whereabouts::find(context, targets, Wanted::ToChange).await
    }

    /// The same where a single service is meant, never a stack.
    pub(super) async fn at_service(
        context: &Context<'_>,
        target: &Target,
    ) -> Result<Self, Trouble> {
        whereabouts::find(context, std::slice::from_ref(target), Wanted::Service).await
    }

    pub(super) async fn on(context: &Context<'_>, host: &str) -> Result<Self, Trouble> {
        Self::on_host(context, Some(host)).await
    }

    pub(super) async fn on_host(
        context: &Context<'_>,
        host: Option<&str>,
    ) -> Result<Self, Trouble> {
        let host = match context.bot.fleet.host(host).await {
            Err(error @ FleetError::Unknown { .. }) => {
                // it lists the hosts there are
                context.may_read(None)?;
                return Err(error.into());
            }
            host => host?,
        };
        Self::taken(context, host).await
    }

    /// Of a host that was reached.
    pub(super) async fn taken(context: &Context<'_>, host: Host) -> Result<Self, Trouble> {
        let survey = context.survey(&host).await?;
        Ok(Self { host, survey })
    }

    /// Every service the targets mean; all services where there is no target.
    pub(super) fn services(
        &self,
        context: &Context<'_>,
        targets: &[Target],
    ) -> Result<Vec<Chosen<'_>>, Trouble> {
        let called = |target| self.called(context, target, true);
        let targets: &[Target] = &targets.iter().map(called).collect::<Vec<_>>();
        let chosen = match choose(&self.survey.inventory, targets) {
            Ok(chosen) => chosen,
            Err(error) => {
                let known = self.known_to(context)?;
                return Err(without_others(error, choose(&known, targets)).into());
            }
        };
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
        let target = &self.called(context, target, false);
        let chosen = match resolve(&self.survey.inventory, target, false) {
            Ok(chosen) => chosen,
            Err(error) => {
                let known = self.known_to(context)?;
                return Err(without_others(error, resolve(&known, target, false)).into());
            }
        };
        let [chosen] = chosen.as_slice() else {
            return Err(crate::stack::ResolveError::Empty.into());
        };
        context.may_read_on(&self.host.name, chosen.service.key.stack.as_ref())?;
        Ok(*chosen)
    }

    /// A target by the name that this host has for its stack.
    fn called(&self, context: &Context<'_>, target: &Target, stacks_too: bool) -> Target {
        let sites = &context.bot.conduct.sites;
        sites.as_called(self.host.name.as_str(), target, stacks_too)
    }

    /// What an answer may name: who may not read a stack does not learn from a hint that it is
    /// there.
    pub(super) fn known_to(&self, context: &Context<'_>) -> Result<Inventory, Trouble> {
        let all = &self.survey.inventory;
        let known = all.of_stacks(|stack| context.may_read_on(&self.host.name, stack).is_ok());
        if known.services.is_empty() && !all.services.is_empty() {
            context.may_read_on(&self.host.name, None)?;
        }
        Ok(known)
    }
}

/// The error that somebody gets who knows of a part of the services only. Where the name means one
/// thing there and is still not clear, it is the others that make it so.
fn without_others(
    error: ResolveError,
    known: Result<Vec<Chosen<'_>>, ResolveError>,
) -> ResolveError {
    match (error, known) {
        (ResolveError::Ambiguous { typed, .. }, Ok(chosen)) => {
            let candidates = chosen.iter().map(|one| one.service.key.to_string());
            let candidates = candidates.collect();
            ResolveError::Ambiguous { typed, candidates }
        }
        (error, Ok(_)) | (_, Err(error)) => error,
    }
}

fn choose<'i>(
    inventory: &'i Inventory,
    targets: &[Target],
) -> Result<Vec<Chosen<'i>>, ResolveError> {
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
