//! Words about incidents: what goes on, who looks after it, what is known of it, when it is over.

use super::{incident_list, silences};
use crate::access::Caller;
use crate::action::Risk;
use crate::bot::states::states;
use crate::bot::{Context, Outcome, Trouble};
use crate::command::IncidentCommand;
use crate::incident::advance::{acknowledge, resolve};
use crate::incident::retro::{Material, retro, timeline};
use crate::incident::unite::merge;
use crate::incident::{Filed, Files, Incident, Kind, Member, Placed, Source, escalate, face};
use crate::report::Report;
use crate::say;
use crate::store::Match;
use crate::survey::Survey;
use crate::text::{Clean, Line, Message, Name, Redactor};

pub(super) async fn incident(
    context: &Context<'_>,
    wanted: &IncidentCommand,
) -> Result<Outcome, Trouble> {
    match wanted {
        IncidentCommand::List { wanted, all } => match wanted.as_deref().map(Files::number) {
            Some(Ok(number)) => show_one(context, number).await,
            _ => incident_list::list(context, wanted.as_deref().unwrap_or_default(), *all).await,
        },
        IncidentCommand::Retro { incident } => document(context, incident).await,
        IncidentCommand::Silence {
            fits,
            lasts,
            reason,
        } => silences::silence(context, fits, *lasts, reason).await,
        IncidentCommand::Silences => silences::silences(context).await,
        IncidentCommand::Unsilence { id } => silences::unsilence(context, id).await,
        IncidentCommand::Merge { from, into } => join(context, from, into).await,
        IncidentCommand::Resolve {
            incident,
            reason,
            anyway,
        } => end(context, incident, reason.as_deref(), *anyway).await,
        IncidentCommand::Ack { incident } => {
            let who = context.caller.to_string();
            let done = change(context, incident, "ack", move |incident, now| {
                acknowledge(incident, &who, now)
            });
            let (done, incident) = done.await?;
            let text = match (done, incident.is_over()) {
                (true, _) => say!("you look after #{} now; nobody else is called", incident.id),
                (false, true) => say!("#{} is over: {}", incident.id, incident.phase.word()),
                (false, false) => say!("you look after #{} already", incident.id),
            };
            answer(context, text).await
        }
        IncidentCommand::Note { incident, text } => {
            let (who, text) = (context.caller.to_string(), clean(text));
            let noted = change(context, incident, "note", move |incident, now| {
                incident.note(now, &who, Kind::Note, text.clone());
            });
            let ((), incident) = noted.await?;
            answer(
                context,
                say!("written into the timeline of #{}", incident.id),
            )
            .await
        }
        IncidentCommand::Assign { incident, who } => assign(context, incident, who).await,
        IncidentCommand::Escalate { incident } => call_next(context, incident).await,
    }
}

pub(super) async fn answer(context: &Context<'_>, text: Clean) -> Result<Outcome, Trouble> {
    context.voice.say(Message::new().line(text)).await;
    Ok(Outcome::Done)
}

pub(super) fn clean(text: &str) -> Clean {
    Redactor::shapes_only().clean(text)
}

pub(super) async fn files<'b>(context: &Context<'b>) -> Result<Files<'b>, Trouble> {
    Ok(Files {
        store: context.bot.store.get().await?,
        clock: context.bot.clock,
    })
}

/// Whether this caller may do this much with the incident's stack.
fn permitted(
    context: &Context<'_>,
    incident: &Incident,
    word: &str,
    risk: Risk,
) -> Result<(), Trouble> {
    let named = |name: &str| Some(Name::new(name)).filter(|name| !name.is_empty());
    let (host, stack) = (named(&incident.host), named(&incident.stack));
    let spot = (host.as_ref(), stack.as_ref());
    let policy = &context.bot.policy;
    policy.decide_on(context.caller, spot, Some(word), risk)?;
    Ok(())
}

async fn change<T>(
    context: &Context<'_>,
    typed: &str,
    word: &str,
    mut change: impl FnMut(&mut Incident, jiff::Timestamp) -> T,
) -> Result<(T, Incident), Trouble> {
    let (files, number) = (files(context).await?, Files::number(typed)?);
    let seen = files.get(number).await?.incident;
    permitted(context, &seen, word, Risk::Change)?;
    let hands = |incident: &mut Incident, now| {
        incident.hands = true;
        change(incident, now)
    };
    Ok(files.change(number, hands).await?)
}

async fn show_one(context: &Context<'_>, number: i64) -> Result<Outcome, Trouble> {
    let files = files(context).await?;
    let incident = files.get(number).await?.incident;
    permitted(context, &incident, "incidents", Risk::Read)?;
    let (log, alerts) = files.story(&incident).await?;
    let material = Material {
        incident: &incident,
        log: &log,
        alerts: &alerts,
        report: None,
    };
    let message = face::message(&incident, &[])
        .line(Line::new().strong("Timeline"))
        .table(timeline(&material));
    context.voice.say(message).await;
    Ok(Outcome::Done)
}

async fn document(context: &Context<'_>, typed: &str) -> Result<Outcome, Trouble> {
    let (files, number) = (files(context).await?, Files::number(typed)?);
    let incident = files.get(number).await?.incident;
    permitted(context, &incident, "retro", Risk::Read)?;
    let (log, alerts) = files.story(&incident).await?;
    let report = report_of(files, &incident).await?;
    let material = Material {
        incident: &incident,
        log: &log,
        alerts: &alerts,
        report: report.as_ref(),
    };
    context.voice.say(retro(&material)).await;
    Ok(Outcome::Done)
}

async fn report_of(files: Files<'_>, incident: &Incident) -> Result<Option<Report>, Trouble> {
    let Some(finding) = &incident.finding else {
        return Ok(None);
    };
    match files.store.report(&finding.report).await? {
        Match::One(record) => Ok(serde_json::from_str(&record.body_json).ok()),
        _ => Ok(None),
    }
}

async fn assign(context: &Context<'_>, typed: &str, who: &str) -> Result<Outcome, Trouble> {
    let now = context.bot.clock.now();
    let people = context.bot.conduct.incidents.people(&[who.to_owned()], now);
    let Some(whom) = people
        .into_iter()
        .next()
        .filter(|who| who.as_str().contains(':'))
    else {
        let text = say!(
            "nobody is called `{}`; write `slack:U123`, `discord:456` or `rota:NAME`",
            clean(who)
        );
        return Err(Trouble::new(Outcome::Usage, text));
    };
    let by = context.caller.to_string();
    let name = whom.clone();
    let done = change(context, typed, "assign", move |incident, now| {
        incident.assigned = Some(name.to_string());
        let text = say!("@{} looks after it", name);
        incident.note(now, &by, Kind::Assigned, text);
    });
    let ((), incident) = done.await?;
    answer(context, say!("#{} is assigned to {}", incident.id, whom)).await
}

/// The next step of the escalation, without waiting for it.
async fn call_next(context: &Context<'_>, typed: &str) -> Result<Outcome, Trouble> {
    let routes = &context.bot.conduct.incidents;
    let called = change(context, typed, "escalate", |incident, now| {
        let step = routes.settings.escalation.get(incident.escalated);
        let tell = step.map(|step| step.tell.clone())?;
        incident.escalated += 1;
        let called = escalate::call(incident, routes, &tell, now, None);
        Some((called, routes.people(&tell, now)))
    });
    let (called, incident) = called.await?;
    let Some((called, people)) = called else {
        let text = say!(
            "nobody is left to be called for #{}; set `incidents.escalation`",
            incident.id
        );
        return Err(Trouble::new(Outcome::Usage, text));
    };
    let called: Vec<_> = called.into_iter().map(|call| (incident.id, call)).collect();
    let store = context.bot.store.get().await?;
    escalate::enqueue(store, context.bot.clock, &called).await?;
    let people: Vec<Clean> = people.iter().map(Clean::from).collect();
    let people = Clean::join(&people, ", ");
    answer(context, say!("calling {} for #{}", people, incident.id)).await
}

async fn join(context: &Context<'_>, from: &str, into: &str) -> Result<Outcome, Trouble> {
    let files = files(context).await?;
    let (from, into) = (Files::number(from)?, Files::number(into)?);
    if from == into {
        let text = say!("#{} is the same incident; name two", from);
        return Err(Trouble::new(Outcome::Usage, text));
    }
    loop {
        let mut pair: Vec<Filed> = vec![files.get(from).await?, files.get(into).await?];
        for filed in &pair {
            permitted(context, &filed.incident, "merge", Risk::Change)?;
            if filed.incident.is_over() {
                let text = say!(
                    "#{} is over: {}",
                    filed.incident.id,
                    filed.incident.phase.word()
                );
                return Err(Trouble::new(Outcome::Usage, text));
            }
        }
        let by = context.caller.to_string();
        if let [from, into] = pair.as_mut_slice() {
            merge(
                &mut from.incident,
                &mut into.incident,
                &by,
                context.bot.clock.now(),
            );
        }
        if files.save(&mut pair, &Placed::default()).await? {
            return answer(context, say!("#{} goes on in #{}", from, into)).await;
        }
    }
}

/// Over only where it looks so, or where somebody says `--anyway`.
async fn end(
    context: &Context<'_>,
    typed: &str,
    reason: Option<&str>,
    anyway: bool,
) -> Result<Outcome, Trouble> {
    let (files, number) = (files(context).await?, Files::number(typed)?);
    let seen = files.get(number).await?.incident;
    permitted(context, &seen, "resolve", Risk::Change)?;
    if seen.is_over() {
        return answer(context, say!("#{} is over already", number)).await;
    }
    let ill = still_ill(context, &seen).await;
    if let (Some(why), false) = (&ill, anyway) {
        let text = say!(
            "#{} does not look over: {}; mend it first, or add `--anyway`",
            number,
            why
        );
        return Err(Trouble::new(Outcome::Failed, text));
    }
    let words = [
        reason.map(clean),
        ill.map(|why| say!("ended anyway, although {}", why)),
    ];
    let words: Vec<Clean> = words.into_iter().flatten().collect();
    let why = if words.is_empty() {
        say!("looked at and well")
    } else {
        Clean::join(&words, "; ")
    };
    let by: &Caller = context.caller;
    let who = by.to_string();
    files
        .change(number, |incident, now| {
            resolve(incident, &who, why.clone(), now);
        })
        .await?;
    answer(context, say!("#{} is over", number)).await
}

/// What is wrong with the services of an incident, or still said to be where no look can tell; that
/// nobody can look counts too.
async fn still_ill(context: &Context<'_>, incident: &Incident) -> Option<Clean> {
    let named = |one: &Member| !one.print.service.is_empty();
    let is_ours = |name: &String| *name == incident.host;
    let here = incident.host.is_empty() || context.bot.fleet.names().iter().any(is_ours);
    let states = if here && incident.members.iter().any(named) {
        match seen(context, incident).await {
            Ok(states) => states,
            Err(why) => return Some(why),
        }
    } else {
        Vec::new()
    };
    if let Some(ill) = states.iter().find_map(|(_, ill)| ill.clone()) {
        return Some(ill);
    }
    // that it died is over when it runs; that it is slow only whoever measures it can say
    let looked_at = |one: &Member| {
        let mut known = states.iter();
        one.source == Source::Events && known.any(|(place, _)| *place == one.place())
    };
    let told = incident.firing().find(|one| !looked_at(one));
    told.map(|one| say!("{} still says: {}", one.source.word(), one.sentence()))
}

async fn seen(
    context: &Context<'_>,
    incident: &Incident,
) -> Result<Vec<(Name, Option<Clean>)>, Clean> {
    let name = Some(incident.host.as_str()).filter(|name| !name.is_empty());
    let host = context.bot.fleet.host(name).await;
    let host = host.map_err(|error| clean(&error.to_string()))?;
    let survey = Survey::take(&host, context.bot.clock, &context.bot.secrets).await;
    let survey = survey.map_err(|error| clean(&error.to_string()))?;
    Ok(states(&survey, &incident.members))
}
