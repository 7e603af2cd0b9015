//! A run's turn: only so many runs go on at the same time. Who waits at a gate lets others go first.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;

#[derive(Debug)]
pub(super) struct Turn<'t> {
    /// `None`: as many as there are.
    slots: Option<&'t Semaphore>,
    /// Whether it holds one of them. The permit itself would tie its owner to one lifetime.
    held: Mutex<bool>,
    /// Steps that are being done.
    busy: AtomicUsize,
}

/// A step is being done: the turn is not given away.
pub(super) struct Working<'w>(&'w AtomicUsize);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<'t> Turn<'t> {
    pub(super) fn among(slots: Option<&'t Semaphore>) -> Self {
        Self {
            slots,
            held: Mutex::new(false),
            busy: AtomicUsize::new(0),
        }
    }

    /// Waits until it is this run's turn, and says so before. `None`: it was stopped meanwhile.
    pub(super) async fn take(
        &self,
        stop: &CancellationToken,
        told: impl Fn(),
    ) -> Option<Working<'_>> {
        self.busy.fetch_add(1, Ordering::Relaxed);
        let working = Working(&self.busy);
        let Some(slots) = self.slots else {
            return Some(working);
        };
        let mut held = self.held.lock().await;
        if *held {
            return Some(working);
        }
        let slot = match slots.try_acquire() {
            Ok(slot) => Some(slot),
            Err(_) => {
                told();
                tokio::select! {
                    slot = slots.acquire() => slot.ok(),
                    () = stop.cancelled() => return None,
                }
            }
        };
        if let Some(slot) = slot {
            slot.forget();
            *held = true;
        }
        Some(working)
    }

    /// Gives the turn away, unless something else of this run is being done.
    pub(super) async fn rest(&self) {
        let mut held = self.held.lock().await;
        // who begins a step is counted before it asks for the turn
        if self.busy.load(Ordering::Relaxed) == 0 {
            give_back(self.slots, &mut held);
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        give_back(self.slots, self.held.get_mut());
    }
}

fn give_back(slots: Option<&Semaphore>, held: &mut bool) {
    if let Some(slots) = slots.filter(|_| std::mem::take(held)) {
        slots.add_permits(1);
    }
}
