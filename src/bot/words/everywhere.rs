//! A question to all hosts at once. One that does not answer in time keeps nobody waiting for what
//! the others say.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::look::Look;
use crate::bot::{Context, Outcome, Trouble};
use crate::host::Host;
use crate::say;
use crate::text::{Clean, Name};

/// So long a host may take, reaching it and all.
const PATIENCE: Duration = Duration::from_secs(5);

/// A look at each host, in the order of the names.
pub(super) async fn looks(context: &Context<'_>, names: &[String]) -> Vec<Result<Look, Trouble>> {
    join_all(names.iter().map(|name| look(context, name))).await
}

async fn look(context: &Context<'_>, name: &str) -> Result<Look, Trouble> {
    let look = async {
        let host = reached(context, name).await?;
        Look::taken(context, host).await
    };
    in_time(context, name, look).await
}

/// Goes on when nobody waits for it any more: what comes of it is known to whoever asks next.
pub(super) async fn reached(context: &Context<'_>, name: &str) -> Result<Host, Trouble> {
    let (fleet, host) = (context.bot.fleet.clone(), name.to_owned());
    let reached = tokio::spawn(async move { fleet.host(Some(&host)).await });
    match reached.await {
        Ok(host) => Ok(host?),
        Err(_) => Err(silent(context, name)),
    }
}

/// What a host says, if it says it soon.
pub(super) async fn in_time<T>(
    context: &Context<'_>,
    name: &str,
    answer: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    let answer = timeout(PATIENCE, answer).await;
    answer.unwrap_or_else(|_| Err(silent(context, name)))
}

fn silent(context: &Context<'_>, name: &str) -> Trouble {
    let place = context.bot.fleet.address(name);
    let from = place.map_or_else(Clean::default, |place| say!(" from `{}`", place));
    let text = say!(
        "host `{}`: no answer{} within {} s",
        Name::new(name),
        from,
        PATIENCE.as_secs()
    );
    Trouble::new(Outcome::Unreachable, text)
}
