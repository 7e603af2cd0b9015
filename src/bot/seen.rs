//! What every host had when it was last looked at, for whoever types or opens a form: told at once
//! and looked up anew behind the answer. Whoever acts on a choice looks for himself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, timeout};

use super::Bot;
use super::there::There;
use crate::host::Fleet;
use crate::stack::Inventory;
use crate::text::Name;

/// What was looked at within this is not looked at again.
const FRESH: Duration = Duration::from_secs(5);
/// A look that takes longer is given up. Nobody waits for it, so it may take its time.
const LOOK: Duration = Duration::from_mins(1);
/// So long an answer may be held back for names that are newer, or for the first ones.
const A_MOMENT: Duration = Duration::from_millis(150);
/// A form that lacks a whole host is worth less: chats take one for three seconds.
const FIRST: Duration = Duration::from_millis(1500);

/// By the names of hosts.
#[derive(Debug, Default)]
pub struct Seen(Mutex<BTreeMap<String, Arc<Spot>>>);

/// One host, as far as it was seen.
#[derive(Debug, Default)]
struct Spot {
    sight: Mutex<Sight>,
    /// Held by the look that goes on.
    looking: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Clone, Default)]
struct Sight {
    /// When the last look began.
    began: Option<Instant>,
    /// When the last look ended, whatever came of it.
    looked: Option<Instant>,
    /// A host that is silent now still has what it had.
    inventory: Option<Arc<Inventory>>,
}

impl Bot {
    /// What is known of all hosts; where nothing is known of any, what is known in a moment.
    pub async fn known(&self) -> Vec<There> {
        let spots = self.spots(None);
        for (host, spot) in &spots {
            spot.look_behind(host, look(self.fleet.clone(), host.clone()));
        }
        if !spots.iter().any(|(_, spot)| spot.is_known()) {
            let looks = spots.iter().map(|(_, spot)| spot.looked());
            drop(timeout(A_MOMENT, join_all(looks)).await);
        }
        told(&spots)
    }

    /// Hosts that were never seen are looked at, so that the first who types need not wait.
    pub fn look_ahead(&self) {
        let spots = self.spots(None).into_iter();
        for (host, spot) in spots.filter(|(_, spot)| !spot.is_known()) {
            spot.look_behind(&host, look(self.fleet.clone(), host.clone()));
        }
    }

    /// What is known of all hosts or of the one that is meant, for a form: a host that was never seen is
    /// waited for.
    pub(super) async fn known_for_form(&self, only: Option<&str>) -> Vec<There> {
        let spots = self.spots(only);
        let waits = spots.iter().map(|(host, spot)| async move {
            if spot.look_behind(host, look(self.fleet.clone(), host.clone())) {
                drop(timeout(spot.patience(), spot.looked()).await);
            }
        });
        join_all(waits).await;
        told(&spots)
    }

    fn spots(&self, only: Option<&str>) -> Vec<(String, Arc<Spot>)> {
        let mut spots = locked(&self.conduct.seen.0);
        let names = self.fleet.names().into_iter();
        let meant = names.filter(|name| only.is_none_or(|only| only == name));
        meant
            .map(|name| (name.clone(), Arc::clone(spots.entry(name).or_default())))
            .collect()
    }
}

impl Spot {
    fn is_known(&self) -> bool {
        locked(&self.sight).inventory.is_some()
    }

    /// How long a form waits for the look that goes on: long only for the first, and only once.
    fn patience(&self) -> Duration {
        let Sight { began, looked, .. } = locked(&self.sight).clone();
        match (began, looked) {
            (Some(began), None) => FIRST.saturating_sub(began.elapsed()).max(A_MOMENT),
            _ => A_MOMENT,
        }
    }

    /// Begins a look, unless one goes on or has just ended; whether there is something to wait for.
    fn look_behind(
        self: &Arc<Self>,
        host: &str,
        look: impl Future<Output = Option<Inventory>> + Send + 'static,
    ) -> bool {
        let looked = locked(&self.sight).looked;
        if looked.is_some_and(|at| at.elapsed() < FRESH) {
            return false;
        }
        let Ok(looking) = Arc::clone(&self.looking).try_lock_owned() else {
            return true;
        };
        locked(&self.sight).began = Some(Instant::now());
        let (spot, host) = (Arc::clone(self), host.to_owned());
        tokio::spawn(async move {
            let found = timeout(LOOK, look).await.ok().flatten();
            if found.is_none() {
                tracing::debug!(host, "what it has could not be seen");
            }
            let mut sight = locked(&spot.sight);
            sight.looked = Some(Instant::now());
            sight.inventory = found.map(Arc::new).or(sight.inventory.take());
            drop((sight, looking));
        });
        true
    }

    /// Until the look that goes on has ended.
    async fn looked(&self) {
        drop(self.looking.lock().await);
    }
}

async fn look(fleet: Fleet, host: String) -> Option<Inventory> {
    let host = fleet.host(Some(&host)).await.ok()?;
    let containers = host.engine.containers().await.ok()?;
    Some(Inventory::new(containers))
}

fn told(spots: &[(String, Arc<Spot>)]) -> Vec<There> {
    let known = |(host, spot): &(String, Arc<Spot>)| {
        let inventory = locked(&spot.sight).inventory.clone()?;
        Some((Name::new(host), inventory))
    };
    spots.iter().filter_map(known).collect()
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_known_is_told_while_a_look_hangs_and_one_look_goes_on_at_a_time() {
        let spot = Arc::new(Spot::default());
        assert!(spot.look_behind("vps", ready(Some(Inventory::default()))));
        spot.looked().await;
        assert!(spot.is_known());
        let panics = async { unreachable!("it was looked at a moment ago") };
        assert!(!spot.look_behind("vps", panics));
        tokio::time::advance(FRESH).await;
        assert!(spot.look_behind("vps", pending()));
        assert_eq!(spot.patience(), A_MOMENT);
        let panics = async { unreachable!("one look goes on already") };
        assert!(spot.look_behind("vps", panics));
        assert!(spot.is_known(), "what it had stays known");
        let began = Instant::now();
        spot.looked().await;
        assert_eq!(began.elapsed(), LOOK, "a look does not hang for ever");
        assert!(spot.is_known());
    }

    #[tokio::test(start_paused = true)]
    async fn a_form_waits_for_the_first_look_at_a_host_but_not_again_and_again() {
        let spot = Arc::new(Spot::default());
        assert!(spot.look_behind("vps", pending()));
        assert_eq!(spot.patience(), FIRST);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(spot.patience(), Duration::from_millis(500));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(spot.patience(), A_MOMENT);
        spot.looked().await;
        tokio::time::advance(FRESH).await;
        assert!(spot.look_behind("vps", pending()));
        assert_eq!(spot.patience(), A_MOMENT, "it was silent before");
    }
}
