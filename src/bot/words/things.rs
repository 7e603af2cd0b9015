//! `networks`, `volumes`, `images`, `disk`: what a host holds besides containers.

use super::show;
use crate::action::inventory::DiskUse;
use crate::bot::{Context, Outcome, Trouble};
use crate::evidence::stats::bytes;
use crate::say;
use crate::text::{Clean, Line, Message, Name, Style, Table};

fn names<'a>(names: impl IntoIterator<Item = &'a String>) -> Clean {
    let names: Vec<Clean> = names
        .into_iter()
        .map(|name| Name::new(name).into())
        .collect();
    Clean::join(&names, ", ")
}

fn dash_if_empty(text: Clean) -> Line {
    if text.is_empty() {
        Line::new().dim(say!("–"))
    } else {
        text.into()
    }
}

pub(super) async fn networks(context: &Context<'_>) -> Result<Outcome, Trouble> {
    context.may_read(None)?;
    let networks = context.host(None).await?.engine.networks().await?;
    let mut table = Table::new(&["network", "driver", "subnets", "members"]);
    for network in &networks {
        let members: Vec<Clean> = network
            .members
            .iter()
            .map(|(name, address)| say!("{} {}", Name::new(name), Name::new(address)))
            .collect();
        let driver = if network.internal {
            say!("{}, internal", Name::new(&network.driver))
        } else {
            Name::new(&network.driver).into()
        };
        let cells = [Line::new().strong(Name::new(&network.name)), driver.into()];
        table.row(cells.into_iter().chain([
            dash_if_empty(names(&network.subnets)),
            dash_if_empty(Clean::join(&members, ", ")),
        ]));
    }
    context
        .voice
        .say(
            Message::new()
                .heading(say!("{} networks", networks.len()))
                .table(table),
        )
        .await;
    Ok(Outcome::Done)
}

pub(super) async fn volumes(context: &Context<'_>) -> Result<Outcome, Trouble> {
    context.may_read(None)?;
    let volumes = context.host(None).await?.engine.volumes().await?;
    if volumes.is_empty() {
        context
            .voice
            .say(Message::new().line(say!("there are no volumes on this host")))
            .await;
        return Ok(Outcome::Done);
    }
    let mut table = Table::new(&["volume", ">size", "used by", "driver"]);
    for volume in &volumes {
        let size = volume.size.map_or_else(
            || Line::new().dim(say!("unknown")),
            |size| bytes(size).into(),
        );
        let users = if volume.users.is_empty() {
            Line::new().styled(Style::Warn, say!("nobody"))
        } else {
            names(&volume.users).into()
        };
        table.row([
            Line::new().strong(Name::new(&volume.name)),
            size,
            users,
            Clean::from(Name::new(&volume.driver)).into(),
        ]);
    }
    let unused = volumes
        .iter()
        .filter(|volume| volume.users.is_empty())
        .count();
    let total: u64 = volumes.iter().filter_map(|volume| volume.size).sum();
    let heading = say!(
        "{} volumes, {}, {} used by nobody",
        volumes.len(),
        bytes(total),
        unused
    );
    context
        .voice
        .say(Message::new().heading(heading).table(table))
        .await;
    Ok(Outcome::Done)
}

pub(super) async fn images(context: &Context<'_>) -> Result<Outcome, Trouble> {
    context.may_read(None)?;
    let now = context.bot.clock.now();
    let images = context.host(None).await?.engine.images().await?;
    let mut table = Table::new(&["image", ">size", ">age", ">containers"]);
    for image in &images {
        let tags = if image.tags.is_empty() {
            Line::new().dim(say!("untagged"))
        } else {
            Line::new().strong(names(&image.tags))
        };
        table.row([
            tags,
            bytes(image.size).into(),
            show::since(now, image.created).into(),
            say!("{}", image.containers).into(),
        ]);
    }
    let total: u64 = images.iter().map(|image| image.size).sum();
    context
        .voice
        .say(
            Message::new()
                .heading(say!("{} images, {}", images.len(), bytes(total)))
                .table(table),
        )
        .await;
    Ok(Outcome::Done)
}

pub(super) async fn disk(context: &Context<'_>) -> Result<Outcome, Trouble> {
    context.may_read(None)?;
    let usage = context.host(None).await?.engine.disk_usage().await?;
    let parts = [
        ("images", usage.images),
        ("containers", usage.containers),
        ("volumes", usage.volumes),
        ("build cache", usage.build_cache),
    ];
    let mut table = Table::new(&["what", ">count", ">size", ">can be freed"]);
    for (
        name,
        DiskUse {
            count,
            size,
            reclaimable,
        },
    ) in parts
    {
        table.row([
            Line::new().strong(name),
            say!("{}", count).into(),
            bytes(size).into(),
            bytes(reclaimable).into(),
        ]);
    }
    let sum = |pick: fn(&DiskUse) -> u64| -> u64 { parts.iter().map(|(_, part)| pick(part)).sum() };
    let heading = say!(
        "{} used by this engine, {} of it can be freed",
        bytes(sum(|part| part.size)),
        bytes(sum(|part| part.reclaimable))
    );
    context
        .voice
        .say(Message::new().heading(heading).table(table))
        .await;
    Ok(Outcome::Done)
}
