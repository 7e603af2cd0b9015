//! `dogwatch check`: configuration and templates are valid, or every problem at once.

use std::io::Write;

use super::{Failure, start};
use crate::app::App;
use crate::bot::Outcome;

pub(super) fn run(settings: &start::Settings) -> Result<Outcome, Failure> {
    let loaded = start::load(settings)?;
    let file = start::config_path(settings);
    let (hosts, stacks) = (loaded.config.hosts.len(), loaded.config.stacks.len());
    let own = loaded.config.templates.directory.clone();
    App::wire(loaded.config).map_err(|error| Failure::new(Outcome::Usage, error))?;
    let mut out = std::io::stdout().lock();
    let said = match file {
        Some(file) => writeln!(
            out,
            "`{}` is valid: {hosts} hosts, {stacks} stacks",
            file.display()
        ),
        None => writeln!(
            out,
            "there is no configuration file; without one the local engine and the console are used"
        ),
    };
    let said = said.and_then(|()| match own {
        Some(directory) => writeln!(
            out,
            "the templates are valid, those in `{}` included",
            directory.display()
        ),
        None => writeln!(out, "the built-in templates are valid"),
    });
    said.map_err(|error| Failure::new(Outcome::Failed, error))?;
    Ok(Outcome::Done)
}
