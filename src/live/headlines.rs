//! The first line of each incident for whoever sits at a prompt: said when it changes, in the words
//! that a chat would show at the top of its message.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use super::notice::told_from;
use crate::bot::Bot;
use crate::incident::{Shelf, face};
use crate::say;
use crate::store::StoreError;
use crate::text::{Clean, Message};

/// Without a reason to look, a look is taken after so long.
const LOOK: Duration = Duration::from_secs(1);
/// After a failure of the store.
const PAUSE: Duration = Duration::from_secs(10);
/// So long it is remembered what was said of something that is over.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(1);
/// So many of those that were there before are said; the rest is counted.
const AT_FIRST: usize = 5;

/// Tells until nobody listens any more.
pub async fn tell(bots: watch::Receiver<Arc<Bot>>, to: mpsc::Sender<Message>) {
    tokio::select! {
        () = to.closed() => {}
        () = look_again_and_again(bots, &to) => {}
    }
}

async fn look_again_and_again(bots: watch::Receiver<Arc<Bot>>, to: &mpsc::Sender<Message>) {
    let mut headlines = Headlines::default();
    let mut is_first = true;
    loop {
        let bot = Arc::clone(&bots.borrow());
        let pause = match headlines.look(&bot, to, is_first).await {
            Ok(()) => {
                is_first = false;
                LOOK
            }
            Err(error) => {
                tracing::debug!(%error, "incidents cannot be told here");
                PAUSE
            }
        };
        stirred(&bot, pause).await;
    }
}

/// Until something may have changed.
async fn stirred(bot: &Bot, pause: Duration) {
    let Ok(store) = bot.store.get().await else {
        return sleep(pause).await;
    };
    let mut stirs = store.stirs();
    tokio::select! {
        _ = stirs.changed() => {}
        () = sleep(pause) => {}
    }
}

#[derive(Debug, Default)]
struct Headlines {
    shelf: Shelf,
    said: BTreeMap<i64, Clean>,
}

impl Headlines {
    async fn look(
        &mut self,
        bot: &Bot,
        to: &mpsc::Sender<Message>,
        is_first: bool,
    ) -> Result<(), StoreError> {
        let news = self.news(bot).await?;
        let most = if is_first { AT_FIRST } else { usize::MAX };
        let left_out = news.len().saturating_sub(most);
        let mut messages: Vec<Message> = news
            .into_iter()
            .take(most)
            .map(|heading| Message::new().heading(heading))
            .collect();
        if left_out > 0 {
            let text = say!("{} more go on; `incidents` lists them", left_out);
            messages.push(Message::new().heading(text));
        }
        for message in messages {
            // nobody listens any more: `tell` ends
            let _gone = to.send(message).await.is_err();
        }
        Ok(())
    }

    /// What reads otherwise than at the last look, by number.
    async fn news(&mut self, bot: &Bot) -> Result<Vec<Clean>, StoreError> {
        let (store, now) = (bot.store.get().await?, bot.clock.now());
        let since = now.checked_sub(REMEMBERED).unwrap_or(now);
        let live = self.shelf.live(store, since.as_millisecond()).await?;
        let mut news = Vec::new();
        for incident in live.iter().map(|filed| &filed.incident) {
            if now < told_from(incident, &bot.conduct.incidents) {
                continue;
            }
            let heading = face::heading(incident);
            match self.said.get(&incident.id) {
                Some(said) if *said == heading => continue,
                // nobody has to hear of what was quiet all along, or was over before
                None if incident.is_quiet() || incident.is_over() => continue,
                _ => {}
            }
            self.said.insert(incident.id, heading.clone());
            news.push(heading);
        }
        let shelf = &self.shelf;
        self.said.retain(|id, _| shelf.holds(*id));
        Ok(news)
    }
}
