//! How far a `JetStream` consumer is behind, as the server's monitoring address tells it.

use serde::Deserialize;

use super::{Trouble, Verdict};
use crate::say;
use crate::setting::PageUrl;
use crate::text::Name;
use crate::watch::ask::{Asker, Question};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Accounts {
    account_details: Vec<Account>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Account {
    stream_detail: Vec<Stream>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Stream {
    name: String,
    consumer_detail: Option<Vec<Consumer>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Consumer {
    name: String,
    num_pending: u64,
    num_ack_pending: u64,
    num_redelivered: u64,
}

pub(super) async fn look(
    asker: &Asker,
    url: &PageUrl,
    (stream, consumer): (&str, &str),
    most: u64,
) -> Verdict {
    let question = Question {
        method: "GET",
        url,
        wants_body: true,
    };
    let reply = asker.ask(question).await?;
    super::http::status(&[200], reply.status)?;
    let found: Accounts = serde_json::from_slice(&reply.body)
        .map_err(|_| Trouble::from("what answers there is no NATS monitoring address"))?;
    judge(&found, (stream, consumer), most)
}

fn judge(found: &Accounts, (stream, consumer): (&str, &str), most: u64) -> Verdict {
    let (stream_name, consumer_name) = (Name::new(stream), Name::new(consumer));
    let streams = found
        .account_details
        .iter()
        .flat_map(|account| &account.stream_detail);
    let mut named = streams.filter(|found| found.name == stream).peekable();
    if named.peek().is_none() {
        return Err(say!("there is no stream `{}`", stream_name).into());
    }
    let seen = named
        .flat_map(|stream| stream.consumer_detail.iter().flatten())
        .find(|found| found.name == consumer);
    match seen {
        None => Err(say!(
            "stream `{}` has no consumer `{}`",
            stream_name,
            consumer_name
        )
        .into()),
        Some(seen) if seen.num_pending > most => Err(Trouble {
            why: say!(
                "consumer `{}` of `{}` is {} messages behind, more than {}",
                consumer_name,
                stream_name,
                seen.num_pending,
                most
            ),
            details: vec![
                (
                    "waiting for an answer".into(),
                    say!("{}", seen.num_ack_pending),
                ),
                ("sent again".into(), say!("{}", seen.num_redelivered)),
            ],
        }),
        Some(_) => Ok(()),
    }
}
