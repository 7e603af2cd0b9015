//! `dogwatch report list|show|export`.

use std::fs;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Failure, FormatArg, start};
use crate::bot::Outcome;
use crate::command::Command;
use crate::report::Report;
use crate::store::Match;

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The newest reports, one a line
    List,
    /// One report, by its id or the beginning of it
    Show {
        id: String,
        #[arg(long, value_enum, default_value_t)]
        format: FormatArg,
    },
    /// One report into a file
    Export {
        id: String,
        #[arg(long, value_enum, default_value_t = FormatArg::Html)]
        format: FormatArg,
        /// [default: report-ID.html, .md, .json or .txt here]
        #[arg(long, short)]
        output: Option<PathBuf>,
    },
}

pub(super) async fn run(args: ReportArgs, settings: &start::Settings) -> Result<Outcome, Failure> {
    let app = start::app(settings)?;
    match args.what {
        What::List => Ok(start::session(&app, settings, FormatArg::Text, false)
            .command(Command::Report { id: None })
            .await),
        What::Show { id, format } => Ok(start::session(&app, settings, format, false)
            .command(Command::Report { id: Some(id) })
            .await),
        What::Export { id, format, output } => export(&app, &id, format, output).await,
    }
}

async fn export(
    app: &crate::app::App,
    id: &str,
    format: FormatArg,
    output: Option<PathBuf>,
) -> Result<Outcome, Failure> {
    let store = app
        .bot
        .store
        .get()
        .await
        .map_err(|error| Failure::new(Outcome::Failed, error))?;
    let found = store
        .report(&id.to_uppercase())
        .await
        .map_err(|error| Failure::new(Outcome::Failed, error))?;
    let record = match found {
        Match::One(record) => record,
        Match::None => {
            return Err(Failure::new(
                Outcome::Usage,
                format!("no report `{id}`; `dogwatch report list` lists them"),
            ));
        }
        Match::Many(ids) => {
            return Err(Failure::new(
                Outcome::Usage,
                format!(
                    "`{id}` is the beginning of {}; type more of it",
                    ids.join(", ")
                ),
            ));
        }
    };
    let unreadable = |_| {
        Failure::new(
            Outcome::Failed,
            format!("report `{id}` is stored in a form that this version cannot read"),
        )
    };
    let report: Report = serde_json::from_str(&record.body_json).map_err(unreadable)?;
    let (text, ending) = start::written(app, &report, format)?;
    let path = output.unwrap_or_else(|| PathBuf::from(format!("report-{}.{ending}", report.id)));
    fs::write(&path, text).map_err(|error| {
        Failure::new(
            Outcome::Failed,
            format!("cannot write `{}`: {error}", path.display()),
        )
    })?;
    Ok(Outcome::Done)
}
