//! The last words of a container, taken at the moment it dies: a moment later it may be started
//! again or removed.

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::time::timeout;

use super::sign::{Ail, Course, Sign};
use crate::action::container::Container;
use crate::action::logs::LogQuery;
use crate::engine::Engine;
use crate::text::{Clean, Redactor};

/// An alert waits no longer for what goes with it.
const PATIENCE: Duration = Duration::from_secs(2);
const AT_ONCE: usize = 12;
/// Bytes of log that go with an alert.
const LONGEST_TAIL: usize = 4000;

/// What could be had.
#[derive(Debug, Default)]
pub(super) struct LastWords {
    pub(super) container: Option<Container>,
    pub(super) log: Option<Clean>,
    /// What its health check printed.
    pub(super) probe: Option<Clean>,
}

/// Looks at all of them at the same time, and gives them back in order.
pub(super) async fn capture(
    engine: &Engine,
    signs: Vec<Sign>,
    lines: usize,
    secrets: &[String],
) -> Vec<(Sign, LastWords)> {
    let look = |sign: Sign| async move {
        let words = match sign.course {
            Course::Began { .. } => last_words(engine, &sign, lines, secrets).await,
            Course::Over(_) => LastWords::default(),
        };
        (sign, words)
    };
    stream::iter(signs.into_iter().map(look))
        .buffered(AT_ONCE)
        .collect()
        .await
}

async fn last_words(engine: &Engine, sign: &Sign, lines: usize, secrets: &[String]) -> LastWords {
    let query = LogQuery {
        tail: Some(lines),
        until: (sign.ail != Ail::Unhealthy).then(|| just_after(sign)),
        ..LogQuery::default()
    };
    let wants_log = lines > 0;
    let (container, log) = tokio::join!(
        timeout(PATIENCE, engine.container(&sign.id)),
        timeout(PATIENCE, async {
            if wants_log {
                engine.logs(&sign.id, &query).await.ok()
            } else {
                None
            }
        })
    );
    let container = container.ok().and_then(Result::ok);
    let redactor = redactor(container.as_ref(), secrets);
    let lines: Vec<Clean> = log
        .ok()
        .flatten()
        .unwrap_or_default()
        .iter()
        .map(|line| redactor.raw(&line.text))
        .filter(|line| !line.as_str().trim().is_empty())
        .collect();
    let probe = container
        .as_ref()
        .filter(|_| sign.ail == Ail::Unhealthy)
        .and_then(|container| container.state.health.as_ref()?.log.last())
        .map(|result| shortened(&redactor.raw(&result.output)))
        .filter(|output| !output.as_str().trim().is_empty());
    LastWords {
        container,
        log: (!lines.is_empty()).then(|| shortened(&Clean::join(&lines, "\n"))),
        probe,
    }
}

/// The words of the life that ended and not those of the next one.
fn just_after(sign: &Sign) -> jiff::Timestamp {
    let moment = jiff::SignedDuration::from_millis(50);
    sign.at.checked_add(moment).unwrap_or(sign.at)
}

/// Knows what is secret in the container's own environment.
fn redactor(container: Option<&Container>, secrets: &[String]) -> Redactor {
    let environment = container
        .into_iter()
        .flat_map(|container| &container.settings.environment)
        .map(|(key, value)| (key.as_str(), value));
    let names = container.into_iter().flat_map(|container| {
        let labels = container.labels.values().map(String::as_str);
        labels.chain([container.name.as_str(), container.image.as_str()])
    });
    let builder = Redactor::builder()
        .environment(environment)
        .known_names(names);
    secrets
        .iter()
        .fold(builder, |builder, secret| builder.secret(secret))
        .build()
}

/// The end counts: that is where the reason stands.
pub(in crate::watch) fn shortened(text: &Clean) -> Clean {
    text.map(|text| {
        let mut from = text.len().saturating_sub(LONGEST_TAIL);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        text.get(from..).unwrap_or_default().trim_end()
    })
}
