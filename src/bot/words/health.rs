//! `health`: only what needs attention, each with the failing check's own output.

use super::look::Look;
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
    let message = if ill.is_empty() {
        let text = say!(
            "all {} services on {} are well",
            chosen.len(),
            look.survey.host
        );
        Message::new().heading(Line::new().styled(Style::Good, text))
    } else {
        let text = say!(
            "{} of {} services on {} need attention",
            ill.len(),
            chosen.len(),
            look.survey.host
        );
        let message = Message::new().heading(Line::new().styled(Style::Bad, text));
        message.fields(ill.iter().flat_map(|chosen| lines(&look, chosen)).collect())
    };
    context.voice.say(message).await;
    Ok(Outcome::Done)
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
