//! `doctor`: is everything there that the program needs, and how to mend what is not.

use std::path::PathBuf;

use futures_util::future::join_all;

use crate::action::inventory::About;
use crate::bot::{Context, Outcome, Trouble};
use crate::evidence::stats::bytes;
use crate::host::MachineFacts;
use crate::say;
use crate::text::{Clean, Line, Message, Name, Style};

/// How one check came out.
pub(crate) struct Check {
    what: Clean,
    verdict: Verdict,
}

enum Verdict {
    Good(Clean),
    /// Works, and could be better.
    Advice(Clean),
    Bad(Clean, Outcome),
}

pub(super) async fn doctor(context: &Context<'_>) -> Result<Outcome, Trouble> {
    context.may_read(None)?;
    let mut checks = engines(context).await;
    checks.push(store(context).await);
    checks.push(rights(context));
    checks.extend(configuration(context));
    checks.extend(machine().await);
    let worst = checks.iter().map(outcome).max().unwrap_or(Outcome::Done);
    context.voice.say(message(&checks)).await;
    Ok(worst)
}

fn outcome(check: &Check) -> Outcome {
    match check.verdict {
        Verdict::Bad(_, outcome) => outcome,
        Verdict::Good(_) | Verdict::Advice(_) => Outcome::Done,
    }
}

async fn engines(context: &Context<'_>) -> Vec<Check> {
    let names = context.bot.fleet.names();
    // without a limit of its own: here the reason is wanted, and it takes a while to be known
    join_all(names.iter().map(|name| engine(context, name))).await
}

async fn engine(context: &Context<'_>, name: &str) -> Check {
    let about = match context.bot.fleet.host(Some(name)).await {
        Ok(host) => host.engine.about().await.map_err(Trouble::from),
        Err(error) => Err(error.into()),
    };
    let verdict = match about {
        Ok(about) => Verdict::Good(described(&about)),
        Err(trouble) => Verdict::Bad(trouble.text, trouble.outcome),
    };
    let what = say!("engine of {}", Name::new(name));
    Check { what, verdict }
}

fn described(about: &About) -> Clean {
    say!(
        "version {}, API {}, {} containers, {} cpus, {}",
        Name::new(&about.version),
        Name::new(&about.api_version),
        about.containers,
        about.cpus,
        bytes(about.memory)
    )
}

async fn store(context: &Context<'_>) -> Check {
    let what = say!("store");
    let verdict = match context.bot.store.get().await {
        Ok(store) => match store.check_integrity().await {
            Ok(()) => Verdict::Good(say!("opens and is whole")),
            Err(error) => Verdict::Bad(Trouble::from(error).text, Outcome::Failed),
        },
        Err(error) => Verdict::Bad(Trouble::from(error).text, Outcome::Failed),
    };
    Check { what, verdict }
}

fn rights(context: &Context<'_>) -> Check {
    let verdict = if context.bot.policy.allows(context.caller).is_empty() {
        Verdict::Advice(say!(
            "{} may do nothing; add a member under `access.members`",
            context.caller
        ))
    } else {
        Verdict::Good(say!(
            "{} may do something; `whoami` says what",
            context.caller
        ))
    };
    Check {
        what: say!("rights"),
        verdict,
    }
}

/// What is in the file and not in force.
fn configuration(context: &Context<'_>) -> Option<Check> {
    let keys = &context.bot.conduct.need_restart;
    let keys: Vec<Clean> = keys.iter().map(|key| say!("`{}`", *key)).collect();
    let waits = say!(
        "{} changed in the file since the start; restart `dogwatch serve` to use it",
        Clean::join(&keys, ", ")
    );
    (!keys.is_empty()).then(|| Check {
        what: say!("configuration"),
        verdict: Verdict::Advice(waits),
    })
}

/// Free space that is short, and free space that is all but gone, in percent.
const SHORT: u64 = 10;
const GONE: u64 = 3;

/// This machine's own memory and its root file system, where it tells.
async fn machine() -> Vec<Check> {
    let facts = MachineFacts::read(vec![PathBuf::from("/")]).await;
    let memory = facts.memory.map(|memory| {
        let text = say!(
            "{} of {} are available",
            bytes(memory.available),
            bytes(memory.total)
        );
        Check {
            what: say!("memory"),
            verdict: room(memory.available, memory.total, text),
        }
    });
    let disks = facts.disks.iter().map(|disk| {
        let text = say!(
            "{} of {} are free on /",
            bytes(disk.available),
            bytes(disk.size)
        );
        let verdict = match room(
            disk.inodes_available,
            disk.inodes,
            say!("inodes are short on /"),
        ) {
            Verdict::Good(_) => room(disk.available, disk.size, text),
            short => short,
        };
        Check {
            what: say!("disk"),
            verdict,
        }
    });
    memory.into_iter().chain(disks).collect()
}

fn room(free: u64, whole: u64, text: Clean) -> Verdict {
    let percent = free.saturating_mul(100).checked_div(whole).unwrap_or(100);
    match percent {
        ..GONE => Verdict::Bad(
            say!("{}; `disk` shows what can be freed", text),
            Outcome::Failed,
        ),
        GONE..SHORT => Verdict::Advice(say!("{}; it is getting short", text)),
        _ => Verdict::Good(text),
    }
}

fn message(checks: &[Check]) -> Message {
    let bad = checks
        .iter()
        .filter(|check| matches!(check.verdict, Verdict::Bad(..)))
        .count();
    let heading = match bad {
        0 => Line::new().styled(
            Style::Good,
            say!(
                "engines, store and machine: all {} checks pass",
                checks.len()
            ),
        ),
        1 => Line::new().styled(
            Style::Bad,
            say!(
                "engines, store and machine: 1 of {} checks fails",
                checks.len()
            ),
        ),
        bad => Line::new().styled(
            Style::Bad,
            say!(
                "engines, store and machine: {} of {} checks fail",
                bad,
                checks.len()
            ),
        ),
    };
    let fields = checks.iter().map(|check| {
        let line = match &check.verdict {
            Verdict::Good(text) => Line::new().styled(Style::Good, "✓ ").plain(text.clone()),
            Verdict::Advice(text) => Line::new().styled(Style::Warn, "– ").plain(text.clone()),
            Verdict::Bad(text, _) => Line::new().styled(Style::Bad, "✗ ").plain(text.clone()),
        };
        (check.what.clone(), line)
    });
    Message::new().heading(heading).fields(fields.collect())
}
