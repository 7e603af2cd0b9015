//! A service that the compose files know and that has no container: what keeps it from being made.
//! Compose's own reading of the files, the images and the networks tell, and nothing is made.

use super::look::Look;
use super::planning::operator;
use crate::action::container::{Container, State};
use crate::action::inventory::Network;
use crate::bot::examine::environment;
use crate::bot::{Context, Trouble};
use crate::command::Target;
use crate::command::target::What;
use crate::compose::resolved::{Resolved, Wanted};
use crate::compose::subnets;
use crate::diagnose::Case;
use crate::engine::Engine;
use crate::evidence::{Source, state};
use crate::report::Report;
use crate::report::build::{Occasion, from_diagnosis};
use crate::say;
use crate::stack::{Key, Site};
use crate::text::{Name, Raw};

/// `None`: no compose file knows it either, or that cannot be told.
pub(super) async fn examine(
    context: &Context<'_>,
    look: &Look,
    target: &Target,
) -> Result<Option<Report>, Trouble> {
    let What::Named(service) = &target.what else {
        return Ok(None);
    };
    let Some(site) = site_of(context, look, target) else {
        return Ok(None);
    };
    let key = Key::new(Some(&site.project), service);
    if look.survey.inventory.get(&key).is_some() {
        return Ok(None);
    }
    context.may_read_on(&look.host.name, Some(&Name::new(&site.project)))?;
    let operator = operator(context, site).await?;
    let (image, complaint) = match operator.resolved().await {
        Err(why) if operator.names(service).await => (String::new(), why.to_string()),
        Err(_) => return Ok(None),
        Ok(resolved) => {
            let Some(wanted) = resolved.services.get(service) else {
                return Ok(None);
            };
            let lacks = lacks(&look.host.engine, site, service, (&resolved, wanted)).await;
            (
                wanted.image.clone().unwrap_or_default(),
                lacks.unwrap_or_default(),
            )
        }
    };
    Ok(Some(told(context, look, (site, service), image, complaint)))
}

/// The one site on this host that may be meant.
fn site_of<'c>(context: &Context<'c>, look: &Look, target: &Target) -> Option<&'c Site> {
    let stack = target.stack.as_deref();
    let sites = context.bot.conduct.sites.iter();
    let mut meant = sites.filter(|site| {
        let named = stack.is_none_or(|stack| stack == site.stack || stack == site.project);
        named && look.host.name == site.host.as_str()
    });
    meant.next().filter(|_| meant.next().is_none())
}

/// What the engine would refuse, in its own words.
async fn lacks(
    engine: &Engine,
    site: &Site,
    service: &str,
    (resolved, wanted): (&Resolved, &Wanted),
) -> Option<String> {
    let networks = engine.networks().await.unwrap_or_default();
    let foreign = |network: &&Network| !network.name.starts_with(&format!("{}_", site.project));
    for network in networks.iter().filter(foreign) {
        let taken = network.subnets.iter().find(|taken| {
            resolved
                .subnets
                .iter()
                .any(|own| subnets::overlap(own, taken))
        });
        if let Some(taken) = taken {
            return Some(format!(
                "Pool overlaps with other one on this address space: network `{}` has {taken}",
                network.name
            ));
        }
    }
    let tags: Vec<String> = engine
        .images()
        .await
        .ok()?
        .into_iter()
        .flat_map(|image| image.tags)
        .collect();
    let is_here = |name: &str| tags.iter().any(|tag| *tag == with_tag(name));
    let project = &site.project;
    match &wanted.image {
        Some(image) if !wanted.builds && !is_here(image) => Some(format!("No such image: {image}")),
        None if !["_", "-"]
            .iter()
            .any(|mark| is_here(&format!("{project}{mark}{service}"))) =>
        {
            Some("its image was never built here".to_owned())
        }
        _ => None,
    }
}

fn with_tag(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains(':') || image.contains('@') {
        image.to_owned()
    } else {
        format!("{image}:latest")
    }
}

fn told(
    context: &Context<'_>,
    look: &Look,
    (site, service): (&Site, &str),
    image: String,
    complaint: String,
) -> Report {
    let key = Key::new(Some(&site.project), service);
    let container = Container {
        name: format!("{}_{service}_1", site.project),
        image,
        state: State {
            error: Raw::new(complaint),
            ..State::default()
        },
        ..Container::default()
    };
    let survey = &look.survey;
    let mut evidence = state::read(&key, &container, &survey.redactor, &survey.signatures);
    for item in &mut evidence {
        item.source = Source::Compose;
    }
    let case = Case {
        asked: &key,
        evidence: &evidence,
        graph: &survey.graph,
        now: survey.at,
    };
    let clock = context.bot.clock;
    let occasion = Occasion {
        id: clock.id(),
        created_at: clock.now(),
        host: survey.host.clone(),
        environment: environment(&context.bot.policy, survey, &key),
        looked_at: say!("the compose files, images and networks: it has no container"),
        not_seen: Vec::new(),
    };
    from_diagnosis(&crate::diagnose::diagnose(&case), &evidence, occasion)
}
