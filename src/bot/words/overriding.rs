//! `override`: an override file with variables for one service, shown to be looked at. It writes
//! nothing: who wants it puts it there, and `up` makes it so.

use super::planning::failed;
use super::run::clean;
use super::stack::{known, place};
use crate::bot::{Context, Outcome, Trouble};
use crate::compose::overriding::{Assignment, Proposal, is_variable};
use crate::compose::{Operator, hiding};
use crate::say;
use crate::stack::Site;
use crate::text::{Clean, Line, Message, Name, Raw};

pub(super) async fn propose(
    context: &Context<'_>,
    operator: &Operator<'_>,
    rest: &[String],
) -> Result<Outcome, Trouble> {
    let (service, variables) = asked(rest)?;
    let resolved = operator.resolved().await.map_err(failed)?;
    known(&resolved, service)?;
    let redactor = hiding(&resolved, &context.bot.secrets);
    let proposal = operator.proposal(&resolved, service, &variables, &redactor);
    let usage = |why| Trouble::new(Outcome::Usage, why);
    let proposal = proposal.await.map_err(usage)?;
    let names: Vec<Clean> = variables.iter().map(|(name, _)| clean(name)).collect();
    let heading = say!(
        "{} for {} of {}, as an override; nothing was written",
        Clean::join(&names, ", "),
        Name::new(service),
        place(operator.site)
    );
    let message = Message::new()
        .heading(Line::new().strong(heading))
        .code(proposal.lines.clone());
    let message = proposal
        .changes
        .iter()
        .fold(message, |message, change| message.line(change.clone()));
    let lines = how(operator.site, &proposal, service);
    let message = lines
        .into_iter()
        .fold(message, |message, line| message.line(Line::new().dim(line)));
    context.voice.say(message).await;
    Ok(Outcome::Done)
}

/// The service, and what it is to get.
fn asked(rest: &[String]) -> Result<(&str, Vec<Assignment>), Trouble> {
    let usage = |why: Clean| {
        let mut trouble = Trouble::new(Outcome::Usage, why);
        trouble.more = vec![say!("override STACK SERVICE NAME=VALUE …")];
        trouble
    };
    let (service, values) = match rest {
        [service, values @ ..] if !service.contains('=') => (service, values),
        _ => return Err(usage(say!("which service is it for?"))),
    };
    if values.is_empty() {
        return Err(usage(say!("which variable is it to get?")));
    }
    let variable = |text: &String| match text.split_once('=') {
        Some((name, value)) if is_variable(name) => Ok((name.to_owned(), Raw::new(value))),
        _ => Err(usage(say!("`{}` is no `NAME=VALUE`", clean(text)))),
    };
    let variables = values.iter().map(variable).collect::<Result<_, _>>()?;
    Ok((service, variables))
}

fn how(site: &Site, proposal: &Proposal, service: &str) -> Vec<Clean> {
    let directory = site
        .directory
        .as_deref()
        .unwrap_or(std::path::Path::new("."));
    let path = Name::new(&directory.join(proposal.file.as_str()).to_string_lossy());
    let put = if proposal.is_there {
        say!("{} is there already: add these lines to it", path)
    } else {
        say!("write it to {} on {}", path, Name::new(&site.host))
    };
    let stack = clean(&site.stack);
    let mut told = vec![put];
    if let Some(wrapper) = site.wrapper() {
        told.push(say!("`{}` has to read it", clean(&wrapper)));
    } else if !site.files.is_empty() {
        told.push(say!(
            "name it last under `stacks.{}.files`: compose reads it by itself only where none are named",
            stack
        ));
    }
    told.push(say!(
        "then `up {}/{}` makes it so; `drift {}` tells whether it is",
        clean(&site.full_name()),
        Name::new(service),
        clean(&site.full_name())
    ));
    told
}
