//! `health`: what needs attention, each with the failing check's own output; with `--all` every
//! service in one table; and beside Docker's health that of the registries. Without a target, on
//! all hosts.

use super::everywhere::looks;
use super::look::Look;
use super::registry::{self, Beside};
use super::{show, status};
use crate::action::container::Container;
use crate::bot::{Context, Outcome, Trouble};
use crate::command::Target;
use crate::evidence::{Fact, state};
use crate::say;
use crate::stack::resolve::Chosen;
use crate::text::{Clean, Line, Message, Name, Style, Table};

pub(super) async fn health(
    context: &Context<'_>,
    targets: &[Target],
    all: bool,
) -> Result<Outcome, Trouble> {
    let names = context.bot.fleet.names();
    if !targets.is_empty() || names.len() < 2 {
        let look = Look::at(context, targets).await?;
        let seen = Seen::at(context, &look, targets).await?;
        let view = View {
            seen: &[seen],
            silent: &[],
            all,
        };
        context.voice.say(view.message()).await;
        return Ok(Outcome::Done);
    }
    let looks = looks(context, &names).await;
    let (mut seen, mut silent) = (Vec::new(), Vec::new());
    for (name, look) in names.iter().zip(&looks) {
        let found = match look {
            Ok(look) => Seen::at(context, look, targets).await,
            Err(trouble) => Err(trouble.clone()),
        };
        match found {
            Ok(found) => seen.push(found),
            Err(trouble) => silent.push((Name::new(name), trouble)),
        }
    }
    let view = View {
        seen: &seen,
        silent: &silent,
        all,
    };
    context.voice.say(view.message()).await;
    let worst = silent.iter().map(|(_, trouble)| trouble.outcome).max();
    Ok(worst.unwrap_or(Outcome::Done))
}

/// What was seen of one host.
struct Seen<'l> {
    look: &'l Look,
    chosen: Vec<Chosen<'l>>,
    registries: Vec<Beside>,
}

impl<'l> Seen<'l> {
    async fn at(
        context: &Context<'_>,
        look: &'l Look,
        targets: &[Target],
    ) -> Result<Self, Trouble> {
        let chosen = look.services(context, targets)?;
        let meant = Some(chosen.as_slice()).filter(|_| !targets.is_empty());
        let registries = registry::beside(context, look, meant).await;
        Ok(Self {
            look,
            chosen,
            registries,
        })
    }

    fn ill(&self) -> impl Iterator<Item = &Chosen<'l>> {
        let chosen = self.chosen.iter();
        chosen.filter(|chosen| !status::is_well(chosen))
    }
}

/// All of it, as it is shown.
struct View<'v> {
    seen: &'v [Seen<'v>],
    /// Hosts that could not be looked at, and why.
    silent: &'v [(Name, Trouble)],
    all: bool,
}

impl View<'_> {
    fn several(&self) -> bool {
        self.seen.len() + self.silent.len() > 1
    }

    fn message(&self) -> Message {
        let mut fields: Vec<(Clean, Line)> = self.silent.iter().map(not_seen).collect();
        for seen in self.seen {
            fields.extend(seen.ill().flat_map(|chosen| self.lines(seen.look, chosen)));
        }
        let mut message = Message::new().heading(self.headline());
        if !fields.is_empty() {
            message = message.fields(fields);
        }
        if self.all {
            message = message.table(self.table());
        }
        for seen in self.seen {
            let tables = seen
                .registries
                .iter()
                .filter_map(|one| one.table(seen.look));
            message = tables.fold(message, Message::table);
        }
        message
    }

    /// The services of the hosts, then those of each registry.
    fn headline(&self) -> Line {
        let ill: usize = self.seen.iter().map(|seen| seen.ill().count()).sum();
        let all: usize = self.seen.iter().map(|seen| seen.chosen.len()).sum();
        let hosts = match self.seen {
            [one] if !self.several() => Clean::from(&one.look.survey.host),
            _ => say!("{} hosts", self.seen.len() + self.silent.len()),
        };
        let mut parts = vec![if ill == 0 {
            say!("all {} services on {} are well", all, hosts)
        } else {
            say!("{} of {} services on {} need attention", ill, all, hosts)
        }];
        let registries = || self.seen.iter().flat_map(|seen| &seen.registries);
        parts.extend(registries().map(Beside::says));
        if !self.silent.is_empty() {
            let names = self.silent.iter().map(|(host, _)| Clean::from(host));
            let names: Vec<Clean> = names.collect();
            parts.push(say!("not seen: {}", Clean::join(&names, ", ")));
        }
        let is_well = ill == 0 && self.silent.is_empty() && registries().all(Beside::is_well);
        let style = if is_well { Style::Good } else { Style::Bad };
        Line::new().styled(style, Clean::join(&parts, "; "))
    }

    fn lines(&self, look: &Look, chosen: &Chosen<'_>) -> Vec<(Clean, Line)> {
        let ill = chosen
            .replicas()
            .iter()
            .filter(|replica| !matches!(show::state(replica).1, Style::Good | Style::Dim));
        let line = |replica: &Container| {
            let (text, style) = show::state(replica);
            let since = show::age(replica, look.survey.at);
            let line = Line::new()
                .styled(style, text)
                .plain(say!(" for {}: ", since))
                .plain(said(look, chosen, replica));
            let name = Name::new(&replica.name);
            let label = if self.several() {
                say!("{}:{}", look.survey.host, name)
            } else {
                name.into()
            };
            (label, line)
        };
        ill.map(line).collect()
    }

    fn table(&self) -> Table {
        let columns = ["host", "stack", "service", "health", ">since", ">restarts"];
        let skipped = usize::from(!self.several());
        let mut table = Table::new(columns.get(skipped..).unwrap_or_default());
        for seen in self.seen {
            for chosen in &seen.chosen {
                for replica in chosen.replicas() {
                    let cells = row(seen.look, chosen, replica);
                    table.row(cells.into_iter().skip(skipped));
                }
            }
        }
        table
    }
}

fn row(look: &Look, chosen: &Chosen<'_>, replica: &Container) -> [Line; 6] {
    let key = &chosen.service.key;
    let stack = key.stack.as_ref().map(Clean::from).unwrap_or_default();
    [
        Line::new().dim(look.survey.host.clone()),
        Line::new().dim(stack),
        Line::new().strong(key.service.clone()),
        show::styled(show::state(replica)),
        show::age(replica, look.survey.at).into(),
        say!("{}", replica.restart_count).into(),
    ]
}

fn not_seen((host, trouble): &(Name, Trouble)) -> (Clean, Line) {
    let line = Line::new()
        .styled(Style::Bad, "✗ ")
        .plain(trouble.text.clone());
    (host.into(), line)
}

/// The failing check's own words, or what the container died of.
fn said(look: &Look, chosen: &Chosen<'_>, replica: &Container) -> Clean {
    let evidence = state::read(
        &chosen.service.key,
        replica,
        &look.survey.redactor,
        &look.survey.signatures,
    );
    let said = evidence
        .iter()
        .rev()
        .find(|item| matches!(item.fact, Fact::Health(_) | Fact::State(_)));
    said.map(|item| item.text.clone()).unwrap_or_default()
}
