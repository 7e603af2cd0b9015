//! `stats`: cpu measured against the container's own quota, memory without cache against its limit.

use futures_util::stream::{self, StreamExt};

use super::look::Look;
use crate::action::container::{Container, Status};
use crate::action::stats::Stats;
use crate::bot::{Context, Outcome, Trouble};
use crate::command::Target;
use crate::engine::EngineError;
use crate::evidence::stats::bytes;
use crate::say;
use crate::stack::resolve::Chosen;
use crate::text::{Clean, Line, Message, Name, Style, Table};

/// Above this share of what it may use, a container is shown as in danger.
const HIGH: f64 = 85.0;

const AT_ONCE: usize = 32;

pub(super) async fn stats(context: &Context<'_>, targets: &[Target]) -> Result<Outcome, Trouble> {
    let look = Look::at(context, targets).await?;
    let chosen = look.services(context, targets)?;
    let running: Vec<&Container> = chosen
        .iter()
        .flat_map(Chosen::replicas)
        .filter(|replica| replica.state.status == Status::Running)
        .collect();
    if running.is_empty() {
        context
            .voice
            .say(Message::new().line(say!("nothing runs there, so nothing is used")))
            .await;
        return Ok(Outcome::Done);
    }
    let samples: Vec<_> = running
        .iter()
        .map(|replica| look.host.engine.stats(&replica.id))
        .collect();
    let samples: Vec<Result<Stats, EngineError>> =
        stream::iter(samples).buffered(AT_ONCE).collect().await;
    context.voice.say(message(&running, &samples)).await;
    Ok(Outcome::Done)
}

fn message(running: &[&Container], samples: &[Result<Stats, EngineError>]) -> Message {
    let mut table = Table::new(&[
        "container",
        ">cpu",
        ">of cpus",
        ">throttled",
        ">memory",
        ">limit",
        ">of limit",
        ">pids",
        "net in/out",
        "disk r/w",
    ]);
    let mut high: Vec<Clean> = Vec::new();
    for (replica, sample) in running.iter().zip(samples) {
        let name = Clean::from(Name::new(&replica.name));
        match sample {
            Ok(stats) => {
                if stats.cpu_percent() > HIGH
                    || stats.memory_percent().is_some_and(|share| share > HIGH)
                {
                    high.push(name.clone());
                }
                table.row(row(name, stats));
            }
            Err(error) => table.row([Line::new().strong(name), error.say().into()]),
        }
    }
    let heading = if high.is_empty() {
        Line::new().styled(
            Style::Good,
            say!(
                "{} containers, all under {} % of what they may use",
                running.len(),
                HIGH
            ),
        )
    } else {
        Line::new().styled(
            Style::Bad,
            say!(
                "over {} % of what they may use: {}",
                HIGH,
                Clean::join(&high, ", ")
            ),
        )
    };
    Message::new().heading(heading).table(table)
}

fn row(name: Clean, stats: &Stats) -> Vec<Line> {
    let share = |percent: f64| {
        let style = if percent > HIGH {
            Style::Bad
        } else {
            Style::Plain
        };
        Line::new().styled(style, say!("{:.0} %", percent))
    };
    let pids = match stats.pids_limit {
        Some(limit) => say!("{}/{}", stats.pids, limit),
        None => say!("{}", stats.pids),
    };
    let no_limit = || Line::new().dim(say!("none"));
    vec![
        Line::new().strong(name),
        share(stats.cpu_percent()),
        say!("{:.1}", stats.cpus_allowed).into(),
        say!("{:.0} %", stats.throttled_share * 100.0).into(),
        bytes(stats.memory_used).into(),
        stats
            .memory_limit
            .map_or_else(no_limit, |limit| bytes(limit).into()),
        stats
            .memory_percent()
            .map_or_else(|| Line::new().dim(say!("–")), share),
        pids.into(),
        say!(
            "{} / {}",
            bytes(stats.network_received),
            bytes(stats.network_sent)
        )
        .into(),
        say!("{} / {}", bytes(stats.disk_read), bytes(stats.disk_written)).into(),
    ]
}
