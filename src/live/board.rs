//! The notice board of one chat: every incident has one message in each channel that its route
//! names, edited in place, with its transitions below it. What is posted and shown is kept, so the
//! board goes on where it was after a restart or an outage, and says nothing twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::lanes::{Lanes, give_back, take};
use super::notice::{Notice, notice, summary, told_from};
use super::pinned::{Pin, Pinned, Pins, digest as digest_of};
use super::{Patience, Place, Posted, Stage, StageError};
use crate::bot::Bot;
use crate::incident::counts::{Gauge, Reason, Stage as Stages};
use crate::incident::digest::{self, Due};
use crate::incident::{Counts, FileError, Incident, Routes, Shelf, face, files};
use crate::store::{Seat, Store};
use crate::text::{Message, Name};

/// Without a reason to look, a look is taken after so long.
const TURN: Duration = Duration::from_secs(1);
/// What ended longer ago is not told any more.
const STALE: SignedDuration = SignedDuration::from_hours(72);

pub struct Board<S> {
    pub stage: Arc<S>,
    pub bots: watch::Receiver<Arc<Bot>>,
    pub counts: Arc<Counts>,
}

impl<S: Stage> Board<S> {
    /// Goes on until the program stops.
    pub async fn run(self, stop: CancellationToken) {
        let (this, lanes) = (Arc::new(self), Arc::new(Mutex::new(Lanes::default())));
        let mut work = JoinSet::new();
        let turns = async {
            let _seat = this.seat().await;
            let mut shelf = Shelf::default();
            loop {
                if let Err(error) = Self::turn(&this, &lanes, &mut shelf, &mut work).await {
                    tracing::error!(%error, "a board could not be looked after; trying again");
                    sleep(TURN).await;
                }
                while work.try_join_next().is_some() {}
            }
        };
        tokio::select! {
            () = turns => {}
            () = stop.cancelled() => {}
        }
    }

    /// Of several programs on one store, one speaks in a chat.
    async fn seat(&self) -> Seat {
        loop {
            let bot = Arc::clone(&self.bots.borrow());
            match bot.store.get().await {
                Ok(store) => return store.seat(&format!("board-{}", self.stage.name())).await,
                Err(error) => tracing::error!(%error, "a board has nothing to show yet"),
            }
            sleep(TURN).await;
        }
    }

    async fn turn(
        this: &Arc<Self>,
        lanes: &Arc<Mutex<Lanes>>,
        shelf: &mut Shelf,
        work: &mut JoinSet<()>,
    ) -> Result<(), FileError> {
        let began = Instant::now();
        let bot = Arc::clone(&this.bots.borrow());
        let store = bot.store.get().await?.clone();
        let mut stirs = store.stirs();
        let (notices, wait) = this.wanted(&bot, &store, shelf).await?;
        let untold: usize = notices.values().map(Vec::len).sum();
        this.counts.set(Gauge::Untold, this.stage.name(), untold);
        for (channel, notices) in notices {
            if !take(lanes, &channel) {
                continue;
            }
            let (this, bot, lanes, store) = (
                Arc::clone(this),
                Arc::clone(&bot),
                Arc::clone(lanes),
                store.clone(),
            );
            work.spawn(async move {
                let done = this.write(&bot, &store, &channel, &notices).await;
                give_back(&lanes, &channel, done);
                store.stir();
            });
        }
        // while incidents change all the time, half of it is left to others
        let rest = began.elapsed().min(TURN);
        sleep(rest).await;
        tokio::select! {
            _ = stirs.changed() => {}
            () = sleep(wait.saturating_sub(rest)) => {}
        }
        Ok(())
    }

    /// What is not shown yet as it should be, by channel; and when to look again.
    async fn wanted(
        &self,
        bot: &Bot,
        store: &Store,
        shelf: &mut Shelf,
    ) -> Result<(BTreeMap<String, Vec<Notice>>, Duration), FileError> {
        let (clock, chat) = (bot.clock, self.stage.name());
        let now = clock.now();
        let since = now.checked_sub(STALE).unwrap_or(now).as_millisecond();
        let filed = shelf.live(store, since).await?;
        let pins = Pins { store, clock, chat };
        let pinned = pins.all().await?;
        let mut wanted: BTreeMap<String, Vec<Notice>> = BTreeMap::new();
        let mut wait = TURN;
        for filed in filed {
            let incident = &filed.incident;
            let due = told_from(incident, &bot.conduct.incidents);
            if now < due {
                wait = wait.min(Duration::try_from(due.duration_since(now)).unwrap_or(TURN));
                continue;
            }
            let known = pinned.of(&incident.id.to_string());
            for (channel, called) in self.channels(incident, &bot.conduct.incidents, now, &known) {
                let notice = notice(&filed, &called);
                if notice.is_due(pinned.get(&notice.name, &channel)) {
                    wanted.entry(channel).or_default().push(notice);
                }
            }
        }
        for (channel, notice) in self.digests(bot, store, &pinned).await? {
            wanted.entry(channel).or_default().push(notice);
        }
        pins.tidy(&pinned, shelf).await?;
        Ok((wanted, wait))
    }

    /// Where it is told, and where it was told before its route changed.
    fn channels(
        &self,
        incident: &Incident,
        routes: &Routes,
        now: Timestamp,
        known: &[String],
    ) -> BTreeMap<String, Vec<Name>> {
        let chat = self.stage.name();
        let routed = routes.channels(incident, now).into_iter();
        let mut channels: BTreeMap<String, Vec<Name>> = routed
            .filter(|(address, _)| address.chat == chat)
            .map(|(address, called)| (address.channel, called.into_iter().collect()))
            .collect();
        for channel in known {
            channels.entry(channel.clone()).or_default();
        }
        channels
    }

    async fn digests(
        &self,
        bot: &Bot,
        store: &Store,
        pinned: &Pinned,
    ) -> Result<Vec<(String, Notice)>, FileError> {
        let mut notices = Vec::new();
        for entry in store.ledger_list(digest::SCOPE).await? {
            let Ok(due) = serde_json::from_str::<Due>(&entry.value_json) else {
                continue;
            };
            let name = format!("digest {}", entry.name);
            let here = due.to.iter().filter(|to| to.chat == self.stage.name());
            for address in here.filter(|to| pinned.get(&name, &to.channel).is_none()) {
                let notice = Notice {
                    name: name.clone(),
                    message: summary(bot, store, &due).await?,
                    standing: None,
                    log: None,
                    version: 0,
                    fresh: true,
                };
                notices.push((address.channel.clone(), notice));
            }
        }
        Ok(notices)
    }

    /// Brings a channel up to date, one thing after the other.
    async fn write(
        &self,
        bot: &Bot,
        store: &Store,
        channel: &str,
        notices: &[Notice],
    ) -> Result<(), StageError> {
        let pins = Pins {
            store,
            clock: bot.clock,
            chat: self.stage.name(),
        };
        for notice in notices {
            self.bring(&pins, channel, notice).await?;
        }
        Ok(())
    }

    async fn bring(
        &self,
        pins: &Pins<'_>,
        channel: &str,
        notice: &Notice,
    ) -> Result<(), StageError> {
        let mut pin = pins
            .get(&notice.name, channel)
            .await
            .map_err(store_failed)?;
        let digest = digest_of(&notice.message);
        let keep = async |pin: &Pin| {
            pins.set(&notice.name, channel, pin)
                .await
                .map_err(store_failed)
        };
        match pin.posted.clone() {
            None => {
                // what happened before is in the message itself
                pin.told = self.written_so_far(pins, notice).await?;
                let sent = Sent {
                    place: Place {
                        channel: channel.to_owned(),
                        ..Place::default()
                    },
                    message: notice.message.clone().about(notice.about()),
                    again: std::mem::replace(&mut pin.begun, true),
                };
                keep(&pin).await?;
                pin.posted = self.post_once(sent).await?;
                pin.digest = digest;
                keep(&pin).await?;
            }
            Some(posted) if pin.digest != digest => {
                let edited = self
                    .stage
                    .edit(&posted, &notice.message, Patience::Brief)
                    .await;
                match self.heard(edited) {
                    Ok(()) => pin.digest = digest,
                    Err(StageError::Refused(why)) => {
                        // somebody deleted it: whoever looks for it finds a new one
                        tracing::info!(notice = notice.name, why, "a message is posted anew");
                        pin.posted = None;
                    }
                    Err(why) => return Err(why),
                }
                keep(&pin).await?;
            }
            Some(_) => {}
        }
        self.thread(pins, channel, notice, &mut pin).await?;
        pin.version = notice.version;
        keep(&pin).await
    }

    async fn written_so_far(&self, pins: &Pins<'_>, notice: &Notice) -> Result<i64, StageError> {
        let Some(incident) = notice.log else {
            return Ok(0);
        };
        let log = pins.store.incident_log(incident, 0).await;
        Ok(log
            .map_err(store_failed)?
            .last()
            .map_or(0, |entry| entry.seq))
    }

    /// The lines below the message, and the mark beside it.
    async fn thread(
        &self,
        pins: &Pins<'_>,
        channel: &str,
        notice: &Notice,
        pin: &mut Pin,
    ) -> Result<(), StageError> {
        let (Some(posted), Some(incident)) = (pin.posted.clone(), notice.log) else {
            return Ok(());
        };
        let log = pins.store.incident_log(incident, pin.told).await;
        for record in log.map_err(store_failed)? {
            if record.told {
                let about = Name::new(&format!("{}-{}", notice.about(), record.seq));
                let message = face::line(&files::entry(&record), self.stage.name());
                let sent = Sent {
                    place: Place {
                        channel: posted.channel.clone(),
                        thread: Some(posted.id.clone()),
                        ..Place::default()
                    },
                    message: message.about(about),
                    again: std::mem::replace(&mut pin.telling, record.seq) == record.seq,
                };
                pins.set(&notice.name, channel, pin)
                    .await
                    .map_err(store_failed)?;
                self.post_once(sent).await?;
            }
            pin.told = record.seq;
            pins.set(&notice.name, channel, pin)
                .await
                .map_err(store_failed)?;
        }
        if let Some(standing) = notice.standing.filter(|now| pin.standing != Some(*now)) {
            self.heard(self.stage.mark(&posted, standing).await)?;
            pin.standing = Some(standing);
        }
        Ok(())
    }

    /// Posts a message unless it is there already: the last try may have arrived unheard, and as it
    /// was then.
    async fn post_once(&self, sent: Sent) -> Result<Option<Posted>, StageError> {
        if sent.again
            && let Some(posted) = self.stage.recall(&sent.place, &sent.message).await?
        {
            let edited = self
                .stage
                .edit(&posted, &sent.message, Patience::Brief)
                .await;
            return self.heard(edited).map(|()| Some(posted));
        }
        let posted = self.stage.post(&sent.place, &sent.message, Patience::Brief);
        self.heard(posted.await)
    }

    /// Counts what a chat took and what it did not.
    fn heard<T>(&self, sent: Result<T, StageError>) -> Result<T, StageError> {
        let name = self.stage.name();
        match &sent {
            Ok(_) => self.counts.add(Stages::Sent, name, 1),
            Err(StageError::Refused(_)) => self.counts.failed(name, Reason::Refused),
            Err(StageError::Unreachable(_)) => self.counts.failed(name, Reason::Unreachable),
        }
        sent
    }
}

/// A message on its way.
struct Sent {
    place: Place,
    message: Message,
    /// It was tried before.
    again: bool,
}

fn store_failed(error: impl std::fmt::Display) -> StageError {
    StageError::Unreachable(error.to_string())
}
