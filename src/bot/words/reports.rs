//! `report`: the stored reports, or one of them.

use jiff::Timestamp;

use super::show;
use crate::bot::{Context, Outcome, Trouble};
use crate::report::Report;
use crate::say;
use crate::store::{Match, ReportFilter};
use crate::text::{Line, Message, Name, Redactor, Table};

const LISTED: u32 = 20;

pub(super) async fn report(context: &Context<'_>, id: Option<&str>) -> Result<Outcome, Trouble> {
    context.may_read(None)?;
    match id {
        Some(id) => one(context, id).await,
        None => list(context).await,
    }
}

async fn one(context: &Context<'_>, id: &str) -> Result<Outcome, Trouble> {
    let found = context
        .bot
        .store
        .get()
        .await?
        .report(&id.to_uppercase())
        .await?;
    let typed = Redactor::shapes_only().clean(id);
    match found {
        Match::One(record) => {
            let report: Report = serde_json::from_str(&record.body_json).map_err(|_| {
                Trouble::new(
                    Outcome::Failed,
                    say!(
                        "report `{}` is stored in a form that this version cannot read",
                        typed
                    ),
                )
            })?;
            context.voice.say(report).await;
            Ok(Outcome::Done)
        }
        Match::None => Err(Trouble::new(
            Outcome::Usage,
            say!("no report `{}`; `report` lists them", typed),
        )),
        Match::Many(_) => Err(Trouble::new(
            Outcome::Usage,
            say!(
                "`{}` is the beginning of several reports; type more of it",
                typed
            ),
        )),
    }
}

async fn list(context: &Context<'_>) -> Result<Outcome, Trouble> {
    let filter = ReportFilter {
        limit: Some(LISTED),
        ..ReportFilter::default()
    };
    let records = context.bot.store.get().await?.reports(&filter).await?;
    if records.is_empty() {
        context
            .voice
            .say(Message::new().line("no report is stored yet; `diagnose SERVICE` makes one"))
            .await;
        return Ok(Outcome::Done);
    }
    let now = context.bot.clock.now();
    let clean = |text: &str| Redactor::shapes_only().clean(text);
    let mut table = Table::new(&["report", ">ago", "stack", "service", "cause", "issue"]);
    for record in &records {
        table.row([
            Line::new().strong(Name::new(&record.id)),
            show::since(now, Timestamp::from_millisecond(record.created_ms).ok()).into(),
            clean(&record.project).into(),
            clean(&record.service).into(),
            clean(&record.cause).into(),
            clean(&record.issue).into(),
        ]);
    }
    context.voice.say(Message::new().table(table)).await;
    Ok(Outcome::Done)
}
