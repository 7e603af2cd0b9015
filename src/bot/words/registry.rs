//! What registries say of their services, beside what Docker says of the containers they run in.
//! The one looks at the process, the other at its surroundings; either can be wrong alone.

use futures_util::future::join_all;

use super::look::Look;
use super::show;
use crate::bot::Context;
use crate::bot::states::called;
use crate::incident::mending::RegistryFile;
use crate::say;
use crate::stack::resolve::Chosen;
use crate::text::{Clean, Line, Name, Style, Table};
use crate::watch::registry::{RegistryPlace, Seen};

/// One registry of the host that was looked at.
pub(super) struct Beside {
    name: Name,
    /// `None`: the file cannot be used.
    seen: Option<Vec<Seen>>,
}

/// Every registry of this host, looked at now. Where something was chosen, only what runs in it.
pub(super) async fn beside(
    context: &Context<'_>,
    look: &Look,
    chosen: Option<&[Chosen<'_>]>,
) -> Vec<Beside> {
    let files = context.bot.conduct.registries.iter();
    let here = files.filter(|file| look.host.name == file.host.as_str());
    let all = join_all(here.map(|file| look_at(context, file))).await;
    let mut all: Vec<Beside> = all
        .into_iter()
        .map(|mut one| {
            if let Some(seen) = &mut one.seen {
                seen.retain(|service| is_meant(context, look, service, chosen));
            }
            one
        })
        .filter(|one| {
            one.seen
                .as_ref()
                .map_or(chosen.is_none(), |seen| !seen.is_empty())
        })
        .collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

async fn look_at(context: &Context<'_>, file: &RegistryFile) -> Beside {
    let name = file.file.file_name().unwrap_or_default().to_string_lossy();
    let place = RegistryPlace {
        name: name.clone().into_owned(),
        file: file.file.clone(),
        host: file.host.clone(),
        stack: file.stack.clone(),
    };
    let bot = context.bot;
    Beside {
        name: Name::new(&name),
        seen: place.look_now(&bot.fleet, &bot.secrets).await.ok(),
    }
}

/// It runs in what was chosen, and whoever asks may read that.
fn is_meant(
    context: &Context<'_>,
    look: &Look,
    service: &Seen,
    chosen: Option<&[Chosen<'_>]>,
) -> bool {
    let found = service.container.as_deref();
    let found = found.and_then(|name| called(&look.survey.inventory, name));
    let stack = match found {
        Some((key, _)) => key.stack.clone(),
        None => Some(service.stack.clone()).filter(|stack| !stack.is_empty()),
    };
    let runs_in = |one: &Chosen<'_>| found.is_some_and(|(key, _)| one.service.key == *key);
    chosen.is_none_or(|chosen| chosen.iter().any(runs_in))
        && context.may_read_on(&look.host.name, stack.as_ref()).is_ok()
}

impl Beside {
    pub(super) fn is_well(&self) -> bool {
        let holds = |seen: &Vec<Seen>| seen.iter().all(|service| service.verdict.is_ok());
        self.seen.as_ref().is_some_and(holds)
    }

    /// For the first line.
    pub(super) fn says(&self) -> Clean {
        let Some(seen) = &self.seen else {
            return say!("{} cannot be read, `dogwatch check` says why", self.name);
        };
        let ill = seen
            .iter()
            .filter(|service| service.verdict.is_err())
            .count();
        match (ill, seen.len()) {
            (0, all) => say!("all {} of {} hold", all, self.name),
            (1, all) => say!("1 of {} of {} does not hold", all, self.name),
            (ill, all) => say!("{} of {} of {} do not hold", ill, all, self.name),
        }
    }

    pub(super) fn table(&self, look: &Look) -> Option<Table> {
        let mut table = Table::new(&["service", "container", "docker", "registry"]);
        for service in self.seen.as_ref()? {
            table.row(row(look, service));
        }
        Some(table)
    }
}

fn row(look: &Look, service: &Seen) -> [Line; 4] {
    let named = service.container.as_deref();
    let found = named.and_then(|name| called(&look.survey.inventory, name));
    let container: Clean = match (found, named) {
        (Some((_, container)), _) => Name::new(&container.name).into(),
        (None, Some(name)) => Name::new(name).into(),
        (None, None) => "–".into(),
    };
    let docker = match (found, named) {
        (Some((_, container)), _) => show::styled(show::state(container)),
        (None, Some(_)) => Line::new().styled(Style::Bad, "there is none"),
        (None, None) => Line::new().dim("–"),
    };
    let registry = match &service.verdict {
        Ok(()) => Line::new().styled(Style::Good, "holds"),
        Err(trouble) => Line::new().styled(Style::Bad, trouble.why.clone()),
    };
    [
        Line::new().strong(service.service.clone()),
        Line::new().plain(container),
        docker,
        registry,
    ]
}
