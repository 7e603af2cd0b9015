//! Mending by itself: for services that have a rule, within a budget, through the same door as
//! people: a plan, an approval by policy, a journalled run, a report. Never while a person works
//! on it, never what deletes.

mod registry;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::access::{Caller, Surface};
use crate::bot::states::unwell;
use crate::bot::{Bot, Incoming, Outcome, Reply, Voice, What};
use crate::command::{Command, RunCommand};
use crate::incident::counts::Stage;
use crate::incident::mending::{self, HealRule, Verdict};
use crate::incident::model::ITSELF;
use crate::incident::{Counts, FileError, Files, Incident, Kind, Member, Phase, Source};
use crate::run::book::short;
use crate::say;
use crate::store::{RunState, Store, StoreError};
use crate::survey::Survey;
use crate::text::{Block, Clean, Message, Name};

const SCOPE: &str = "heal";
/// What is in the way may be gone after so long.
const AGAIN: SignedDuration = SignedDuration::from_secs(5);

/// What was tried for one service.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Tries {
    at: Vec<Timestamp>,
}

/// Whether this incident is one to mend now.
pub fn wants(bot: &Bot, incident: &Incident) -> bool {
    let now = bot.clock.now();
    incident.phase == Phase::Open
        && !incident.hands
        && !incident.is_quiet()
        && incident.gave_up.is_none()
        && incident.is_firing()
        && incident.try_after.is_none_or(|after| after <= now)
        && rule(bot, incident).is_some()
}

/// What a rule lets be mended, and how.
struct Cure<'b> {
    rule: &'b HealRule,
    /// `stack/service`
    service: Name,
    /// A service of a registry is mended by its own `restart_cmd`.
    registered: Option<Member>,
}

/// The cure for what was found, if a rule has one.
fn rule<'b>(bot: &'b Bot, incident: &Incident) -> Option<Cure<'b>> {
    registered(bot, incident).or_else(|| found(bot, incident))
}

/// Its registry's check is all there is to know of such a service: it is no container of its own.
fn registered<'b>(bot: &'b Bot, incident: &Incident) -> Option<Cure<'b>> {
    let ill = |member: &&Member| member.source == Source::Registry && member.quiet.is_none();
    incident.firing().filter(ill).find_map(|member| {
        let fits = |rule: &&HealRule| {
            rule.runbook.is_none() && rule.causes.is_empty() && rule.fits.fits(member)
        };
        Some(Cure {
            rule: bot.conduct.heal.iter().find(fits)?,
            service: member.place(),
            registered: Some(member.clone()),
        })
    })
}

fn found<'b>(bot: &'b Bot, incident: &Incident) -> Option<Cure<'b>> {
    let finding = incident
        .finding
        .as_ref()
        .filter(|finding| finding.is_decided())?;
    let at_fault = |rule: &HealRule| {
        let mut members = incident.members.iter();
        members.any(|member| member.place() == finding.service && rule.fits.fits(member))
    };
    let mut rules = bot.conduct.heal.iter();
    Some(Cure {
        rule: rules.find(|rule| rule.allows(&finding.cause) && at_fault(rule))?,
        service: finding.service.clone(),
        registered: None,
    })
}

/// One try, or why there is none.
pub async fn mend(bot: &Bot, counts: &Counts, id: i64) -> Result<(), FileError> {
    let files = Files {
        store: bot.store.get().await?,
        clock: bot.clock,
    };
    let incident = files.get(id).await?.incident;
    let Some(cure) = rule(bot, &incident).filter(|_| wants(bot, &incident)) else {
        return Ok(());
    };
    if let Some(why) = in_the_way(bot, files.store, &incident, &cure).await? {
        return wait(files, id, why).await;
    }
    let (rule, key) = (cure.rule, format!("{}:{}", incident.host, cure.service));
    let now = bot.clock.now();
    match mending::judge(rule, &tries(files.store, &key).await?.at, now) {
        Verdict::Wait(until) => {
            let later = |incident: &mut Incident, _| incident.try_after = Some(until);
            files.change(id, later).await?;
        }
        Verdict::Stop => {
            counts.add(Stage::Healed, "gave-up", 1);
            files
                .change(id, |incident, now| give_up(incident, &cure, now))
                .await?;
        }
        Verdict::Go => {
            remember(files.store, rule, &key, now).await?;
            let tried = attempt(bot, &incident, &cure).await;
            counts.add(Stage::Healed, if tried.done { "done" } else { "failed" }, 1);
            files
                .change(id, |incident, now| tell(incident, &cure, &tried, now))
                .await?;
        }
    }
    Ok(())
}

/// Said once: afterwards nothing is tried until the incident is over.
fn give_up(incident: &mut Incident, cure: &Cure<'_>, now: Timestamp) {
    let rule = cure.rule;
    if incident.gave_up.is_some() {
        return;
    }
    let why = say!(
        "stopped trying: `{}` of {} {} times within {} did not help; it is for a person now",
        cure.what(),
        cure.service,
        rule.budget(),
        crate::incident::escalate::length(
            SignedDuration::try_from(rule.window()).unwrap_or_default()
        )
    );
    incident.gave_up = Some(why.clone());
    incident.note(now, ITSELF, Kind::GaveUp, why);
}

async fn wait(files: Files<'_>, id: i64, why: Clean) -> Result<(), FileError> {
    tracing::info!(incident = id, %why, "not mended yet");
    let later = |incident: &mut Incident, now: Timestamp| {
        incident.try_after = now.checked_add(AGAIN).ok();
    };
    files.change(id, later).await?;
    Ok(())
}

/// A person changes the same stack, or something it needs is not well: that comes first.
async fn in_the_way(
    bot: &Bot,
    store: &Store,
    incident: &Incident,
    cure: &Cure<'_>,
) -> Result<Option<Clean>, StoreError> {
    let stack = cure
        .service
        .as_str()
        .split_once('/')
        .map_or("", |(stack, _)| stack);
    let place = format!("{}/{stack}", incident.host);
    let by_person = |run: &crate::store::RunRecord| {
        run.stack_key == place
            && matches!(
                run.state,
                RunState::Running | RunState::Approved | RunState::AwaitingApproval
            )
    };
    if let Some(run) = store
        .unfinished_runs()
        .await?
        .iter()
        .find(|run| by_person(run))
    {
        let by = Name::new(&run.requested_by);
        return Ok(Some(say!(
            "run {} of {} goes on there",
            Name::new(short(&run.id)),
            by
        )));
    }
    if cure.registered.is_some() {
        return Ok(None);
    }
    let Ok(host) = bot.fleet.host(Some(&incident.host)).await else {
        return Ok(Some(say!("its host is not reached")));
    };
    let Ok(survey) = Survey::take(&host, bot.clock, &bot.secrets).await else {
        return Ok(Some(say!("its engine does not answer")));
    };
    let mut services = survey.inventory.services.iter();
    let Some(key) = services.find(|service| cure.service == service.key.to_string().as_str())
    else {
        return Ok(Some(say!("it is not there")));
    };
    let needs = survey.graph.all_needs(&key.key);
    let ill = needs.iter().find_map(|need| {
        let service = survey.inventory.get(need)?;
        Some((need, unwell(service, survey.at)?))
    });
    Ok(ill.map(|(need, why)| say!("it needs {}: {}", need, why)))
}

/// What became of a try.
struct Tried {
    done: bool,
    run: Option<Name>,
    report: Option<Name>,
    said: Clean,
}

async fn attempt(bot: &Bot, incident: &Incident, cure: &Cure<'_>) -> Tried {
    let caller = Caller {
        surface: Surface::Itself,
        id: Name::new("heal"),
        groups: Vec::new(),
    };
    let (voice, mut replies) = Voice::new();
    let mut tried = Tried {
        done: false,
        run: None,
        report: None,
        said: Clean::default(),
    };
    let hear = async {
        while let Some(reply) = replies.recv().await {
            tried.hear(reply);
        }
    };
    let (outcome, ()) = tokio::join!(carry_out(bot, incident, cure, caller, voice), hear);
    tried.done = outcome == Outcome::Done;
    tried
}

/// Through the same door as people.
async fn carry_out(
    bot: &Bot,
    incident: &Incident,
    cure: &Cure<'_>,
    caller: Caller,
    voice: Voice,
) -> Outcome {
    let cancel = CancellationToken::new();
    if let Some(member) = &cure.registered {
        return match registry::plan(bot, member).await {
            Ok(plan) => bot.offer(&caller, &plan, &voice, &cancel).await,
            Err(why) => {
                voice.say(Message::new().line(why)).await;
                Outcome::Failed
            }
        };
    }
    let service = format!("{}:{}", incident.host, cure.service);
    let with = cure.rule.with.iter();
    let with = with.map(|(name, value)| (Some(name.as_str().to_owned()), value.clone()));
    let command = Command::Run(RunCommand {
        runbook: cure.rule.runbook().to_owned(),
        given: [(Some("service".to_owned()), service)]
            .into_iter()
            .chain(with)
            .collect(),
        yes: true,
        ..RunCommand::default()
    });
    let line = Incoming {
        caller,
        what: What::Asked(Box::new(command)),
        interactive: false,
    };
    bot.handle(&line, &voice, &cancel).await
}

impl Cure<'_> {
    /// What is done, in a word.
    fn what(&self) -> Name {
        match &self.registered {
            Some(_) => Name::new("restart_cmd"),
            None => Name::new(self.rule.runbook()),
        }
    }
}

impl Tried {
    fn hear(&mut self, reply: Reply) {
        match reply {
            Reply::Progress(progress) => self.run = Some(progress.run.run.clone()),
            Reply::Report(report) => {
                self.report = Some(Name::new(&report.id));
                self.said = report.issue.clone();
            }
            Reply::Trouble(trouble) => self.said = trouble.text,
            Reply::Both { document, message } => {
                let report = serde_json::from_str::<serde_json::Value>(&document).ok();
                let id = report.and_then(|report| Some(Name::new(report.get("id")?.as_str()?)));
                self.report = id.or_else(|| self.report.take());
                self.said = first_line(&message);
            }
            Reply::Message(message) => self.said = first_line(&message),
            Reply::Streamed(_) => {}
        }
    }
}

fn tell(incident: &mut Incident, cure: &Cure<'_>, tried: &Tried, now: Timestamp) {
    let runbook = cure.what();
    let run = tried.run.as_ref().map_or_else(Clean::default, |run| {
        say!(" (run {})", Name::new(short(run.as_str())))
    });
    let report = tried
        .report
        .as_ref()
        .map_or_else(Clean::default, |id| say!(", report {}", id));
    let end = if tried.done { "done" } else { "not done" };
    let text = say!(
        "mended by itself: `{}` of {}{}: {}{}: {}",
        runbook,
        cure.service,
        run,
        end,
        report,
        tried.said
    );
    incident.note(now, ITSELF, Kind::Healed, text);
    if tried.done {
        incident.mended = Some(say!("`{}`{}", runbook, run));
    } else {
        incident.ask();
    }
    incident.try_after = now.checked_add(AGAIN).ok();
}

async fn tries(store: &Store, key: &str) -> Result<Tries, StoreError> {
    let entry = store.ledger_get(SCOPE, key).await?;
    let read = |json: &str| serde_json::from_str(json).ok();
    Ok(entry
        .and_then(|entry| read(&entry.value_json))
        .unwrap_or_default())
}

/// Written before it is tried: a crash in the middle does not give a try back.
async fn remember(
    store: &Store,
    rule: &HealRule,
    key: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    loop {
        let seen = store.ledger_get(SCOPE, key).await?;
        let mut tries = tries(store, key).await?;
        tries.at = mending::counted(rule, &tries.at, now);
        tries.at.push(now);
        let value = serde_json::to_string(&tries).unwrap_or_default();
        let at = now.as_millisecond();
        let written = match &seen {
            Some(seen) => store.ledger_replace(SCOPE, seen, &value, at).await?,
            None => store.ledger_add(SCOPE, key, &value, at).await?,
        };
        if written.is_some() {
            return Ok(());
        }
    }
}

fn first_line(message: &Message) -> Clean {
    let line = message.blocks.iter().find_map(|block| match block {
        Block::Heading(line) | Block::Line(line) => Some(line),
        _ => None,
    });
    let pieces = line
        .iter()
        .flat_map(|line| line.0.iter().map(|span| &span.text));
    Clean::join(pieces, "")
}
