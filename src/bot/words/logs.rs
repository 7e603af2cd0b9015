//! `logs`: lines of one or several services, merged by time, searched, followed.

use futures_util::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};
use regex::Regex;

use super::look::Look;
use super::show;
use crate::action::container::Container;
use crate::action::logs::{LogLine, LogQuery, LogStream};
use crate::bot::{Context, Outcome, Reply, Trouble};
use crate::command::LogsCommand;
use crate::engine::EngineError;
use crate::say;
use crate::stack::resolve::Chosen;
use crate::text::{Block, Clean, Line, Message, Name, Redactor, Style};

/// Lines shown when neither a number nor a time is given.
const USUAL_TAIL: usize = 100;

/// With a pattern all these are searched, and only what matches is shown.
const SEARCHED: usize = 20_000;

/// The most lines one answer has.
const MOST: usize = 5_000;

pub(super) async fn logs(context: &Context<'_>, command: &LogsCommand) -> Result<Outcome, Trouble> {
    let look = Look::at(context, &command.targets).await?;
    let chosen = look.services(context, &command.targets)?;
    let containers: Vec<&Container> = chosen.iter().flat_map(Chosen::replicas).collect();
    let reader = Reader::new(&look, command, containers.len() > 1);
    if command.follow {
        return follow(context, &look, &containers, &reader).await;
    }
    let reads: Vec<_> = containers
        .iter()
        .map(|container| read(&look, container, &reader.query))
        .collect();
    let reads: Vec<_> = stream::iter(reads).buffered(8).collect().await;
    let mut merged: Vec<(Name, LogLine)> = Vec::new();
    let mut failures: Vec<(Name, EngineError)> = Vec::new();
    for (container, lines) in containers.iter().zip(reads) {
        let name = Name::new(&container.name);
        match lines {
            Ok(lines) => merged.extend(lines.into_iter().map(|line| (name.clone(), line))),
            Err(error) => failures.push((name, error)),
        }
    }
    if let ([(_, error)], 1) = (failures.as_slice(), containers.len()) {
        return Err(error.clone().into());
    }
    merged.sort_by(|a, b| (a.1.at, &a.0).cmp(&(b.1.at, &b.0)));
    context.voice.say(reader.message(merged, &failures)).await;
    Ok(Outcome::Done)
}

async fn read(
    look: &Look,
    container: &Container,
    query: &LogQuery,
) -> Result<Vec<LogLine>, EngineError> {
    look.host.engine.logs(&container.id, query).await
}

async fn follow(
    context: &Context<'_>,
    look: &Look,
    containers: &[&Container],
    reader: &Reader<'_>,
) -> Result<Outcome, Trouble> {
    let query = LogQuery {
        follow: true,
        ..reader.query.clone()
    };
    let streams = containers.iter().map(|container| {
        let name = Name::new(&container.name);
        look.host
            .engine
            .follow(&container.id, &query)
            .map(move |line| (name.clone(), line))
            .boxed()
    });
    let mut lines = stream::select_all(streams);
    while context.voice.is_heard() {
        match lines.next().await {
            Some((name, Ok(line))) if reader.wants(&line) => {
                context
                    .voice
                    .say(Reply::Streamed(reader.line(&name, &line)))
                    .await;
            }
            Some((_, Ok(_))) => {}
            Some((_, Err(error))) => return Err(error.into()),
            None => break,
        }
    }
    Ok(Outcome::Done)
}

/// How the lines of one command are asked for, picked and written.
struct Reader<'l> {
    query: LogQuery,
    grep: Option<&'l Regex>,
    named: bool,
    timestamps: bool,
    shown: usize,
    redactor: &'l Redactor,
}

impl<'l> Reader<'l> {
    fn new(look: &'l Look, command: &'l LogsCommand, named: bool) -> Self {
        let ago = |span: Option<std::time::Duration>| -> Option<Timestamp> {
            let span = SignedDuration::try_from(span?).ok()?;
            look.survey.at.checked_sub(span).ok()
        };
        let (since, until) = (ago(command.since), ago(command.until));
        let shown = command
            .tail
            .unwrap_or(if since.is_some() { MOST } else { USUAL_TAIL })
            .min(MOST);
        let tail = if command.grep.is_some() {
            SEARCHED
        } else {
            shown
        };
        let query = LogQuery {
            since,
            until,
            tail: Some(tail),
            follow: false,
        };
        Self {
            query,
            grep: command.grep.as_ref(),
            named,
            timestamps: command.timestamps,
            shown,
            redactor: &look.survey.redactor,
        }
    }

    fn wants(&self, line: &LogLine) -> bool {
        self.grep
            .is_none_or(|pattern| pattern.is_match(line.text.expose()))
    }

    fn line(&self, name: &Name, line: &LogLine) -> Line {
        let mut written = Line::new();
        if self.timestamps
            && let Some(at) = line.at
        {
            written = written.dim(say!("{} ", show::clock(at)));
        }
        if self.named {
            written = written.styled(Style::Code, say!("{} ", name));
        }
        let style = if line.stream == LogStream::Stderr {
            Style::Warn
        } else {
            Style::Plain
        };
        written.styled(style, self.redactor.raw(&line.text))
    }

    fn message(&self, lines: Vec<(Name, LogLine)>, failures: &[(Name, EngineError)]) -> Message {
        let wanted: Vec<(Name, LogLine)> = lines
            .into_iter()
            .filter(|(_, line)| self.wants(line))
            .collect();
        let surplus = wanted.len().saturating_sub(self.shown);
        let mut message = Message::new();
        for (name, error) in failures {
            message =
                message.line(Line::new().styled(Style::Bad, say!("{}: {}", name, error.say())));
        }
        if surplus > 0 {
            message = message.line(Line::new().dim(say!("{} older lines are not shown", surplus)));
        }
        if wanted.is_empty() && failures.is_empty() {
            return message.line(self.nothing());
        }
        for (name, line) in wanted.iter().skip(surplus) {
            message.blocks.push(Block::Line(self.line(name, line)));
        }
        message
    }

    fn nothing(&self) -> Clean {
        match (self.grep, self.query.since) {
            (Some(_), _) => say!("no line matches"),
            (None, Some(_)) => say!("nothing was written in that time"),
            (None, None) => say!("nothing was written yet"),
        }
    }
}
