//! What every fake at the wire does: it listens where nobody else does, and is waited for.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

/// Nothing that is waited for takes longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_mins(2);

/// A port of its own, as the beginning of a URL.
pub(crate) async fn bound(scheme: &str) -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("{scheme}://{}", listener.local_addr().unwrap());
    (listener, base)
}

/// What is looked for, as soon as it is there; `None` if it never is.
pub(crate) async fn awaited<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let looking = async {
        loop {
            if let Some(found) = look() {
                return found;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, looking).await.ok()
}
