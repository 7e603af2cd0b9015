//! A service that the compose files know and that has no container: what keeps it from being made.
//! Compose's own reading of the files, the images, their registries, the networks and what a run of
//! ours came to tell, and nothing is made.

use super::look::Look;
use super::planning::operator;
use crate::action::container::{Container, State};
use crate::bot::examine::environment;
use crate::bot::{Context, Trouble};
use crate::command::Target;
use crate::command::target::What;
use crate::compose::failure;
use crate::compose::lacking::{NEVER_BUILT, lacking};
use crate::diagnose::Case;
use crate::evidence::{Fact, Source, state};
use crate::report::Report;
use crate::report::build::{Occasion, from_diagnosis};
use crate::run::StepOutcome;
use crate::say;
use crate::stack::{Key, Site};
use crate::store::RunFilter;
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
            let engine = &look.host.engine;
            let mut lacks = lacking(&operator, engine, service, &resolved).await;
            if lacks.as_deref() == Some(NEVER_BUILT) {
                lacks = last_build(context, site, service).await.or(lacks);
            }
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

/// What compose wrote when a run of ours last tried to build it; nothing else remembers that.
async fn last_build(context: &Context<'_>, site: &Site, service: &str) -> Option<String> {
    let filter = RunFilter {
        stack_key: Some(format!("{}/{}", site.host, site.project)),
        limit: Some(LOOKED_THROUGH),
        ..RunFilter::default()
    };
    let store = context.bot.store.get().await.ok()?;
    for run in store.runs(&filter).await.ok()? {
        let journal = store.journal(&run.id).await.ok()?;
        let outcomes = journal
            .iter()
            .filter_map(|entry| serde_json::from_str::<StepOutcome>(&entry.body_json).ok());
        let mut called = outcomes.filter(|outcome| outcome.data.get("exit_code").is_some());
        if let Some(last) = called.next_back() {
            // without a log it went well
            let log = last.data.get("log")?.as_str()?;
            return failure::build_of(service, log);
        }
    }
    None
}

/// More runs than this ago nobody has tried to build it.
const LOOKED_THROUGH: u32 = 20;

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
        // the engine's own words for a container's state would be about one that is not there
        if let Fact::State(state) = &item.fact {
            item.text = match state.error.as_str() {
                "" => say!("it has no container"),
                _ => say!("it has no container: {}", state.error),
            };
        }
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
        looked_at: say!("the compose files, images, registries and networks"),
        not_seen: Vec::new(),
    };
    from_diagnosis(&crate::diagnose::diagnose(&case), &evidence, occasion)
}
