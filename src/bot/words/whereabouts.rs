//! On which host something is that was named without one: where the configuration says, else where
//! it is seen when all hosts are looked at. What is on several hosts is asked about, never guessed.

use super::everywhere::looks;
use super::look::Look;
use super::one_host::one_host;
use super::run::clean;
use crate::bot::{Context, Outcome, Trouble};
use crate::command::Target;
use crate::command::suggest::nearest;
use crate::command::target::What;
use crate::say;
use crate::stack::{Inventory, ResolveError, Site, resolve};
use crate::text::{Clean, Name};

/// What somebody looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Service,
    ServiceOrStack,
    /// The same, to change it: a host that is silent may have one of that name too.
    ToChange,
}

/// The host that all targets are on, looked at. Without a target the usual one.
pub(super) async fn find(
    context: &Context<'_>,
    targets: &[Target],
    wanted: Wanted,
) -> Result<Look, Trouble> {
    let named = || targets.iter().map(|target| target.host.clone());
    let is_open = named().any(|host| host.is_none());
    if !is_open || context.bot.fleet.names().len() < 2 {
        let host = one_host(named())?;
        return Look::on_host(context, host.as_deref()).await;
    }
    let mut search = Search {
        context,
        wanted,
        seen: None,
    };
    let mut hosts = Vec::new();
    for target in targets {
        hosts.push(Some(match &target.host {
            Some(host) => host.clone(),
            None => search.host_of(target).await?,
        }));
    }
    let host = one_host(hosts)?;
    match search.look_at(host.as_deref()) {
        Some(look) => Ok(look),
        None => Look::on_host(context, host.as_deref()).await,
    }
}

struct Search<'s> {
    context: &'s Context<'s>,
    wanted: Wanted,
    seen: Option<Seen>,
}

/// All hosts at one moment.
struct Seen {
    looks: Vec<Look>,
    silent: Vec<String>,
}

impl Search<'_> {
    fn stacks_too(&self) -> bool {
        self.wanted != Wanted::Service
    }

    async fn host_of(&mut self, target: &Target) -> Result<String, Trouble> {
        if let Some(host) = self.configured(target)? {
            return Ok(host);
        }
        let seen = match self.seen.take() {
            Some(seen) => seen,
            None => look_everywhere(self.context).await,
        };
        let (wanted, stacks_too) = (self.wanted, self.stacks_too());
        let seen = self.seen.insert(seen);
        let mut hosts = Vec::new();
        let mut known = Vec::new();
        let mut refusal = None;
        for look in &seen.looks {
            match look.known_to(self.context) {
                Ok(inventory) => known.push((&look.host.name, inventory)),
                Err(why) => refusal = Some(why),
            }
        }
        for (host, inventory) in &known {
            let sites = &self.context.bot.conduct.sites;
            let called = sites.as_called(host.as_str(), target, stacks_too);
            match resolve(inventory, &called, stacks_too) {
                // told with its candidates when the host is looked at
                Ok(_) | Err(ResolveError::Ambiguous { .. }) => hosts.push(host.to_string()),
                Err(_) => {}
            }
        }
        match (hosts.as_slice(), refusal) {
            ([host], _) if wanted == Wanted::ToChange && !seen.silent.is_empty() => {
                Err(not_sure(host, target, &seen.silent))
            }
            ([host], _) => Ok(host.clone()),
            ([], Some(refusal)) if known.is_empty() => Err(refusal),
            ([], _) => Err(nowhere(target, &known, &seen.silent)),
            (several, _) => {
                let on = |host: &String| clean(&format!("{host}:{target}"));
                let places: Vec<Clean> = several.iter().map(on).collect();
                Err(on_several(target, &places))
            }
        }
    }

    /// Where the stack of a target is configured to run, as far as this caller may know of it.
    fn configured(&self, target: &Target) -> Result<Option<String>, Trouble> {
        let name = match (&target.stack, &target.what) {
            (Some(stack), _) => stack,
            (None, What::Named(name)) if self.stacks_too() => name,
            _ => return Ok(None),
        };
        let may_know = |site: &&Site| {
            let (host, stack) = (Name::new(&site.host), Name::new(&site.project));
            self.context.may_read_on(&host, Some(&stack)).is_ok()
        };
        let sites = &self.context.bot.conduct.sites;
        let meant: Vec<&Site> = sites
            .meant(None, name)
            .into_iter()
            .filter(may_know)
            .collect();
        match meant.as_slice() {
            [] => Ok(None),
            [site] => Ok(Some(site.host.clone())),
            several => {
                let on = |site: &&Site| typed_at(target, site);
                let places: Vec<Clean> = several.iter().map(on).collect();
                Err(on_several(target, &places))
            }
        }
    }

    /// A host that was looked at already need not be looked at again.
    fn look_at(self, host: Option<&str>) -> Option<Look> {
        let looks = self.seen?.looks;
        looks
            .into_iter()
            .find(|look| host.is_some_and(|host| look.host.name == *host))
    }
}

/// Every host that answers in time.
async fn look_everywhere(context: &Context<'_>) -> Seen {
    let names = context.bot.fleet.names();
    let looks = looks(context, &names).await;
    let mut seen = Seen {
        looks: Vec::new(),
        silent: Vec::new(),
    };
    for (name, look) in names.into_iter().zip(looks) {
        match look {
            Ok(look) => seen.looks.push(look),
            Err(_) => seen.silent.push(name),
        }
    }
    seen
}

/// `vps:shop/api (prod)`: how to type a target so that this site is meant.
fn typed_at(target: &Target, site: &Site) -> Clean {
    let by_project = Target {
        stack: target.stack.as_ref().map(|_| site.project.clone()),
        what: match &target.what {
            What::Named(_) if target.stack.is_none() => What::Named(site.project.clone()),
            what => what.clone(),
        },
        host: Some(site.host.clone()),
    };
    let name = clean(&by_project.to_string());
    match &site.environment {
        Some(environment) => say!("{} ({})", name, Name::new(environment)),
        None => name,
    }
}

fn on_several(target: &Target, places: &[Clean]) -> Trouble {
    let text = say!(
        "`{}` is in several places; say which: {}",
        clean(&target.to_string()),
        Clean::join(places, ", ")
    );
    Trouble::new(Outcome::Usage, text)
}

/// Hosts that said nothing may have it: then it is not known to be nowhere.
fn nowhere(target: &Target, known: &[(&Name, Inventory)], silent: &[String]) -> Trouble {
    let typed = target.to_string();
    let hosts: Vec<Clean> = known.iter().map(|(host, _)| (*host).into()).collect();
    let names = known.iter().flat_map(|(host, inventory)| {
        let names = inventory.names().into_iter();
        names.map(move |name| (name, *host))
    });
    let names: Vec<(String, &Name)> = names.collect();
    let near = nearest(&typed, names.iter().map(|(name, _)| name.as_str()));
    let near = names.iter().find(|(name, _)| Some(name.as_str()) == near);
    let hint = near.map_or_else(Clean::default, |(name, host)| {
        say!("; did you mean `{}:{}`?", host, clean(name))
    });
    let text = if hosts.is_empty() {
        say!("where `{}` is could not be found out", clean(&typed))
    } else {
        say!(
            "there is no `{}` on {}{}",
            clean(&typed),
            Clean::join(&hosts, ", "),
            hint
        )
    };
    let outcome = if silent.is_empty() {
        Outcome::Usage
    } else {
        Outcome::Unreachable
    };
    let mut trouble = Trouble::new(outcome, text);
    if !silent.is_empty() {
        trouble.more = vec![say!(
            "{} did not answer, so it may be there; `hosts` says why",
            names_of(silent)
        )];
    }
    trouble
}

fn not_sure(host: &str, target: &Target, silent: &[String]) -> Trouble {
    let (host, typed) = (clean(host), clean(&target.to_string()));
    let text = say!(
        "`{}` is on {}, but {} did not answer and may have one too; write `{}:{}` if that is meant",
        typed,
        host,
        names_of(silent),
        host,
        typed
    );
    Trouble::new(Outcome::Unreachable, text)
}

fn names_of(hosts: &[String]) -> Clean {
    let hosts: Vec<Clean> = hosts.iter().map(|host| Name::new(host).into()).collect();
    Clean::join(&hosts, ", ")
}
