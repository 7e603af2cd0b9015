//! Steps about a stack as a whole: the exact argument vectors of its programs, the commits of its
//! checkout, the images that run. Everything that is fixed here is what is done later.

use std::collections::BTreeMap;
use std::time::Duration;

use super::single::Doings;
use super::steps::Doing;
use super::{BindError, Binder, Bound, Values};
use crate::action::operate::{Call, Checkout, KeptImage, Verb};
use crate::action::{Action, Risk};
use crate::runbook::plan::HEALTH_LIMIT;
use crate::runbook::steps::{ComposeArgs, StepSpec};
use crate::runbook::template::{OneOrMany, Text};
use crate::say;
use crate::stack::revisions::short;
use crate::stack::{Key, Site};
use crate::text::{Clean, Name, Redactor};

/// Why a step cannot be planned, for people.
fn refuse<T>(why: impl Into<String>) -> Bound<T> {
    Err(BindError::one(why))
}

impl<'b> Binder<'b> {
    /// `None`: it is no step of this kind.
    pub(super) fn operating(
        &mut self,
        step: &StepSpec,
        limit: Option<Duration>,
        scope: &Values,
    ) -> Option<Doings> {
        let verbs: [(&Option<ComposeArgs>, Verb); 4] = [
            (&step.compose_build, Verb::Build),
            (&step.compose_pull, Verb::Pull),
            (&step.compose_down, Verb::Down),
            (&step.compose_config, Verb::Config),
        ];
        for (args, verb) in verbs {
            if let Some(args) = args {
                return Some(self.compose(verb, &args.stack, &args.services, (limit, scope)));
            }
        }
        if let Some(args) = &step.compose_up {
            let verb = if args.as_built {
                Verb::UpAsBuilt
            } else {
                Verb::Up
            };
            return Some(self.compose(verb, &args.stack, &args.services, (limit, scope)));
        }
        if let Some(args) = &step.compose_run {
            return Some(self.task(&args.stack, &args.task, limit, scope));
        }
        if let Some(args) = &step.program_run {
            return Some(self.program(&args.stack, &args.argv, limit, scope));
        }
        self.moving(step, limit, scope)
    }

    fn moving(
        &mut self,
        step: &StepSpec,
        limit: Option<Duration>,
        scope: &Values,
    ) -> Option<Doings> {
        if let Some(args) = &step.checkout {
            return Some(self.checkout(&args.stack, &args.to, scope));
        }
        if let Some(args) = &step.keep_images {
            return Some(self.keep_images(&args.stack, scope));
        }
        if let Some(args) = &step.restore_images {
            return Some(self.restore_images(&args.stack, &args.to, scope));
        }
        if let Some(args) = &step.preflight {
            return Some(self.site(&args.stack, scope, Risk::Read).map(|site| {
                let project = site.project.clone();
                one(
                    Action::Preflight { project },
                    say!("check that everything is there for {}", named(site)),
                )
            }));
        }
        if let Some(args) = &step.drift {
            return Some(self.site(&args.stack, scope, Risk::Read).map(|site| {
                let project = site.project.clone();
                one(
                    Action::Drift { project },
                    say!("compare what runs of {} with its files", named(site)),
                )
            }));
        }
        if let Some(args) = &step.stack_well {
            let limit = limit.unwrap_or(HEALTH_LIMIT);
            let project = args.stack.fill(&scope.texts);
            let says = say!("wait until all of {} is well", self.clean(&project));
            return Some(Ok(one(Action::StackWell { project, limit }, says)));
        }
        None
    }

    /// The configured site of a stack on this host.
    fn site(&mut self, text: &Text, scope: &Values, risk: Risk) -> Bound<&'b Site> {
        let typed = text.fill(&scope.texts);
        let host = self.world.host.as_str();
        let Some(site) = self.world.grounds.sites.at(host, &typed) else {
            return refuse(format!(
                "`{typed}` is not under `stacks` in the configuration for `{host}`; compose needs its directory there"
            ));
        };
        if site.directory.is_none() {
            let stack = &site.stack;
            return refuse(format!(
                "where are the files of `{stack}`? name its `directory` under `stacks.{stack}`"
            ));
        }
        if risk > Risk::Read {
            self.operated.insert(Name::new(&site.project));
            let keys = self.world.inventory.in_stack(&site.project);
            let keys: Vec<Key> = keys.map(|service| service.key.clone()).collect();
            for key in keys {
                self.note(&key, risk);
            }
        }
        Ok(site)
    }

    fn compose(
        &mut self,
        verb: Verb,
        stack: &Text,
        services: &OneOrMany,
        (limit, scope): (Option<Duration>, &Values),
    ) -> Doings {
        let site = self.site(stack, scope, verb.spec().risk)?;
        let mut names = self.compose_services(site, &services.fill(&scope.texts), scope)?;
        if let (Verb::Pull, Some(revisions)) = (verb, self.world.grounds.revisions) {
            if !site.deploy.pull || revisions.pulled.as_ref().is_some_and(Vec::is_empty) {
                return Ok(Vec::new());
            }
            names = revisions.pulled.clone().unwrap_or(names);
        }
        Ok(started(site, verb, site.argv(verb, &names), limit))
    }

    /// Services for compose: they need not be there yet. A group stands for its members.
    fn compose_services(
        &mut self,
        site: &Site,
        typed: &[String],
        scope: &Values,
    ) -> Bound<Vec<String>> {
        let mut names = Vec::new();
        for text in typed {
            if text.starts_with('@') {
                let group = format!("{}/{text}", site.project);
                let chosen = self.services(&[group], scope)?;
                names.extend(chosen.iter().map(|one| one.service.name().to_string()));
                continue;
            }
            let name = match text.split_once('/') {
                Some((stack, name)) if stack == site.project => name,
                _ => text,
            };
            let inside = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.chars().all(inside) {
                return refuse(format!("`{text}` is no service of `{}`", site.stack));
            }
            names.push(name.to_owned());
        }
        Ok(names)
    }

    fn task(
        &mut self,
        stack: &Text,
        task: &Text,
        limit: Option<Duration>,
        scope: &Values,
    ) -> Doings {
        let site = self.site(stack, scope, Risk::Change)?;
        let typed = task.fill(&scope.texts);
        let Some(argv) = site.tasks.get(&typed) else {
            let known: Vec<&str> = site.tasks.keys().map(String::as_str).collect();
            let stack = &site.stack;
            let known = if known.is_empty() {
                format!("it has none; list them under `stacks.{stack}.tasks`")
            } else {
                format!("it has `{}`", known.join("`, `"))
            };
            return refuse(format!("`{stack}` has no task `{typed}`; {known}"));
        };
        Ok(started(site, Verb::Run, site.argv(Verb::Run, argv), limit))
    }

    fn program(
        &mut self,
        stack: &Text,
        argv: &[Text],
        limit: Option<Duration>,
        scope: &Values,
    ) -> Doings {
        let site = self.site(stack, scope, Risk::Change)?;
        let argv: Vec<String> = argv.iter().map(|text| text.fill(&scope.texts)).collect();
        match site.refusal(&argv) {
            Some(why) => refuse(why),
            None => Ok(started(site, Verb::Program, argv, limit)),
        }
    }

    fn checkout(&mut self, stack: &Text, to: &Text, scope: &Values) -> Doings {
        let site = self.site(stack, scope, Risk::Change)?;
        let Some(revisions) = self.world.grounds.revisions else {
            return refuse(format!(
                "where the checkout of `{}` stands is not known",
                site.stack
            ));
        };
        let previous = revisions.previous.as_ref().map(|one| one.commit.clone());
        let goal = revisions.fetched.clone().or(previous.clone());
        let (from, to) = match to.fill(&scope.texts).as_str() {
            "fetched" => (Some(revisions.present.clone()), revisions.fetched.clone()),
            "previous" => (Some(revisions.present.clone()), previous),
            "present" => (goal, Some(revisions.present.clone())),
            other => {
                return refuse(format!(
                    "`{other}` is no revision; expected `fetched`, `previous` or `present`"
                ));
            }
        };
        let (Some(from), Some(to)) = (from, to) else {
            return refuse(format!(
                "there is no such revision of `{}` to go to",
                site.stack
            ));
        };
        self.plan.changes.clone_from(&revisions.changes);
        if to != revisions.present {
            self.plan.moved = Some(crate::runbook::plan::Moved {
                from: from.clone(),
                to: to.clone(),
                images: self.present_images(site),
                back: revisions.fetched.is_none(),
            });
        }
        let says = say!("check {} out in {}", short(&to), named(site));
        let directory = site.directory.clone().unwrap_or_default();
        let project = site.project.clone();
        let checkout = Checkout {
            project,
            directory,
            from,
            to,
        };
        Ok(one(Action::Checkout(Box::new(checkout)), says))
    }

    /// What every service runs now, by the name that compose finds it by.
    fn present_images(&self, site: &Site) -> Vec<KeptImage> {
        let services = self.world.inventory.in_stack(&site.project);
        let mut images: BTreeMap<String, KeptImage> = BTreeMap::new();
        for service in services {
            let Some(replica) = service.replicas.first() else {
                continue;
            };
            if replica.image.starts_with("sha256:") || replica.image_id.is_empty() {
                continue;
            }
            let kept = KeptImage {
                service: format!("{}/{}", site.project, service.name()),
                name: replica.image.clone(),
                id: replica.image_id.clone(),
            };
            images.entry(kept.name.clone()).or_insert(kept);
        }
        images.into_values().collect()
    }

    fn keep_images(&mut self, stack: &Text, scope: &Values) -> Doings {
        let site = self.site(stack, scope, Risk::Change)?;
        let images = self.present_images(site);
        if images.is_empty() {
            return Ok(Vec::new());
        }
        let says = say!("keep the {} images that run", images.len());
        Ok(one(Action::KeepImages { images }, says))
    }

    fn restore_images(&mut self, stack: &Text, to: &Text, scope: &Values) -> Doings {
        let site = self.site(stack, scope, Risk::Change)?;
        let revisions = self.world.grounds.revisions;
        let images = match to.fill(&scope.texts).as_str() {
            "present" => self.present_images(site),
            "previous" => revisions
                .and_then(|revisions| revisions.previous.as_ref())
                .map(|previous| previous.images.clone())
                .unwrap_or_default(),
            other => {
                return refuse(format!(
                    "`{other}` has no recorded images; expected `previous` or `present`"
                ));
            }
        };
        if images.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<Clean> = images
            .iter()
            .map(|image| Name::new(&image.name).into())
            .collect();
        let says = say!("give {} their images back", Clean::join(&names, ", "));
        Ok(one(Action::RestoreImages { images }, says))
    }
}

fn started(site: &Site, verb: Verb, argv: Vec<String>, limit: Option<Duration>) -> Vec<Doing> {
    let says = say!("run `{}`", site.shown(&argv));
    let call = Call {
        project: site.project.clone(),
        verb,
        argv,
        limit: limit.unwrap_or_else(|| verb.limit()),
        settings: site.fingerprint(),
    };
    one(Action::Call(Box::new(call)), says)
}

fn one(action: Action, says: Clean) -> Vec<Doing> {
    vec![Doing { action, says }]
}

fn named(site: &Site) -> Clean {
    Redactor::shapes_only().clean(&site.full_name())
}
