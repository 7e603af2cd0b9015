//! Whether the compose files have the services that a plan names: compose itself would tell only when
//! the plan was approved and half of it done.

use std::collections::BTreeSet;

use super::planning::operator;
use super::stack::unknown;
use crate::action::Action;
use crate::action::operate::Verb;
use crate::bot::{Context, Trouble};
use crate::run::Plan;
use crate::stack::Site;

pub(super) async fn in_the_files(
    context: &Context<'_>,
    site: &Site,
    plan: &Plan,
) -> Result<(), Trouble> {
    let named = named(site, plan);
    if named.is_empty() {
        return Ok(());
    }
    // the answer names what the files have
    context.may_read_on(&plan.host, plan.stack())?;
    let operator = operator(context, site).await?;
    let mut there = operator.services_named().await;
    let Some(service) = named.into_iter().find(|name| !there.contains(name)) else {
        return Ok(());
    };
    // compose knows what the files include from elsewhere; one of a profile that is off it leaves out
    match operator.resolved().await {
        Ok(resolved) if resolved.services.contains_key(&service) => return Ok(()),
        Ok(resolved) => there.extend(resolved.services.into_keys()),
        // a program of the team's own may keep its files elsewhere
        Err(_) if there.is_empty() || site.wrapper().is_some() => return Ok(()),
        Err(_) => {}
    }
    Err(unknown(&service, &there))
}

/// What a plan hands to compose after the verb.
fn named(site: &Site, plan: &Plan) -> BTreeSet<String> {
    let calls = plan.steps().filter_map(|step| match &step.action {
        Action::Call(call) if call.project == site.project => Some(call),
        _ => None,
    });
    let takes_services = |verb| matches!(verb, Verb::Up | Verb::UpAsBuilt | Verb::Build);
    calls
        .filter(|call| takes_services(call.verb))
        .filter_map(|call| call.argv.strip_prefix(site.argv(call.verb, &[]).as_slice()))
        .flatten()
        .cloned()
        .collect()
}
