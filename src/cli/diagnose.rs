//! `dogwatch diagnose SERVICE`: one diagnosis, kept in the store.

use clap::Args;

use super::{Failure, FormatArg, start};
use crate::bot::Outcome;
use crate::command::{Command, Target};

#[derive(Debug, Args)]
pub(super) struct DiagnoseArgs {
    /// The host, by its name in the configuration
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// The stack (compose project); not needed where the service's name is unique
    #[arg(long, value_name = "PROJECT")]
    project: Option<String>,
    /// How the report is written; json prints exactly one document
    #[arg(long, value_enum, default_value_t)]
    format: FormatArg,
    /// The service, or `STACK/SERVICE`, or a container's name
    service: String,
}

pub(super) async fn run(
    args: DiagnoseArgs,
    settings: &start::Settings,
) -> Result<Outcome, Failure> {
    let mut target =
        Target::parse(&args.service).map_err(|error| Failure::new(Outcome::Usage, error))?;
    target.host = args.host.or(target.host);
    target.stack = args.project.or(target.stack);
    let app = start::app(settings)?;
    let mut session = start::session(&app, settings, args.format, false);
    Ok(session.command(Command::Diagnose { target }).await)
}
