//! `inspect` and `top`: one service's settings, and the processes inside it.

use super::look::Look;
use super::show;
use crate::action::container::{Container, Status};
use crate::bot::{Context, Outcome, Trouble};
use crate::command::Target;
use crate::evidence::stats::bytes;
use crate::say;
use crate::stack::Service;
use crate::survey::Survey;
use crate::text::{Clean, Line, Message, Name, Table};

pub(super) async fn inspect(context: &Context<'_>, target: &Target) -> Result<Outcome, Trouble> {
    let look = Look::at_service(context, target).await?;
    let chosen = look.service(context, target)?;
    for replica in chosen.replicas() {
        context
            .voice
            .say(message(&look.survey, chosen.service, replica))
            .await;
    }
    Ok(Outcome::Done)
}

fn message(survey: &Survey, service: &Service, container: &Container) -> Message {
    let (state, style) = show::state(container);
    let name = Name::new(&container.name);
    let heading = Line::new()
        .strong(&name)
        .plain(say!(" "))
        .styled(style, state)
        .plain(say!(" for {}", show::age(container, survey.at)));
    let mut fields = what_runs(survey, container);
    fields.extend(limits(container));
    fields.extend(surroundings(survey, service, container));
    fields.extend(environment(survey, container));
    fields.retain(|(_, line)| line.0.iter().any(|span| !span.text.is_empty()));
    Message::new().heading(heading).fields(fields)
}

fn field(label: &'static str, value: impl Into<Line>) -> (Clean, Line) {
    (label.into(), value.into())
}

fn what_runs(survey: &Survey, container: &Container) -> Vec<(Clean, Line)> {
    let settings = &container.settings;
    let words = settings
        .entrypoint
        .iter()
        .chain(&settings.command)
        .map(|word| survey.redactor.raw(word));
    let health = settings.health_test.as_ref().map(|test| {
        let words: Vec<Clean> = test
            .test
            .iter()
            .skip(1)
            .map(|word| survey.redactor.raw(word))
            .collect();
        let (interval, limit) = (test.interval.as_secs(), test.timeout.as_secs());
        say!(
            "{} (every {} s, limit {} s, {} tries)",
            Clean::join(&words, " "),
            interval,
            limit,
            test.retries
        )
    });
    let policy = &container.restart_policy;
    let most = if policy.maximum > 0 {
        say!(", at most {}", policy.maximum)
    } else {
        Clean::default()
    };
    vec![
        field("image", Name::new(&container.image)),
        field(
            "command",
            Line::new().styled(
                crate::text::Style::Code,
                Clean::join(&words.collect::<Vec<_>>(), " "),
            ),
        ),
        field(
            "user",
            Name::new(if settings.user.is_empty() {
                "root"
            } else {
                &settings.user
            }),
        ),
        field("health check", health.unwrap_or_else(|| say!("none"))),
        field(
            "restarts",
            say!(
                "{} (policy {}{})",
                container.restart_count,
                Name::new(&policy.name),
                most
            ),
        ),
        field("engine said", survey.redactor.raw(&container.state.error)),
    ]
}

fn limits(container: &Container) -> Vec<(Clean, Line)> {
    let limits = container.limits;
    let memory = limits.memory.map_or_else(|| say!("no limit"), bytes);
    let cpus = limits
        .cpus
        .map_or_else(|| say!("no limit"), |cpus| say!("{:.2}", cpus));
    let pids = limits
        .pids
        .map_or_else(|| say!("no limit"), |pids| say!("{}", pids));
    vec![field(
        "limits",
        say!("memory {}, cpus {}, pids {}", memory, cpus, pids),
    )]
}

fn surroundings(survey: &Survey, service: &Service, container: &Container) -> Vec<(Clean, Line)> {
    let networks = container
        .networks
        .iter()
        .map(|a| say!("{} {}", Name::new(&a.network), Name::new(&a.address)));
    let mounts = container.mounts.iter().map(|mount| {
        let source = mount.name.as_deref().unwrap_or(&mount.source);
        let mode = if mount.read_only { " (read-only)" } else { "" };
        say!(
            "{} → {}{}",
            survey.redactor.clean(source),
            survey.redactor.clean(&mount.destination),
            mode
        )
    });
    let needs = survey
        .graph
        .needs(&service.key)
        .into_iter()
        .map(|(key, why)| say!("{} ({})", key.service, why.say()));
    let needed = survey
        .graph
        .needed_by(&service.key)
        .into_keys()
        .map(|key| Clean::from(&key.service));
    vec![
        field("networks", Clean::join(&networks.collect::<Vec<_>>(), ", ")),
        field("mounts", Clean::join(&mounts.collect::<Vec<_>>(), ", ")),
        field("needs", Clean::join(&needs.collect::<Vec<_>>(), ", ")),
        field("needed by", Clean::join(&needed.collect::<Vec<_>>(), ", ")),
    ]
}

/// Names and values; what looks secret shows its name only.
fn environment(survey: &Survey, container: &Container) -> Vec<(Clean, Line)> {
    let variable = |(key, value): (&String, &crate::text::Raw)| {
        say!("{}={}", Name::new(key), survey.redactor.value(key, value))
    };
    let lines: Vec<Clean> = container
        .settings
        .environment
        .iter()
        .map(variable)
        .collect();
    vec![field("environment", Clean::join(&lines, "  "))]
}

pub(super) async fn top(context: &Context<'_>, target: &Target) -> Result<Outcome, Trouble> {
    let look = Look::at_service(context, target).await?;
    let chosen = look.service(context, target)?;
    let running: Vec<&Container> = chosen
        .replicas()
        .iter()
        .filter(|replica| replica.state.status == Status::Running)
        .collect();
    if running.is_empty() {
        let text = say!(
            "{} does not run, so it has no processes; try `diagnose {}`",
            chosen.service.name(),
            chosen.service.name()
        );
        return Err(Trouble::new(Outcome::Failed, text));
    }
    for replica in running {
        let top = look.host.engine.top(&replica.id).await?;
        let mut table = Table::new(&["pid", "user", ">cpu", "started", "command"]);
        let column = |title: &str| top.titles.iter().position(|known| known == title);
        let columns = ["PID", "UID", "C", "STIME", "CMD"].map(column);
        for row in &top.rows {
            let cell = |at: &Option<usize>| {
                at.and_then(|at| row.get(at))
                    .map(|text| survey_text(&look.survey, text))
                    .unwrap_or_default()
            };
            table.row(columns.iter().map(|at| Line::from(cell(at))));
        }
        let heading = say!("{}: {} processes", Name::new(&replica.name), top.rows.len());
        context
            .voice
            .say(Message::new().heading(heading).table(table))
            .await;
    }
    Ok(Outcome::Done)
}

fn survey_text(survey: &Survey, text: &crate::text::Raw) -> Clean {
    survey.redactor.raw(text)
}
