//! `silence`, `silences`, `unsilence`: what nobody is told of for a while, who wanted that, and why.

use std::collections::BTreeSet;
use std::time::Duration;

use super::incidents::files;
use crate::action::Risk;
use crate::bot::{Context, Outcome, Trouble};
use crate::incident::Files;
use crate::incident::matcher::Matcher;
use crate::incident::quiet::minute;
use crate::incident::silence::{self, Silence, Troubles};
use crate::say;
use crate::text::{Clean, Line, Message, Name, Redactor, Table};

fn clean(text: &str) -> Clean {
    Redactor::shapes_only().clean(text)
}

/// What of which host and stack a silence may reach; it takes the right to change that.
fn permitted(context: &Context<'_>, word: &str, silence: &Silence) -> Result<(), Trouble> {
    let mut spots = BTreeSet::new();
    let named = |name: &str| Some(Name::new(name)).filter(|name| !name.is_empty());
    if let Some(fits) = &silence.fits {
        spots.insert((fits.host().map(Name::new), fits.stack().map(Name::new)));
    }
    for print in silence.of.iter().flat_map(|of| &of.prints) {
        spots.insert((named(&print.host), named(&print.stack)));
    }
    for (host, stack) in spots {
        let spot = (host.as_ref(), stack.as_ref());
        let policy = &context.bot.policy;
        policy.decide_on(context.caller, spot, Some(word), Risk::Change)?;
    }
    Ok(())
}

pub(super) async fn silence(
    context: &Context<'_>,
    typed: &str,
    lasts: Duration,
    reason: &str,
) -> Result<Outcome, Trouble> {
    let now = context.bot.clock.now();
    let (fits, of) = meant(context, typed).await?;
    let silence = Silence {
        id: String::new(),
        fits,
        of,
        by: context.caller.to_string(),
        reason: match reason.trim() {
            "" => say!("no reason given"),
            reason => clean(reason),
        },
        from: now,
        until: now.checked_add(lasts).unwrap_or(now),
        ended_by: None,
    };
    permitted(context, "silence", &silence)?;
    let store = context.bot.store.get().await?;
    let kept = silence::add(store, silence).await?;
    store.stir();
    let text = say!(
        "{} is silenced until {} as {}; `unsilence {}` ends it",
        kept.says(),
        minute(kept.until),
        Name::new(&kept.id),
        Name::new(&kept.id)
    );
    context.voice.say(Message::new().line(text)).await;
    Ok(Outcome::Done)
}

/// A pattern, or the troubles of an incident.
async fn meant(
    context: &Context<'_>,
    typed: &str,
) -> Result<(Option<Matcher>, Option<Troubles>), Trouble> {
    let digits = typed.strip_prefix('#').unwrap_or(typed);
    if !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()) {
        let number = Files::number(typed)?;
        let incident = files(context).await?.get(number).await?.incident;
        return Ok((None, Some(Troubles::of(&incident))));
    }
    match Matcher::try_from(typed.to_owned()) {
        Ok(fits) => Ok((Some(fits), None)),
        Err(why) => {
            let text = say!("`{}` is no matcher: {}", clean(typed), why);
            Err(Trouble::new(Outcome::Usage, text))
        }
    }
}

pub(super) async fn silences(context: &Context<'_>) -> Result<Outcome, Trouble> {
    context.may_read(None)?;
    let (store, now) = (context.bot.store.get().await?, context.bot.clock.now());
    let found = silence::in_force(store, now).await?;
    if found.is_empty() {
        let text = say!("nothing is silenced");
        context.voice.say(Message::new().line(text)).await;
        return Ok(Outcome::Done);
    }
    let mut table = Table::new(&["silence", "until", "what", "by", "why"]);
    for silence in &found {
        table.row([
            Line::new().strong(Name::new(&silence.id)),
            minute(silence.until).into(),
            silence.says().into(),
            Clean::from(Name::new(&silence.by)).into(),
            silence.reason.clone().into(),
        ]);
    }
    context.voice.say(Message::new().table(table)).await;
    Ok(Outcome::Done)
}

pub(super) async fn unsilence(context: &Context<'_>, id: &str) -> Result<Outcome, Trouble> {
    let (store, now) = (context.bot.store.get().await?, context.bot.clock.now());
    let found = silence::in_force(store, now).await?;
    let unknown = || {
        let text = say!(
            "no silence `{}` is in force; `silences` lists them",
            clean(id)
        );
        Trouble::new(Outcome::Usage, text)
    };
    let meant = found
        .iter()
        .find(|silence| silence.id == id)
        .ok_or_else(unknown)?;
    permitted(context, "unsilence", meant)?;
    let by = context.caller.to_string();
    silence::end(store, id, &by, now)
        .await?
        .ok_or_else(unknown)?;
    store.stir();
    let text = say!("silence {} has ended", Name::new(id));
    context.voice.say(Message::new().line(text)).await;
    Ok(Outcome::Done)
}
