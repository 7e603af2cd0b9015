//! Tells a chat of one line from beginning to end: answers, and the living message of a run. The
//! work never waits for the chat: what is known is kept in a scene, and the teller sends what is
//! true by the time it can.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::face;
use super::ledger::Open;
use super::scene::{Kind, Said, Scene, Work};
use super::{Ledger, Patience, Place, Posted, Running, Stage, StageError};
use crate::access::Caller;
use crate::bot::{Bot, Outcome, Reply};
use crate::run::Mark;
use crate::text::{Block, Message};

/// Changes gather for so long before they are shown.
const CALM: Duration = Duration::from_millis(1200);
/// Without any change the elapsed time still moves.
const REFRESH: Duration = Duration::from_secs(10);

pub struct Teller<S> {
    pub stage: Arc<S>,
    pub running: Arc<Running>,
}

/// One line being told.
struct Telling<'t, S> {
    stage: &'t S,
    running: &'t Running,
    bot: &'t Bot,
    place: &'t Place,
    by: &'t Caller,
    /// How many of the things said were delivered.
    given: usize,
    living: Option<Living>,
}

struct Living {
    /// None: it was said once and can't be edited.
    posted: Option<Posted>,
    shown: Message,
    /// Steps that the thread knows of.
    told: Vec<Mark>,
}

impl<S: Stage> Teller<S> {
    /// Ends when everything is said. `work` is the bot's; its replies come through `replies`.
    pub async fn tell(
        &self,
        bot: &Bot,
        (place, by): (&Place, &Caller),
        mut replies: mpsc::Receiver<Reply>,
        work: impl Future<Output = Outcome>,
    ) -> Outcome {
        let (scene, seen) = watch::channel(Scene::default());
        let clock = bot.clock;
        let listen = async {
            let hear = async {
                while let Some(reply) = replies.recv().await {
                    scene.send_modify(|scene| scene.take(reply, clock.now()));
                }
            };
            let (outcome, ()) = tokio::join!(work, hear);
            scene.send_modify(|scene| scene.over = Some(outcome));
            outcome
        };
        let telling = Telling {
            stage: &*self.stage,
            running: &self.running,
            bot,
            place,
            by,
            given: 0,
            living: None,
        };
        let (outcome, ()) = tokio::join!(listen, telling.run(seen));
        outcome
    }
}

impl<S: Stage> Telling<'_, S> {
    async fn run(mut self, mut seen: watch::Receiver<Scene>) {
        loop {
            let scene = seen.borrow_and_update().clone();
            match (scene.over, &scene.work) {
                (Some(outcome), Some(work)) => return self.end(work, &scene, outcome).await,
                (Some(_), None) => return self.answer(&scene, scene.count).await,
                (None, Some(work)) => self.show(work, &scene).await,
                (None, None) => self.answer(&scene, scene.count).await,
            }
            let pause = if self.living.is_some() {
                REFRESH
            } else {
                Duration::MAX
            };
            let changed = timeout(pause, seen.changed()).await;
            if matches!(changed, Ok(Err(_))) {
                return;
            }
            // what comes in quick succession is said together; an end is said at once
            let over = seen.wait_for(|scene| scene.over.is_some());
            let _early = timeout(CALM, over).await.is_ok();
        }
    }

    /// Everything that was said and not delivered, each to whom it concerns.
    async fn answer(&mut self, scene: &Scene, until: usize) {
        let fresh = scene.between(self.given, until);
        self.given = until;
        for group in fresh.chunk_by(can_join) {
            let Some(kind) = group.first().map(|said| said.kind) else {
                continue;
            };
            let message = joined(group);
            let public = match kind {
                Kind::Public => true,
                Kind::Answer | Kind::Stream => self.place.shared,
                Kind::Trouble => false,
            };
            if public || self.place.private {
                self.publish(message).await;
            } else if let Err(why) = self.stage.whisper(self.place, &message).await {
                tracing::warn!(%why, "an answer could not be given");
            }
        }
    }

    /// For everybody, and kept in the ledger where a decision is still to come.
    async fn publish(&self, message: Message) {
        let posted = match self.stage.post(self.place, &message, Patience::Long).await {
            Ok(posted) => posted,
            Err(why) => {
                tracing::warn!(%why, "a message could not be posted");
                return;
            }
        };
        if let (Some(posted), Some(run)) = (posted, &message.about) {
            self.keep(run.as_str(), posted).await;
        }
    }

    async fn keep(&self, run: &str, posted: Posted) {
        let open = Open {
            posted,
            by: self.by.to_string(),
            elsewhere: false,
        };
        if let Some(ledger) = self.ledger().await
            && let Err(error) = ledger.open(run, &open).await
        {
            tracing::error!(%error, "a message could not be written down");
        }
    }

    async fn ledger(&self) -> Option<Ledger<'_>> {
        Ledger::of(self.bot, self.stage.name()).await.ok()
    }

    /// The run as it stands now: in the message that offered it, or in one of its own.
    async fn show(&mut self, work: &Work, scene: &Scene) {
        let message = face::going(work, self.by, self.bot.clock.now());
        let Some(mut living) = self.living.take() else {
            self.answer(scene, work.said_before).await;
            self.running.begin(work.run.run.as_str());
            self.living = Some(self.appear(work, message).await);
            return;
        };
        if let Some(posted) = &living.posted
            && living.shown != message
        {
            match self.stage.edit(posted, &message, Patience::Brief).await {
                Ok(()) => living.shown = message,
                Err(why) => tracing::warn!(%why, "a run's message could not be edited"),
            }
            if let Some(below) = face::transitions(work, &living.told)
                && self.stage.reply(posted, &below).await.is_ok()
            {
                living.told.clone_from(&work.headway.marks);
            }
        }
        self.living = Some(living);
    }

    async fn appear(&self, work: &Work, message: Message) -> Living {
        let run = work.run.run.as_str();
        let living = |posted| Living {
            posted,
            shown: message.clone(),
            told: Vec::new(),
        };
        let offered = match self.ledger().await {
            Some(ledger) => ledger.find(run).await.ok().flatten(),
            None => None,
        };
        if let Some(open) = offered
            && self
                .stage
                .edit(&open.posted, &message, Patience::Brief)
                .await
                .is_ok()
        {
            return living(Some(open.posted));
        }
        match self.stage.post(self.place, &message, Patience::Brief).await {
            Ok(posted) => {
                if let Some(posted) = posted.clone() {
                    self.keep(run, posted).await;
                }
                living(posted)
            }
            Err(why) => {
                tracing::warn!(%why, "a run's message could not be posted");
                living(None)
            }
        }
    }

    /// The last words arrive, whatever it takes; in a new message where the old one can't be edited.
    async fn end(mut self, work: &Work, scene: &Scene, outcome: Outcome) {
        let said = scene.between(work.said_before, scene.count);
        if self.living.is_none() {
            self.show(work, scene).await;
        }
        let message = face::ended(work, self.by, self.bot.clock.now(), outcome, said);
        let posted = self.living.take().and_then(|living| living.posted);
        let edited = match &posted {
            Some(posted) => self.stage.edit(posted, &message, Patience::Long).await,
            None => Err(StageError::Refused(
                "there is no message to edit".to_owned(),
            )),
        };
        match (edited, &posted) {
            (Ok(()), Some(posted)) => {
                let heading = message.blocks.first().cloned();
                let below = Message {
                    blocks: heading.into_iter().collect(),
                    ..Message::default()
                };
                if let Err(why) = self.stage.reply(posted, &below).await {
                    tracing::warn!(%why, "a run's end could not be told in its thread");
                }
            }
            (Err(why), _) => {
                tracing::info!(%why, "a run's end is told in a new message");
                self.publish(message).await;
            }
            (Ok(()), None) => {}
        }
        let run = work.run.run.as_str();
        if let Some(ledger) = self.ledger().await
            && let Err(error) = ledger.close(run).await
        {
            tracing::error!(%error, "a message could not be crossed off");
        }
        self.running.end(run);
    }
}

/// Plain answers and streams go together; what has buttons or a file stands alone.
fn can_join(one: &Said, next: &Said) -> bool {
    let bare = |said: &Said| said.message.actions.is_empty() && said.message.whole.is_none();
    one.kind == next.kind && bare(one) && bare(next)
}

fn joined(group: &[Said]) -> Message {
    let mut message = Message::default();
    for block in group.iter().flat_map(|said| &said.message.blocks) {
        match (message.blocks.last_mut(), block) {
            (Some(Block::Code(all)), Block::Code(more)) => all.extend(more.iter().cloned()),
            _ => message.blocks.push(block.clone()),
        }
    }
    for said in group {
        message.actions.extend(said.message.actions.iter().cloned());
        message.about = message.about.or_else(|| said.message.about.clone());
        message.whole = message.whole.or_else(|| said.message.whole.clone());
    }
    message
}
