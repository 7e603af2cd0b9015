//! `dogwatch check`: configuration, templates and runbooks are valid and the runbooks' own tests
//! pass, or every problem at once.

use std::io::{ErrorKind, IsTerminal, Write, stderr};

use super::{Failure, start, watching};
use crate::app::App;
use crate::bot::Outcome;
use crate::config::Config;
use crate::host::ssh::key_is_missing;
use crate::rehearsal::{Played, play_all};
use crate::runbook::Shelf;
use crate::watch::registry::RegistryPlace;
use crate::yaml::Problems;

pub(super) async fn run(settings: &start::Settings) -> Result<Outcome, Failure> {
    let loaded = start::load(settings)?;
    let file = start::config_path(settings);
    let (hosts, stacks) = (loaded.config.hosts.len(), loaded.config.stacks.len());
    let own = loaded.config.templates.directory.clone();
    let registries = watching::registries(&loaded.config);
    readable(&registries)?;
    let checks = loaded.config.checks.len();
    let keyless = keyless(&loaded.config);
    let app = App::wire(loaded.config).map_err(|error| Failure::new(Outcome::Usage, error))?;
    let shelf = app.bot.conduct.library.shelf();
    let colours = stderr().is_terminal() && !settings.plain;
    valid(&shelf, colours)?;
    let played = play_all(&shelf).await;
    passed(&played)?;
    let own_signatures = app.bot.conduct.signatures.now();
    sound(&own_signatures.problems, colours)?;
    let configuration = match file {
        Some(file) => format!(
            "`{}` is valid: {hosts} hosts, {stacks} stacks{}",
            file.display(),
            watched(checks, registries.len())
        ),
        None => {
            "there is no configuration file; without one the local engine and the console are used"
                .to_owned()
        }
    };
    let templates = match own {
        Some(directory) => {
            format!(
                "the templates are valid, those in `{}` included",
                directory.display()
            )
        }
        None => "the built-in templates are valid".to_owned(),
    };
    let runbooks = format!(
        "{} runbooks are valid, and their {} tests pass",
        shelf.iter().count(),
        played.len()
    );
    let signatures = format!(
        "{} log signatures are valid, {} files of your own included",
        own_signatures.signatures.iter().count(),
        own_signatures.files
    );
    let mut out = std::io::stdout().lock();
    match writeln!(
        out,
        "{configuration}\n{keyless}{templates}\n{runbooks}\n{signatures}"
    ) {
        // who reads no further has seen what it wanted
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(Outcome::Failed, error))
        }
        _ => Ok(Outcome::Done),
    }
}

/// The file is valid without them, as where it is written and checked on another machine.
fn keyless(config: &Config) -> String {
    let lines = config.hosts.iter().filter_map(|(name, host)| {
        let key = host.identity_file.as_ref()?;
        let (name, shown) = (name.as_str(), key.display());
        key_is_missing(key).then(|| {
            format!(
                "attention: host `{name}` cannot be reached from here: the key `{shown}` is not there; put it there, or set `identity_file` to the right one\n"
            )
        })
    });
    lines.collect()
}

fn valid(shelf: &Shelf, colours: bool) -> Result<(), Failure> {
    sound(&shelf.problems, colours)
}

fn sound(problems: &[Problems], colours: bool) -> Result<(), Failure> {
    if problems.is_empty() {
        return Ok(());
    }
    let texts = problems.iter().map(|problems| problems.render(colours));
    let text = texts.collect::<Vec<_>>().join("\n\n");
    Err(Failure::new(Outcome::Usage, text))
}

fn readable(registries: &[RegistryPlace]) -> Result<(), Failure> {
    let problems = registries.iter().filter_map(|place| place.load().err());
    let texts: Vec<String> = problems.map(|problems| problems.to_string()).collect();
    if texts.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Outcome::Usage, texts.join("\n\n")))
}

/// Said where there is something to say.
fn watched(checks: usize, registries: usize) -> String {
    let part = |count: usize, what: &str| match count {
        0 => String::new(),
        1 => format!(", 1 {}", what.trim_end_matches('s')),
        _ => format!(", {count} {what}"),
    };
    format!(
        "{}{}",
        part(checks, "checks"),
        part(registries, "registry files")
    )
}

fn passed(played: &[Played]) -> Result<(), Failure> {
    let failed = played.iter().filter(|played| !played.problems.is_empty());
    let texts: Vec<String> = failed
        .map(|played| {
            let problems = played.problems.join("\n  ");
            format!(
                "`{}`, test \"{}\":\n  {problems}",
                played.runbook, played.test
            )
        })
        .collect();
    if texts.is_empty() {
        return Ok(());
    }
    let text = format!(
        "{} tests of runbooks fail\n{}",
        texts.len(),
        texts.join("\n")
    );
    Err(Failure::new(Outcome::Usage, text))
}
