//! One turn: new alerts get their place, then time does its work on every incident that goes on.

use jiff::Timestamp;

use super::examine::can_be_seen;
use super::{NEWS, Turn, Work};
use crate::incident::advance::Moment;
use crate::incident::counts::{Gauge, Stage};
use crate::incident::escalate::Called;
use crate::incident::place::Casebook;
use crate::incident::silence::{self, Silence};
use crate::incident::unite::{merge_by_itself, same_cause};
use crate::incident::{Alert, FileError, Filed, Files, Incident, Placed, Shelf, escalate, face};
use crate::store::{AlertRecord, Store};
use crate::text::Name;

/// What a turn found.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) work: Vec<(i64, Work)>,
    /// When the next look is needed.
    pub(super) due: Option<Timestamp>,
}

impl Turn {
    pub(super) async fn take_turn(
        &self,
        store: &Store,
        shelf: &mut Shelf,
    ) -> Result<Seen, FileError> {
        let all_placed = self.place(store, shelf).await?;
        let mut seen = self.advance(store, shelf).await?;
        if !all_placed {
            seen.due = Some(self.bot.clock.now());
        }
        Ok(seen)
    }

    /// What goes on, and what ended lately enough to be opened again.
    async fn live(&self, store: &Store, shelf: &mut Shelf) -> Result<Vec<Filed>, FileError> {
        let now = self.bot.clock.now();
        let reopen = self.bot.conduct.incidents.settings.reopen();
        let since = now.checked_sub(reopen).unwrap_or(now);
        Ok(shelf.live(store, since.as_millisecond()).await?)
    }

    /// Places some of what waits; true when nothing waits any more.
    async fn place(&self, store: &Store, shelf: &mut Shelf) -> Result<bool, FileError> {
        let clock = self.bot.clock;
        let waiting = store.unplaced_alerts().await?;
        self.counts.set(Gauge::Waiting, "", waiting.len());
        if waiting.is_empty() {
            return Ok(true);
        }
        let files = Files { store, clock };
        let settings = &self.bot.conduct.incidents.settings;
        let mut filed = self.live(store, shelf).await?;
        let known = filed.len();
        let was_quiet: Vec<bool> = filed.iter().map(|one| one.incident.is_quiet()).collect();
        let incidents = filed.iter().map(|one| one.incident.clone()).collect();
        let mut book = Casebook::new(settings, incidents, store.next_incident().await?);
        let placed = self.take_in(&mut book, &waiting);
        for (number, incident) in book.into_incidents(clock.now()).into_iter().enumerate() {
            match filed.get_mut(number) {
                Some(filed) => filed.incident = incident,
                None => filed.push(Filed::new(incident)),
            }
        }
        // judged at once: what is silenced is never told, not even for a moment
        let silences = silence::in_force(store, clock.now()).await?;
        let mut called = Vec::new();
        for (number, one) in filed.iter_mut().enumerate() {
            let was_quiet = was_quiet.get(number).copied().unwrap_or_default();
            called.extend(self.judge(&mut one.incident, was_quiet, &silences));
        }
        // before it is written that they were called: a call too many is better than none
        escalate::enqueue(store, clock, &called).await?;
        if files.save(&mut filed, &placed).await? {
            shelf.keep(&filed);
            for one in filed.iter().skip(known) {
                let title = face::title(&one.incident);
                tracing::warn!(target: NEWS, incident = one.incident.id, %title, "something is wrong");
            }
        }
        Ok(false)
    }

    fn take_in(&self, book: &mut Casebook<'_>, waiting: &[AlertRecord]) -> Placed {
        let mut placed = Placed::default();
        let now = self.bot.clock.now();
        for record in waiting {
            let before = book.count();
            // what cannot be read is kept where it is found, and does not hold up the rest
            let alert = serde_json::from_str::<Alert>(&record.body_json).ok();
            match alert.and_then(|alert| book.place(&alert, now)) {
                Some(id) => {
                    let opened = book.count() > before;
                    let label = if opened { "opened" } else { "joined" };
                    self.counts.add(Stage::Grouped, label, 1);
                    placed.alerts.entry(id).or_default().push(record.seq);
                }
                None => {
                    self.counts.add(Stage::Grouped, "astray", 1);
                    placed.astray.push(record.seq);
                }
            }
        }
        placed
    }

    /// Of the stack that is worst off. An alert may come from elsewhere and name a host by a name
    /// that we do not have.
    fn environment(&self, incident: &Incident) -> Name {
        let worst = incident.lead().map(|lead| lead.print.stack.as_str());
        let stack = worst.filter(|stack| !stack.is_empty());
        let stack = Name::new(stack.unwrap_or(&incident.stack));
        let is_ours = self.bot.fleet.names().contains(&incident.host);
        let host = is_ours.then(|| Name::new(&incident.host));
        let environment = self
            .bot
            .policy
            .environment_of((host.as_ref(), Some(&stack)));
        environment.map(Name::new).unwrap_or_default()
    }

    /// Takes an incident to this moment; who is called by it.
    fn judge(
        &self,
        incident: &mut Incident,
        was_quiet: bool,
        silences: &[Silence],
    ) -> Vec<(i64, Called)> {
        incident.environment = self.environment(incident);
        let called = self.moment(silences).advance(incident);
        if !was_quiet && let Some(why) = incident.why_quiet() {
            let reason = why.as_str().split([' ', ':']).next().unwrap_or_default();
            self.counts.add(Stage::Muted, reason, 1);
        }
        let id = incident.id;
        called.into_iter().map(|call| (id, call)).collect()
    }

    /// Two that turned out to have one cause are one from here on; true where there were such.
    async fn unite(
        &self,
        files: Files<'_>,
        filed: &[Filed],
        shelf: &mut Shelf,
    ) -> Result<bool, FileError> {
        let incidents: Vec<&Incident> = filed.iter().map(|one| &one.incident).collect();
        let Some((from, into)) = same_cause(&incidents) else {
            return Ok(false);
        };
        let both = [filed.get(from), filed.get(into)];
        let mut both: Vec<Filed> = both.into_iter().flatten().cloned().collect();
        if let [from, into] = both.as_mut_slice() {
            merge_by_itself(&mut from.incident, &mut into.incident, files.clock.now());
        }
        if files.save(&mut both, &Placed::default()).await? {
            shelf.keep(&both);
        }
        Ok(true)
    }

    fn moment<'m>(&'m self, silences: &'m [Silence]) -> Moment<'m> {
        Moment {
            routes: &self.bot.conduct.incidents,
            silences,
            now: self.bot.clock.now(),
        }
    }

    /// Takes every incident that goes on to this moment, and says what takes longer.
    async fn advance(&self, store: &Store, shelf: &mut Shelf) -> Result<Seen, FileError> {
        let clock = self.bot.clock;
        let files = Files { store, clock };
        let silences = silence::in_force(store, clock.now()).await?;
        let mut filed = self.live(store, shelf).await?;
        while self.unite(files, &filed, shelf).await? {
            filed = self.live(store, shelf).await?;
        }
        filed.retain(|one| !one.incident.is_over());
        self.counts.set(Gauge::Open, "", filed.len());
        let mut called = Vec::new();
        for Filed { incident, .. } in &mut filed {
            let was_quiet = incident.is_quiet();
            called.extend(self.judge(incident, was_quiet, &silences));
        }
        escalate::enqueue(store, clock, &called).await?;
        save(files, shelf, &mut filed).await?;
        let mut seen = Seen::default();
        for Filed { incident, .. } in &filed {
            let moment = self.moment(&silences);
            seen.work.extend(self.work_on(incident, &moment));
            seen.due = [seen.due, moment.due(incident)].into_iter().flatten().min();
        }
        Ok(seen)
    }

    /// What takes longer than a turn.
    fn work_on(&self, incident: &Incident, moment: &Moment<'_>) -> Vec<(i64, Work)> {
        let is_over =
            moment.is_calm(incident) || (moment.is_still(incident) && can_be_seen(incident));
        let look = if incident.unclear {
            Some(Work::Diagnose)
        } else {
            is_over.then_some(Work::Verify)
        };
        let heal = crate::heal::wants(&self.bot, incident).then_some(Work::Heal);
        let work = [look, heal].into_iter().flatten();
        work.map(|work| (incident.id, work)).collect()
    }
}

/// In one go. Where somebody was faster with one of them, each goes alone, and that one waits for
/// the next turn.
async fn save(files: Files<'_>, shelf: &mut Shelf, filed: &mut [Filed]) -> Result<(), FileError> {
    if files.save(filed, &Placed::default()).await? {
        shelf.keep(filed);
        return Ok(());
    }
    for one in filed.chunks_mut(1) {
        if files.save(one, &Placed::default()).await? {
            shelf.keep(one);
        }
    }
    Ok(())
}
