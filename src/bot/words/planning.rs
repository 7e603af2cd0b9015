//! From a runbook and values to a plan of what is there now. A stack that the configuration knows
//! brings its host with it, and its checkout where the runbook moves that.

use super::in_the_files::in_the_files;
use super::look::Look;
use super::one_host::host_of;
use super::run::{clean, find, given};
use crate::action::Risk;
use crate::bot::{Context, Outcome, Trouble};
use crate::command::{RunCommand, Target};
use crate::compose::Operator;
use crate::run::Plan;
use crate::runbook::language::ParamKind;
use crate::runbook::steps::StepSpec;
use crate::runbook::{BindError, Given, Grounds, Known, Runbook, World, bind};
use crate::say;
use crate::stack::revisions::short;
use crate::stack::{Previous, Revisions, Site, SiteError};
use crate::store::{RunFilter, RunState};
use crate::text::{Clean, Line, Message, Name, Redactor, Style};

/// So far back the revision is looked for that ran before.
const LOOKED_THROUGH: u32 = 200;

/// The runbook with these values, bound to what is there now. `None`: there is nothing to do, and
/// that was said.
pub(super) async fn planned(
    context: &Context<'_>,
    wanted: &RunCommand,
) -> Result<Option<Plan>, Trouble> {
    let shelf = context.bot.conduct.library.shelf();
    let runbook = find(&shelf, &wanted.runbook)?;
    let mut given = given(runbook, wanted)?;
    let Placed { site, host } = placed(context, runbook, &mut given)?;
    let look = match host_of(runbook, &given)?.or(host) {
        Some(host) => Look::on(context, &host).await?,
        None if runbook.risk == Risk::Read => Look::at(context, &about(runbook, &given)).await?,
        None => Look::to_change(context, &about(runbook, &given)).await?,
    };
    let revisions = match (&site, goal(&runbook.file.steps)) {
        (Some(site), Some(goal)) => {
            let reference = given.get("ref").and_then(|values| values.first());
            let checkout = Checkout {
                context,
                runbook,
                look: &look,
                site,
            };
            let found = checkout.revisions(goal, reference.map(String::as_str));
            Some(found.await?)
        }
        _ => None,
    };
    if let (Some(site), Some(revisions)) = (&site, &revisions)
        && revisions.fetched.as_ref() == Some(&revisions.present)
    {
        context.voice.say(nothing_new(site, revisions)).await;
        return Ok(None);
    }
    let plan = on(context, runbook, &given, (&look, revisions.as_ref())).await?;
    if let Some(site) = &site {
        in_the_files(context, site, &plan).await?;
    }
    Ok(Some(plan))
}

/// The same, where the host has been looked at already.
pub(super) async fn bound(
    context: &Context<'_>,
    wanted: &RunCommand,
    look: &Look,
) -> Result<Plan, Trouble> {
    let shelf = context.bot.conduct.library.shelf();
    let runbook = find(&shelf, &wanted.runbook)?;
    let given = given(runbook, wanted)?;
    on(context, runbook, &given, (look, None)).await
}

async fn on(
    context: &Context<'_>,
    runbook: &Runbook,
    given: &Given,
    (look, revisions): (&Look, Option<&Revisions>),
) -> Result<Plan, Trouble> {
    let Look { host, survey } = look;
    let volumes = if runbook.risk == Risk::Destructive {
        host.engine.volumes().await?
    } else {
        Vec::new()
    };
    let conduct = &context.bot.conduct;
    let secrets: Vec<String> = conduct.secrets.keys().cloned().collect();
    let world = World {
        host: &host.name,
        at: survey.at,
        inventory: &survey.inventory,
        graph: &survey.graph,
        volumes: &volumes,
        secrets: &secrets,
        redactor: &survey.redactor,
        grounds: Grounds {
            sites: Known(Some(&conduct.sites)),
            revisions,
        },
    };
    let shelf = conduct.library.shelf();
    let Ok(plan) = bind(runbook, &shelf, given, world) else {
        // what is wrong, told with the names that this caller may know
        let inventory = &look.known_to(context)?;
        let known = World { inventory, ..world };
        return Err(match bind(runbook, &shelf, given, known) {
            Err(error) => told(&error, &survey.redactor),
            Ok(_) => Trouble::new(
                Outcome::Usage,
                say!(
                    "something in stacks that you may not read is in the way; ask somebody who may"
                ),
            ),
        });
    };
    if plan.steps().next().is_none() {
        let text = say!("`{}` has nothing to do there: it is so already", plan.title);
        return Err(Trouble::new(Outcome::Usage, text));
    }
    Ok(plan)
}

fn told(error: &BindError, redactor: &Redactor) -> Trouble {
    let mut lines = error.problems.iter().map(|problem| redactor.clean(problem));
    let mut trouble = Trouble::new(Outcome::Usage, lines.next().unwrap_or_default());
    trouble.more = lines.collect();
    trouble
}

/// Where the stack is that a value means.
#[derive(Default)]
struct Placed {
    site: Option<Site>,
    /// `None`: nobody said, and it is to be found.
    host: Option<String>,
}

/// The configured stack that a value means; from here on the value is what its host calls it. A
/// name may also be that of a stack nobody configured.
fn placed(context: &Context<'_>, runbook: &Runbook, given: &mut Given) -> Result<Placed, Trouble> {
    let Some(name) = stack_param(runbook, given).cloned() else {
        return Ok(Placed::default());
    };
    let host = host_of(runbook, given)?;
    let Some([typed]) = given.get_mut(&name).map(Vec::as_mut_slice) else {
        return Ok(Placed::default());
    };
    let wanted = match (&host, typed.contains(':')) {
        (Some(host), false) => format!("{host}:{typed}"),
        _ => typed.clone(),
    };
    match context.bot.conduct.sites.find(&wanted) {
        Ok(site) => {
            typed.clone_from(&site.project);
            Ok(Placed {
                site: Some(site.clone()),
                host: Some(site.host.clone()),
            })
        }
        Err(SiteError::Unknown { .. }) if !typed.contains('@') => {
            let parted = typed.split_once(':');
            let parted = parted.map(|(host, stack)| (host.to_owned(), stack.to_owned()));
            let host = parted.map(|(host, stack)| {
                *typed = stack;
                host
            });
            Ok(Placed { site: None, host })
        }
        Err(error) => Err(error.into()),
    }
}

fn stack_param<'r>(runbook: &'r Runbook, given: &Given) -> Option<&'r String> {
    let mut params = runbook.file.params.iter();
    let is_stack = |(name, spec): &(&String, &crate::runbook::language::ParamSpec)| {
        spec.kind == ParamKind::Stack && given.contains_key(*name)
    };
    params.find(is_stack).map(|(name, _)| name)
}

/// What the values name, so that it can be found: the stack, where the services without a host are,
/// else all services.
fn about(runbook: &Runbook, given: &Given) -> Vec<Target> {
    let values = |name: &String| given.get(name).into_iter().flatten();
    let parsed = |text: &str| Target::parse(text.trim()).ok();
    let params = runbook.file.params.iter();
    let services = params.filter(|(_, spec)| spec.kind == ParamKind::Service);
    let services = services
        .flat_map(|(name, _)| values(name))
        .flat_map(|value| value.split(','))
        .filter_map(parsed);
    let Some(stack) = stack_param(runbook, given) else {
        return services.collect();
    };
    let elsewhere = services.filter(|service| service.host.is_some());
    let stacks = values(stack).filter_map(|name| parsed(name));
    stacks.chain(elsewhere).collect()
}

/// Where a runbook takes a checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    Fetched,
    Previous,
}

fn goal(steps: &[StepSpec]) -> Option<Goal> {
    steps.iter().find_map(|step| {
        let own = step.checkout.as_ref().map(|args| args.to.0.as_str());
        match own {
            Some("fetched") => Some(Goal::Fetched),
            Some("previous") => Some(Goal::Previous),
            _ => goal(&step.steps),
        }
    })
}

/// A look at the checkout of a site.
struct Checkout<'c> {
    context: &'c Context<'c>,
    runbook: &'c Runbook,
    look: &'c Look,
    site: &'c Site,
}

impl Checkout<'_> {
    async fn revisions(&self, goal: Goal, reference: Option<&str>) -> Result<Revisions, Trouble> {
        // fetching writes into the checkout's own store: only who may deploy does it
        let stack = Name::new(&self.site.project);
        let policy = &self.context.bot.policy;
        policy.decide_on(
            self.context.caller,
            (Some(&self.look.host.name), Some(&stack)),
            Some(&self.runbook.file.name),
            self.runbook.risk,
        )?;
        let operator = operator(self.context, self.site).await?;
        let found = match goal {
            Goal::Fetched => operator.fetch(reference, &self.look.survey.redactor).await,
            Goal::Previous => {
                let present = operator.head().await.map_err(failed)?;
                let previous = self.before(&present).await?;
                operator
                    .back_to(&present, previous, &self.look.survey.redactor)
                    .await
            }
        };
        found.map_err(failed)
    }

    /// What ran before `present`, from the newest run that went there.
    async fn before(&self, present: &str) -> Result<Previous, Trouble> {
        let filter = RunFilter {
            stack_key: Some(format!("{}/{}", self.look.host.name, self.site.project)),
            limit: Some(LOOKED_THROUGH),
            ..RunFilter::default()
        };
        let runs = self.context.bot.store.get().await?.runs(&filter).await?;
        let went = runs
            .iter()
            .filter(|run| matches!(run.state, RunState::Succeeded | RunState::Failed))
            .filter_map(|run| serde_json::from_str::<Plan>(&run.plan_json).ok()?.moved)
            .find(|moved| moved.to == present && !moved.back);
        let Some(moved) = went else {
            let text = say!(
                "no deploy of `{}` is known that went to {}, so what ran before is not known; `deploy {} --ref COMMIT` goes to any commit",
                Name::new(&self.site.stack),
                short(present),
                Name::new(&self.site.stack)
            );
            return Err(Trouble::new(Outcome::Usage, text));
        };
        Ok(Previous {
            commit: moved.from,
            images: moved.images,
        })
    }
}

/// Starts a site's programs where they belong.
pub(super) async fn operator<'s>(
    context: &Context<'_>,
    site: &'s Site,
) -> Result<Operator<'s>, Trouble> {
    let fleet = &context.bot.fleet;
    let place = fleet.place(Some(&site.host)).await?;
    let engine = fleet.engine_address(&site.host).await;
    Ok(Operator::new(site, place, engine))
}

pub(super) fn failed(why: Clean) -> Trouble {
    Trouble::new(Outcome::Failed, why)
}

fn nothing_new(site: &Site, revisions: &Revisions) -> Message {
    let name = clean(&site.full_name());
    let text = say!(
        "nothing to deploy: {} is at {} already, and nothing was pushed since",
        name,
        short(&revisions.present)
    );
    Message::new()
        .line(Line::new().styled(Style::Good, text))
        .line(Line::new().dim(say!("`up {}` makes what runs follow the files", name)))
}
