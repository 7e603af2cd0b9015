//! `health`: only what needs attention, each with the failing check's own output; and beside
//! Docker's health that of the registries.

use super::look::Look;
use super::registry::{self, Beside};
use super::{show, status};
use crate::bot::{Context, Outcome, Trouble};
use crate::command::Target;
use crate::evidence::{Fact, state};
use crate::say;
use crate::stack::resolve::Chosen;
use crate::text::{Clean, Line, Message, Name, Style};

pub(super) async fn health(context: &Context<'_>, targets: &[Target]) -> Result<Outcome, Trouble> {
    let look = Look::at(context, targets).await?;
    let chosen = look.services(context, targets)?;
    let ill: Vec<&Chosen<'_>> = chosen
        .iter()
        .filter(|chosen| !status::is_well(chosen))
        .collect();
    let meant = Some(chosen.as_slice()).filter(|_| !targets.is_empty());
    let registries = registry::beside(context, &look, meant).await;
    let mut message = Message::new().heading(headline(&look, &chosen, &ill, &registries));
    if !ill.is_empty() {
        message = message.fields(ill.iter().flat_map(|chosen| lines(&look, chosen)).collect());
    }
    let tables = registries.iter().filter_map(|one| one.table(&look));
    let message = tables.fold(message, Message::table);
    context.voice.say(message).await;
    Ok(Outcome::Done)
}

/// The services of the host, then those of each registry.
fn headline(
    look: &Look,
    chosen: &[Chosen<'_>],
    ill: &[&Chosen<'_>],
    registries: &[Beside],
) -> Line {
    let (all, host) = (chosen.len(), &look.survey.host);
    let mut parts = vec![if ill.is_empty() {
        say!("all {} services on {} are well", all, host)
    } else {
        say!(
            "{} of {} services on {} need attention",
            ill.len(),
            all,
            host
        )
    }];
    parts.extend(registries.iter().map(Beside::says));
    let is_well = ill.is_empty() && registries.iter().all(Beside::is_well);
    let style = if is_well { Style::Good } else { Style::Bad };
    Line::new().styled(style, Clean::join(&parts, "; "))
}

fn lines(look: &Look, chosen: &Chosen<'_>) -> Vec<(Clean, Line)> {
    let ill = chosen
        .replicas()
        .iter()
        .filter(|replica| !matches!(show::state(replica).1, Style::Good | Style::Dim));
    let line = |replica| {
        let (text, style) = show::state(replica);
        let evidence = state::read(
            &chosen.service.key,
            replica,
            &look.survey.redactor,
            &look.survey.signatures,
        );
        let said = evidence
            .iter()
            .rev()
            .find(|item| matches!(item.fact, Fact::Health(_) | Fact::State(_)));
        let said = said.map(|item| item.text.clone()).unwrap_or_default();
        let since = show::age(replica, look.survey.at);
        let line = Line::new()
            .styled(style, text)
            .plain(say!(" for {}: ", since))
            .plain(said);
        (Clean::from(Name::new(&replica.name)), line)
    };
    ill.map(line).collect()
}
