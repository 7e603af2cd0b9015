//! Looking at what an incident is about: a diagnosis as soon as it is opened, and whether it is
//! really over. Reads only.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{sleep, timeout};

use super::{NEWS, Turn};
use crate::bot::examine::diagnoses;
use crate::bot::states::{key_of, states};
use crate::diagnose::Diagnosis;
use crate::host::Host;
use crate::incident::advance::{not_well, resolve};
use crate::incident::model::ITSELF;
use crate::incident::{FileError, Files, Finding, Incident, Member, Source};
use crate::report::Report;
use crate::say;
use crate::survey::Survey;
use crate::text::{Clean, Name, Redactor};

/// Nobody waits longer for a cause; the alert itself was told already.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks whether it is over.
const BETWEEN: Duration = Duration::from_secs(5);
const PROOF: usize = 5;
const STEPS: usize = 3;

impl Turn {
    /// Finds the cause, keeps the report, and says so in the incident.
    pub async fn diagnose(&self, id: i64) -> Result<(), FileError> {
        let files = Files {
            store: self.store().await?,
            clock: self.bot.clock,
        };
        let mut incident = files.get(id).await?.incident;
        let looked = timeout(PATIENCE, self.look(&incident)).await;
        let looked = looked.unwrap_or_else(|_| Err(say!("it took too long")));
        let finding = match looked {
            Ok(Some((diagnosis, report))) => {
                files.store.save_report(&(&report).into()).await?;
                Some(finding(&diagnosis, &report))
            }
            Ok(None) => None,
            Err(why) => {
                tracing::warn!(incident = id, %why, "an incident could not be diagnosed");
                None
            }
        };
        let asked = incident.asked;
        incident.finding.clone_from(&finding);
        let past = files.past(&incident).await?;
        let settle = |incident: &mut Incident, now| {
            incident.answered(asked);
            if let Some(finding) = finding.clone() {
                incident.found(finding, past.clone(), now);
            }
        };
        files.change(id, settle).await?;
        Ok(())
    }

    /// Whether it is over: alerts say so, and what can be looked at looks well.
    pub async fn verify(&self, id: i64) -> Result<(), FileError> {
        let files = Files {
            store: self.store().await?,
            clock: self.bot.clock,
        };
        let incident = files.get(id).await?.incident;
        let seen = timeout(PATIENCE, self.states(&incident)).await;
        let seen = seen.unwrap_or_else(|_| Err(say!("the engine took too long to answer")));
        let over = files
            .change(id, |incident, now| conclude(incident, &seen, now))
            .await?
            .0;
        if !over {
            sleep(BETWEEN).await;
        }
        Ok(())
    }

    async fn host(&self, incident: &Incident) -> Result<Host, Clean> {
        let name = Some(incident.host.as_str()).filter(|name| !name.is_empty());
        let host = self.bot.fleet.host(name).await;
        host.map_err(|error| Redactor::shapes_only().clean(&error.to_string()))
    }

    async fn survey(&self, incident: &Incident) -> Result<(Host, Survey), Clean> {
        let host = self.host(incident).await?;
        let survey = self.bot.survey(&host).await;
        let survey = survey.map_err(|error| Redactor::shapes_only().clean(&error.to_string()))?;
        Ok((host, survey))
    }

    async fn look(&self, incident: &Incident) -> Result<Option<(Diagnosis, Report)>, Clean> {
        let Some(lead) = incident
            .lead()
            .filter(|lead| !lead.print.service.is_empty())
        else {
            return Ok(None);
        };
        let (host, survey) = self.survey(incident).await?;
        let Some(key) = key_of(&survey.inventory, lead) else {
            return Ok(None);
        };
        let with = (self.bot.clock, &self.bot.policy);
        let found = diagnoses(&host.engine, &survey, with, &[key]).await;
        Ok(found.into_iter().next())
    }

    /// What is wrong with each service of the incident that this host has; `None`: nothing.
    async fn states(&self, incident: &Incident) -> Result<Vec<(Name, Option<Clean>)>, Clean> {
        if incident
            .members
            .iter()
            .all(|one| one.print.service.is_empty())
        {
            return Ok(Vec::new());
        }
        if !incident.host.is_empty() && !self.bot.fleet.names().contains(&incident.host) {
            return Ok(Vec::new());
        }
        let (_, survey) = self.survey(incident).await?;
        Ok(states(&survey, &incident.members))
    }
}

/// All that is still wrong was seen on the engine, so the engine can be asked whether it is over.
pub(super) fn can_be_seen(incident: &Incident) -> bool {
    let seen =
        |member: &Member| member.source == Source::Events && !member.print.service.is_empty();
    incident.is_firing() && incident.crowd.firing() == 0 && incident.firing().all(seen)
}

/// Ends an incident that is over; whether it was.
fn conclude(
    incident: &mut Incident,
    seen: &Result<Vec<(Name, Option<Clean>)>, Clean>,
    now: Timestamp,
) -> bool {
    if incident.is_over() {
        return true;
    }
    let states = match seen {
        Ok(states) => states,
        Err(why) => {
            not_well(incident, &say!("it could not be verified: {}", why), now);
            return false;
        }
    };
    if let Some(why) = states.iter().find_map(|(_, ill)| ill.clone()) {
        not_well(incident, &why, now);
        return false;
    }
    if incident.is_firing() {
        let known = |member: &Member| states.iter().any(|(place, _)| *place == member.place());
        if !can_be_seen(incident) || !incident.firing().all(known) {
            return false;
        }
    }
    let names: Vec<Clean> = states.iter().map(|(place, _)| place.into()).collect();
    let why = if names.is_empty() {
        say!("it is over: every alert has ended")
    } else {
        say!(
            "it is over: {} looked at and well",
            Clean::join(&names, ", ")
        )
    };
    tracing::info!(target: NEWS, incident = incident.id, %why, "resolved");
    resolve(incident, ITSELF, why, now);
    true
}

/// What was found, as far as an incident shows it. A service at fault may be of another stack than
/// those that suffer.
fn finding(diagnosis: &Diagnosis, report: &Report) -> Finding {
    let root = &report.root_cause;
    let proof = root.evidence.iter().take(PROOF);
    let affected = diagnosis.affected.iter().map(|one| &one.service);
    Finding {
        report: report.id.clone(),
        at: report.created_at,
        cause: root.cause.id().to_owned(),
        confidence: root.confidence.word().into(),
        service: if root.service.is_empty() {
            Name::default()
        } else {
            Name::new(&diagnosis.root.service.to_string())
        },
        summary: if root.summary.is_empty() {
            report.issue.clone()
        } else {
            root.summary.clone()
        },
        proof: proof
            .map(|cited| say!("{} {}: {}", cited.source.word(), cited.service, cited.text))
            .collect(),
        steps: report
            .resolution_steps
            .iter()
            .take(STEPS)
            .map(|step| step.text.clone())
            .collect(),
        dependents: affected
            .filter(|key| **key != diagnosis.root.service)
            .map(|key| Name::new(&key.to_string()))
            .collect(),
    }
}
