//! Being asked to end while something runs: that is cancelled and goes back as far as it can, then
//! the program ends.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Clones share it. The default is never asked.
#[derive(Debug, Clone, Default)]
pub struct Leave {
    asked: CancellationToken,
    busy: Arc<watch::Sender<bool>>,
}

/// Something runs as long as this is held.
pub(super) struct Busy(Arc<watch::Sender<bool>>);

impl Leave {
    /// Asked by a signal to end, or by a terminal that is gone.
    pub fn on_signals() -> io::Result<Self> {
        let mut ended = signal(SignalKind::terminate())?;
        let mut hung_up = signal(SignalKind::hangup())?;
        let leave = Self::default();
        let asked = leave.asked.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = ended.recv() => {}
                _ = hung_up.recv() => {}
            }
            asked.cancel();
        });
        Ok(leave)
    }

    pub(super) async fn asked(&self) {
        self.asked.cancelled().await;
    }

    pub(super) fn begin(&self) -> Busy {
        self.busy.send_replace(true);
        Busy(Arc::clone(&self.busy))
    }

    /// Asked, and nothing runs any more.
    pub async fn idle(&self) {
        self.asked().await;
        let mut busy = self.busy.subscribe();
        // the sender is ours: it cannot be gone
        let _idle = busy.wait_for(|busy| !busy).await.is_ok();
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}
