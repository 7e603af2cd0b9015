//! `hosts`: which engines there are and what each says of itself.

use crate::action::inventory::About;
use crate::bot::{Context, Outcome, Trouble};
use crate::evidence::stats::bytes;
use crate::say;
use crate::text::{Line, Message, Name, Redactor, Style, Table};

pub(super) async fn hosts(context: &Context<'_>) -> Result<Outcome, Trouble> {
    context.may_read(None)?;
    let mut table = Table::new(&[
        "host", "state", "engine", ">cpus", ">memory", ">running", ">stopped", "system",
    ]);
    let names = context.bot.fleet.names();
    let mut unreachable = 0;
    for name in &names {
        let about = match context.bot.fleet.host(Some(name)).await {
            Ok(host) => host.engine.about().await.map_err(|error| error.say()),
            Err(error) => Err(Trouble::from(error).text),
        };
        match about {
            Ok(about) => table.row(row(name, &about)),
            Err(why) => {
                unreachable += 1;
                table.row([
                    Line::new().strong(Name::new(name)),
                    Line::new().styled(Style::Bad, "unreachable"),
                    why.into(),
                ]);
            }
        }
    }
    let heading = match unreachable {
        0 => Line::new().styled(
            Style::Good,
            say!("{} of {} hosts answer", names.len(), names.len()),
        ),
        down => Line::new().styled(
            Style::Bad,
            say!("{} of {} hosts do not answer", down, names.len()),
        ),
    };
    context
        .voice
        .say(Message::new().heading(heading).table(table))
        .await;
    Ok(if unreachable > 0 {
        Outcome::Unreachable
    } else {
        Outcome::Done
    })
}

fn row(name: &str, about: &About) -> Vec<Line> {
    vec![
        Line::new().strong(Name::new(name)),
        Line::new().styled(Style::Good, "answers"),
        say!(
            "{} (API {})",
            Name::new(&about.version),
            Name::new(&about.api_version)
        )
        .into(),
        say!("{}", about.cpus).into(),
        bytes(about.memory).into(),
        say!("{}", about.running).into(),
        say!("{}", about.stopped).into(),
        Redactor::shapes_only().clean(&about.os).into(),
    ]
}
