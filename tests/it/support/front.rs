//! HTTP in front of a bot, with the doors of its chats.

use std::sync::Arc;

use dogwatch::bot::Bot;
use dogwatch::report::Templates;
use dogwatch::web::settings::HttpSettings;
use dogwatch::web::{self, Chats, Doors, Metrics, Site};
use tokio::sync::watch;

use super::wire::bound;

/// Where it listens, for as long as the other is kept.
pub(crate) async fn listening(bot: &Arc<Bot>, chats: Chats) -> (String, watch::Sender<Arc<Site>>) {
    let (listener, base) = bound("http").await;
    let site = Site {
        bot: Arc::clone(bot),
        templates: Arc::new(Templates::built_in()),
    };
    let (site, seen) = watch::channel(Arc::new(site));
    let doors = Doors {
        chats,
        ..Doors::default()
    };
    tokio::spawn(async move {
        let (settings, metrics) = (HttpSettings::default(), Arc::new(Metrics::default()));
        let never = std::future::pending();
        web::serve(listener, &settings, seen, metrics, doors, never).await
    });
    (base, site)
}
