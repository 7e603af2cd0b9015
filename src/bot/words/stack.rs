//! `config`, `drift`, `preflight`: how a stack is meant to be, whether it is so, and whether it
//! could be started; the door to all words that look at a stack and change nothing.

use std::collections::BTreeSet;

use super::limits::limits;
use super::overriding::propose;
use super::planning::{failed, operator};
use super::run::clean;
use crate::bot::{Context, Outcome, Trouble};
use crate::command::StackLook;
use crate::command::suggest::nearest;
use crate::compose::{Operator, Resolved, Running, drift, hiding};
use crate::say;
use crate::stack::Site;
use crate::text::{Clean, Line, Message, Name, Style};

pub(super) async fn look(
    context: &Context<'_>,
    what: StackLook,
    typed: &str,
    rest: &[String],
) -> Result<Outcome, Trouble> {
    let site = context.bot.conduct.sites.find(typed)?;
    let (host, stack) = (Name::new(&site.host), Name::new(&site.project));
    context.may_read_on(&host, Some(&stack))?;
    let operator = operator(context, site).await?;
    match what {
        StackLook::Config => config(context, &operator, rest.first()).await,
        StackLook::Drift => differences(context, &operator).await,
        StackLook::Preflight => preflight(context, &operator).await,
        StackLook::Limits => limits(context, &operator).await,
        StackLook::Override => propose(context, &operator, rest).await,
    }
}

/// `shop (prod) on vps`
pub(super) fn place(site: &Site) -> Clean {
    let stack = clean(&site.stack);
    let host = Name::new(&site.host);
    match &site.environment {
        Some(environment) => say!("{} ({}) on {}", stack, clean(environment), host),
        None => say!("{} on {}", stack, host),
    }
}

async fn config(
    context: &Context<'_>,
    operator: &Operator<'_>,
    service: Option<&String>,
) -> Result<Outcome, Trouble> {
    let resolved = operator.resolved().await.map_err(failed)?;
    if let Some(service) = service {
        known(&resolved, service)?;
        let heading = say!(
            "{} of {} as compose reads the files",
            clean(service),
            place(operator.site)
        );
        let message = Message::new()
            .heading(Line::new().strong(heading))
            .code(resolved.shown_service(service, &context.bot.secrets));
        context.voice.say(message).await;
        return Ok(Outcome::Done);
    }
    let shown = resolved.shown(&context.bot.secrets);
    let heading = say!(
        "{}: {} services as compose reads the files",
        place(operator.site),
        resolved.services.len()
    );
    let message = Message::new()
        .heading(Line::new().strong(heading))
        .code(shown.lines().collect());
    context.voice.say(message).await;
    Ok(Outcome::Done)
}

/// A service that the files have.
pub(super) fn known(resolved: &Resolved, service: &str) -> Result<(), Trouble> {
    if resolved.services.contains_key(service) {
        return Ok(());
    }
    let names: BTreeSet<String> = resolved.services.keys().cloned().collect();
    Err(unknown(service, &names))
}

/// Why a service is not among those that the files have.
pub(super) fn unknown(service: &str, names: &BTreeSet<String>) -> Trouble {
    let names = || names.iter().map(String::as_str);
    let near = nearest(service, names()).map_or_else(Clean::default, |near| {
        say!("; did you mean `{}`?", clean(near))
    });
    let all: Vec<Clean> = names().map(clean).collect();
    let text = say!("the files have no service `{}`{}", clean(service), near);
    let mut trouble = Trouble::new(Outcome::Usage, text);
    trouble.more = vec![say!("they have {}", Clean::join(&all, ", "))];
    trouble
}

async fn differences(context: &Context<'_>, operator: &Operator<'_>) -> Result<Outcome, Trouble> {
    let site = operator.site;
    let resolved = operator.resolved().await.map_err(failed)?;
    let host = context.bot.fleet.host(Some(&site.host)).await?;
    let running = Running::look(&host.engine, &site.project).await?;
    let found = drift(site, &resolved, &running);
    if found.is_empty() {
        let count = resolved.services.len();
        let text = say!(
            "{}: all {} services are as the files say",
            place(site),
            count
        );
        let line = Line::new().styled(Style::Good, text);
        context.voice.say(Message::new().heading(line)).await;
        return Ok(Outcome::Done);
    }
    let services: BTreeSet<Clean> = found.iter().map(|one| Clean::from(&one.service)).collect();
    let text = say!(
        "{}: what runs is not what the files say: {}",
        place(site),
        Clean::join(&services, ", ")
    );
    let redactor = hiding(&resolved, &context.bot.secrets);
    let fields = found.iter().map(|one| {
        let what = redactor.clean(one.what.as_str());
        (Clean::from(&one.service), Line::new().plain(what))
    });
    let hint = say!(
        "`up {}` makes what runs follow the files",
        clean(&site.full_name())
    );
    let message = Message::new()
        .heading(Line::new().styled(Style::Bad, text))
        .fields(fields.collect())
        .line(Line::new().dim(hint));
    context.voice.say(message).await;
    Ok(Outcome::Failed)
}

async fn preflight(context: &Context<'_>, operator: &Operator<'_>) -> Result<Outcome, Trouble> {
    let points = operator.preflight().await.map_err(failed)?;
    let bad = points.iter().filter(|point| point.bad.is_some()).count();
    let place = place(operator.site);
    let (heading, outcome) = if bad == 0 {
        let text = say!(
            "{} can be started: all {} points are well",
            place,
            points.len()
        );
        (Line::new().styled(Style::Good, text), Outcome::Done)
    } else {
        let text = say!(
            "{} cannot be started: {} of {} points are not well",
            place,
            bad,
            points.len()
        );
        (Line::new().styled(Style::Bad, text), Outcome::Failed)
    };
    let lines = points.iter().map(|point| match &point.bad {
        None => Line::new()
            .styled(Style::Good, "✓ ")
            .plain(point.what.clone()),
        Some(why) => Line::new()
            .styled(Style::Bad, "✗ ")
            .plain(say!("{} {}", point.what, why)),
    });
    let message = Message::new().heading(heading);
    context.voice.say(lines.fold(message, Message::line)).await;
    Ok(outcome)
}
